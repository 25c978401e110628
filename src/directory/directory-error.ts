// What the directory refuses, as one closed union of codes. Edges translate codes into their protocol's words.

export type DirectoryErrorCode =
  | 'userNotFound'
  | 'organizationNotFound'
  | 'groupNotFound'
  | 'tooManyMembers'
  | 'departmentNotFound'
  | 'departmentCodeTaken'
  | 'departmentCycle'
  | 'departmentTooDeep'
  | 'departmentNotEmpty'
  | 'connectionNotFound'
  | 'credentialNotFound'
  | 'appNotFound'
  | 'appExists'
  | 'hostTaken'
  | 'domainNotFound'
  | 'domainTaken'
  | 'domainNotProven'
  | 'schemaNotFound'
  | 'schemaExists'
  | 'schemaNarrowed'
  | 'tooManySchemas'
  | 'userNameTaken'
  | 'organizationExists'
  | 'connectionExists'
  | 'noFreeSeat'
  | 'lastOwner'
  | 'leaveNotFound'
  | 'leaveOverlaps'
  | 'leaveOver'
  | 'notWaiting'
  | 'belowUse'
  | 'revisionMismatch'
  | 'invalidValue'
  | 'notSupported'
  | 'notAllowed'
  | 'brakeHolds'
  | 'tooManyConflicts';

/** A refusal by a rule of the directory. `details` are public and machine readable (for example `{licensed, used}`). */
export class DirectoryError extends Error {
  readonly code: DirectoryErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: DirectoryErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'DirectoryError';
    this.code = code;
    this.details = details;
  }
}
