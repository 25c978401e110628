// What the admin API refuses, and how the house's refusals look there: one table from codes to problem details.

import type { z } from 'zod';
import { DirectoryError, type DirectoryErrorCode } from '#directory/directory-error.ts';
import { ImportError, type ImportErrorCode } from '#import-export/import-error.ts';
import { statusOfIdempotencyError } from '#http/idempotency.ts';
import { toProblem, type Problem } from '#http/problem-details.ts';

export type AdminProblemCode =
  | 'unauthenticated'
  | 'notAllowed'
  | 'tooManyBadCredentials'
  | 'invalidInput'
  | 'invalidCursor'
  | 'unsupportedMediaType'
  | 'signInNotFound'
  | 'sessionNotFound'
  | 'entryNotFound'
  | 'keyNotFound'
  | 'keyConflict'
  | 'noticeNotFound'
  | 'mailNotFound'
  | 'mailNotConfigured'
  | 'pullRunning'
  | 'preconditionFailed';

const statusOfCode: Readonly<Record<AdminProblemCode, number>> = {
  unauthenticated: 401,
  notAllowed: 403,
  tooManyBadCredentials: 429,
  invalidInput: 400,
  invalidCursor: 400,
  unsupportedMediaType: 415,
  signInNotFound: 404,
  sessionNotFound: 404,
  entryNotFound: 404,
  keyNotFound: 404,
  keyConflict: 409,
  noticeNotFound: 404,
  mailNotFound: 404,
  mailNotConfigured: 409,
  pullRunning: 409,
  preconditionFailed: 412,
};

/** A refusal of this door itself. `message` is public. */
export class AdminError extends Error {
  readonly code: AdminProblemCode;
  readonly errors: Problem['errors'];
  readonly headers: Problem['headers'];

  constructor(code: AdminProblemCode, message: string, more: Pick<Problem, 'errors' | 'headers'> = {}) {
    super(message);
    this.name = 'AdminError';
    this.code = code;
    this.errors = more.errors;
    this.headers = more.headers;
  }
}

const statusOfImportError: Readonly<Record<ImportErrorCode, number>> = {
  fileUnreadable: 400,
  fileTooLarge: 413,
  fileEmpty: 400,
  columnsUnknown: 400,
  importNotFound: 404,
  importState: 409,
  removalsChanged: 409,
  notEncodable: 422,
};

interface Words {
  readonly status: number;
  /** Instead of the error's own message, where that would tell an unknown id from a foreign one. */
  readonly detail?: string;
}

const directoryWords: Readonly<Record<DirectoryErrorCode, Words>> = {
  groupNotFound: { status: 404, detail: 'There is no such group.' },
  tooManyMembers: { status: 413 },
  departmentNotFound: { status: 404, detail: 'There is no such department.' },
  departmentCodeTaken: { status: 409 },
  departmentCycle: { status: 409 },
  departmentTooDeep: { status: 409 },
  departmentNotEmpty: { status: 409 },
  userNotFound: { status: 404, detail: 'There is no such user.' },
  organizationNotFound: { status: 404, detail: 'There is no such organisation.' },
  connectionNotFound: { status: 404, detail: 'There is no such connection.' },
  credentialNotFound: { status: 404, detail: 'There is no such credential.' },
  appNotFound: { status: 404, detail: 'There is no such app.' },
  appExists: { status: 409 },
  hostTaken: { status: 409 },
  domainNotFound: { status: 404, detail: 'There is no such domain.' },
  domainTaken: { status: 409 },
  domainNotProven: { status: 409 },
  schemaNotFound: { status: 404, detail: 'There is no such schema.' },
  schemaExists: { status: 409 },
  schemaNarrowed: { status: 409 },
  tooManySchemas: { status: 409 },
  userNameTaken: { status: 409 },
  organizationExists: { status: 409 },
  connectionExists: { status: 409 },
  noFreeSeat: { status: 409 },
  lastOwner: { status: 409 },
  leaveNotFound: { status: 404, detail: 'There is no such leave.' },
  leaveOverlaps: { status: 409 },
  notWaiting: { status: 409 },
  leaveOver: { status: 409 },
  belowUse: { status: 409 },
  revisionMismatch: { status: 412 },
  invalidValue: { status: 400 },
  notSupported: { status: 422 },
  notAllowed: { status: 403 },
  brakeHolds: { status: 429 },
  tooManyConflicts: { status: 503 },
};

/** The problem details of a refusal, or null for what nobody foresaw. */
export function toAdminProblem(error: unknown): Problem | null {
  if (error instanceof AdminError) {
    const { code, message, errors, headers } = error;
    return {
      status: statusOfCode[code],
      code,
      detail: message,
      ...(errors === undefined ? {} : { errors }),
      ...(headers === undefined ? {} : { headers }),
    };
  }
  if (error instanceof ImportError) {
    const { code, message, errors } = error;
    return { status: statusOfImportError[code], code, detail: message, ...(errors === undefined ? {} : { errors }) };
  }
  if (error instanceof DirectoryError && error.code !== 'tooManyConflicts') {
    const { status, detail } = directoryWords[error.code];
    return { status, code: error.code, detail: detail ?? error.message, extra: error.details };
  }
  return toProblem(error);
}

/** Every code a client can get here, with its status: for the reference page. */
export function listProblemCodes(): readonly (readonly [string, number])[] {
  const ours = Object.entries(statusOfCode);
  const files = Object.entries(statusOfImportError);
  const directory = Object.entries(directoryWords).map(([code, { status }]) => [code, status] as const);
  const http = [
    ['notFound', 404],
    ['methodNotAllowed', 405],
    ['bodyTooLarge', 413],
    ['malformedBody', 400],
    ['storageUnavailable', 503],
    ['internalError', 500],
  ] as const;
  const keys = Object.entries(statusOfIdempotencyError);
  return [...new Map<string, number>([...ours, ...files, ...keys, ...directory, ...http])];
}

/** Nobody reads on; who sends so many faults is answered no longer than anybody else. */
const mostErrors = 50;

/** What is wrong with a body or a query, member by member. */
export function refuseInput(error: z.ZodError, where: 'body' | 'query'): AdminError {
  const errors = error.issues.flatMap((issue) => describe(issue)).slice(0, mostErrors);
  return new AdminError('invalidInput', `The ${where} is not what is expected here.`, { errors });
}

function describe(issue: z.core.$ZodIssue): readonly { pointer: string; detail: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: toPointer([...issue.path, key]), detail: 'is not known here' }));
  }
  return [{ pointer: toPointer(issue.path), detail: issue.message }];
}

/** RFC 6901. */
function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
