// Owns the one error the SCIM protocol layer throws: a closed union of codes, the HTTP status that belongs to
// each, and a sentence that may be shown to the client's administrator. Turning it into a response body is the
// edge's work (RFC 7644 §3.12, Table 9; RFC 9865 §3 for the cursor codes).

/** RFC 7644 Table 9 and RFC 9865: every `scimType` Furlough ever answers. */
export type ScimType =
  | 'invalidFilter'
  | 'tooMany'
  | 'uniqueness'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers'
  | 'sensitive'
  | 'invalidCursor'
  | 'expiredCursor'
  | 'invalidCount';

export interface ProtocolErrorOptions {
  /** HTTP status, where it is not the usual one of the code. */
  readonly status?: number;
  /** What really happened: for the log, never for the answer. */
  readonly cause?: unknown;
}

/** A refusal in SCIM's own words. `detail` is public; whatever is private belongs into `cause`. */
export class ProtocolError extends Error {
  readonly scimType: ScimType;
  readonly status: number;
  readonly detail: string;

  constructor(scimType: ScimType, detail: string, options: ProtocolErrorOptions = {}) {
    super(`${scimType}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ProtocolError';
    this.scimType = scimType;
    this.detail = detail;
    this.status = options.status ?? usualStatus(scimType);
  }
}

/** Quotes what a client sent for use in a `detail`: one line, at most 60 characters of it. */
export function quoteInput(input: string): string {
  return JSON.stringify(input.length > 60 ? `${input.slice(0, 60)}…` : input);
}

function usualStatus(scimType: ScimType): number {
  if (scimType === 'uniqueness') return 409;
  return scimType === 'sensitive' ? 403 : 400;
}
