// What storage can fail with. Edges answer `unavailable` with 503, never with 404 or 401; the cause stays private.

export type StorageErrorCode =
  /** Away, locked, full, read-only or too slow: try again later. */
  | 'unavailable'
  /** An id or unique key exists already (records, audit entries). */
  | 'duplicate'
  /** The question would take too long: nothing is wrong with the store. */
  | 'tooMuch'
  /** The store was written by a newer version, or is not ours. */
  | 'incompatible';

export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageError';
    this.code = code;
  }
}
