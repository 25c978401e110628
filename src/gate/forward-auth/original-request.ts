// The request an app's proxy asks about, as far as a door needs it; each proxy dialect reads it from its own headers.

export interface OriginalRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower case, with the port if it is not the scheme's own. */
  readonly host: string;
  /** Path and query, beginning with one `/`. */
  readonly uri: string;
}

export type OriginalRequestReading =
  | { readonly kind: 'read'; readonly original: OriginalRequest }
  /** A header is missing, twice, or not what it should be: 400. */
  | { readonly kind: 'malformed'; readonly fault: string };
