// How a command ended, as a number scripts rely on (surface.md, "CLI"): one table from the house's refusals.

import { AdminError, type AdminProblemCode } from '#admin/admin-problem.ts';
import { ConfigError } from '#config/load-config.ts';
import { DirectoryError, type DirectoryErrorCode } from '#directory/directory-error.ts';
import { ImportError, type ImportErrorCode } from '#import-export/import-error.ts';
import { StorageError } from '#storage/storage-error.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  wrongUse: 2,
  notFound: 3,
  refused: 4,
  storageUnavailable: 5,
  partlyDone: 6,
  notAllowed: 7,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** A command used wrongly, found out after its arguments were parsed. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

const directoryCodes: Readonly<Record<DirectoryErrorCode, ExitCode>> = {
  userNotFound: exitCodes.notFound,
  groupNotFound: exitCodes.notFound,
  tooManyMembers: exitCodes.failed,
  departmentNotFound: exitCodes.notFound,
  departmentCodeTaken: exitCodes.refused,
  departmentCycle: exitCodes.refused,
  departmentTooDeep: exitCodes.refused,
  departmentNotEmpty: exitCodes.refused,
  organizationNotFound: exitCodes.notFound,
  appNotFound: exitCodes.notFound,
  appExists: exitCodes.refused,
  hostTaken: exitCodes.refused,
  domainNotFound: exitCodes.notFound,
  domainTaken: exitCodes.refused,
  domainNotProven: exitCodes.refused,
  schemaNotFound: exitCodes.notFound,
  connectionNotFound: exitCodes.notFound,
  credentialNotFound: exitCodes.notFound,
  userNameTaken: exitCodes.refused,
  organizationExists: exitCodes.refused,
  schemaExists: exitCodes.refused,
  schemaNarrowed: exitCodes.refused,
  tooManySchemas: exitCodes.refused,
  connectionExists: exitCodes.refused,
  noFreeSeat: exitCodes.refused,
  lastOwner: exitCodes.refused,
  leaveNotFound: exitCodes.notFound,
  leaveOverlaps: exitCodes.refused,
  notWaiting: exitCodes.refused,
  leaveOver: exitCodes.refused,
  belowUse: exitCodes.refused,
  revisionMismatch: exitCodes.refused,
  invalidValue: exitCodes.wrongUse,
  notSupported: exitCodes.wrongUse,
  notAllowed: exitCodes.notAllowed,
  brakeHolds: exitCodes.refused,
  tooManyConflicts: exitCodes.failed,
};

const adminCodes: Partial<Readonly<Record<AdminProblemCode, ExitCode>>> = {
  notAllowed: exitCodes.notAllowed,
  invalidInput: exitCodes.wrongUse,
  invalidCursor: exitCodes.wrongUse,
  signInNotFound: exitCodes.notFound,
  sessionNotFound: exitCodes.notFound,
  noticeNotFound: exitCodes.notFound,
  mailNotFound: exitCodes.notFound,
  entryNotFound: exitCodes.notFound,
  mailNotConfigured: exitCodes.wrongUse,
};

const importCodes: Readonly<Record<ImportErrorCode, ExitCode>> = {
  fileUnreadable: exitCodes.wrongUse,
  fileTooLarge: exitCodes.wrongUse,
  fileEmpty: exitCodes.wrongUse,
  columnsUnknown: exitCodes.wrongUse,
  importNotFound: exitCodes.notFound,
  importState: exitCodes.refused,
  removalsChanged: exitCodes.refused,
  notEncodable: exitCodes.refused,
};

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || error instanceof ConfigError) return exitCodes.wrongUse;
  if (error instanceof DirectoryError) return directoryCodes[error.code];
  if (error instanceof ImportError) return importCodes[error.code];
  if (error instanceof AdminError) return adminCodes[error.code] ?? exitCodes.failed;
  if (error instanceof StorageError) {
    if (error.code === 'unavailable') return exitCodes.storageUnavailable;
    return error.code === 'incompatible' ? exitCodes.wrongUse : exitCodes.failed;
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  // The listening address belongs to the configuration.
  return code === 'EADDRINUSE' || code === 'EACCES' || code === 'EADDRNOTAVAIL' ? exitCodes.wrongUse : exitCodes.failed;
}

/** What went wrong, for a person: the refusal's own words, member by member where there are several. */
export function describeFailure(error: unknown): string {
  if (error instanceof AdminError && error.errors !== undefined) {
    return error.errors
      .map(({ pointer, detail }) => `${pointer.slice(1).replaceAll('/', '.') || 'input'} ${detail}`)
      .join('\n');
  }
  if (error instanceof ImportError)
    return [error.message, ...(error.errors ?? []).map(({ pointer, detail }) => `${pointer.slice(1)} ${detail}`)].join(
      '\n',
    );
  if (error instanceof StorageError && error.code === 'unavailable') return `Storage does not answer: ${error.message}`;
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}
