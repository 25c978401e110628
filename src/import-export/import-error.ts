// What the import and the export of files refuse, as one closed union of codes.

export type ImportErrorCode =
  | 'fileUnreadable'
  | 'fileTooLarge'
  | 'fileEmpty'
  | 'columnsUnknown'
  | 'importNotFound'
  | 'importState'
  | 'removalsChanged'
  | 'notEncodable';

/** `message` is public; `errors` say where. */
export class ImportError extends Error {
  readonly code: ImportErrorCode;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[] | undefined;

  constructor(
    code: ImportErrorCode,
    message: string,
    errors?: readonly { readonly pointer: string; readonly detail: string }[],
  ) {
    super(message);
    this.name = 'ImportError';
    this.code = code;
    this.errors = errors;
  }
}
