// The one table from our refusals to SCIM's words, and the form of an error answer (RFC 7644 §3.12, Table 8 and 9).
// A code that is not here does not compile; what nobody foresaw is the router's to log and answers 500 without saying why.

import { DirectoryError, type DirectoryErrorCode } from '#directory/directory-error.ts';
import { RequestError } from '#http/request-error.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { ProtocolError, type ScimType } from './protocol/protocol-error.ts';

export const ERROR_URN = 'urn:ietf:params:scim:api:messages:2.0:Error';

/** A refusal ready to be answered. `message` is public: administrators of the client read it. */
export class ScimError extends Error {
  readonly status: number;
  readonly scimType: ScimType | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, options: Pick<ScimErrorOptions, 'scimType' | 'headers'> = {}) {
    super(detail);
    this.name = 'ScimError';
    this.status = status;
    this.scimType = options.scimType;
    this.headers = options.headers ?? {};
  }
}

interface ScimErrorOptions {
  readonly scimType?: ScimType;
  readonly headers?: Readonly<Record<string, string>>;
  /** Instead of the error's own sentence: the same for every id, so that nothing can be told from it. */
  readonly detail?: string;
}

type Row = readonly [status: number, options?: ScimErrorOptions];

/** Long enough to be looked at by a person, ten times within the day in which Okta tries again (docs/decisions/0018). */
const retryLater = { headers: { 'Retry-After': '900' } };
const retrySoon = { headers: { 'Retry-After': '1' } };

/** Codes that only other doors can cause stand here too, so that a new one is thought about. */
const directoryRows: Readonly<Record<DirectoryErrorCode, Row>> = {
  userNotFound: [404, { detail: 'There is no user with this id.' }],
  organizationNotFound: [404, { detail: 'There is no such resource.' }],
  groupNotFound: [404, { detail: 'There is no group with this id.' }],
  tooManyMembers: [413],
  departmentNotFound: [404, { detail: 'There is no department with this id.' }],
  departmentCodeTaken: [409, { scimType: 'uniqueness' }],
  departmentCycle: [400, { scimType: 'invalidValue' }],
  departmentTooDeep: [400, { scimType: 'invalidValue' }],
  departmentNotEmpty: [409],
  connectionNotFound: [404, { detail: 'There is no such resource.' }],
  credentialNotFound: [404, { detail: 'There is no such resource.' }],
  appNotFound: [404, { detail: 'There is no such resource.' }],
  appExists: [409],
  hostTaken: [409],
  domainNotFound: [404],
  domainTaken: [409],
  domainNotProven: [409],
  schemaNotFound: [404, { detail: 'There is no such resource.' }],
  schemaExists: [409],
  schemaNarrowed: [409],
  tooManySchemas: [409],
  userNameTaken: [409, { scimType: 'uniqueness' }],
  organizationExists: [409, { scimType: 'uniqueness' }],
  connectionExists: [409, { scimType: 'uniqueness' }],
  noFreeSeat: [403],
  lastOwner: [403],
  leaveNotFound: [404],
  leaveOverlaps: [409],
  notWaiting: [409],
  leaveOver: [409],
  notAllowed: [403],
  brakeHolds: [429, retryLater],
  belowUse: [409],
  revisionMismatch: [412],
  invalidValue: [400, { scimType: 'invalidValue' }],
  notSupported: [400, { scimType: 'invalidValue' }],
  tooManyConflicts: [503, retrySoon],
};

/** The refusal of any error that is one; null for what is a fault of ours. */
export function toScimError(error: unknown): ScimError | null {
  if (error instanceof ScimError) return error;
  if (error instanceof ProtocolError) return new ScimError(error.status, error.detail, { scimType: error.scimType });
  if (error instanceof DirectoryError) {
    const [status, options = {}] = directoryRows[error.code];
    return new ScimError(status, options.detail ?? error.message, options);
  }
  if (error instanceof StorageError && error.code === 'unavailable') {
    return new ScimError(503, 'Storage does not answer now; try again.', { headers: { 'Retry-After': '2' } });
  }
  if (error instanceof StorageError && error.code === 'tooMuch')
    return new ScimError(400, error.message, { scimType: 'tooMany' });
  if (error instanceof RequestError) {
    return new ScimError(error.status, error.message, {
      ...(error.code === 'malformedBody' ? { scimType: 'invalidSyntax' as const } : {}),
      ...(error.retryAfterSeconds === undefined ? {} : { headers: { 'Retry-After': String(error.retryAfterSeconds) } }),
    });
  }
  return null;
}

/** The body of an error answer; `status` is a string there. */
export function toErrorBody({ status, scimType, message }: ScimError): JsonObject {
  return {
    schemas: [ERROR_URN],
    status: String(status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: message,
  };
}
