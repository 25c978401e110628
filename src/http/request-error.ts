// What HTTP itself refuses before any edge has understood the request. A closed union of codes; each edge writes it in its own form.

export type RequestErrorCode =
  | 'bodyTooLarge'
  | 'malformedBody'
  | 'unsupportedMediaType'
  | 'requestAborted'
  | 'malformedRequest'
  | 'notFound'
  | 'methodNotAllowed'
  | 'tooManyRequests';

const statusOf: Readonly<Record<RequestErrorCode, number>> = {
  bodyTooLarge: 413,
  malformedBody: 400,
  unsupportedMediaType: 415,
  requestAborted: 400,
  malformedRequest: 400,
  notFound: 404,
  methodNotAllowed: 405,
  tooManyRequests: 429,
};

/** `message` is public. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: RequestErrorCode, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = 'RequestError';
    this.code = code;
    this.status = statusOf[code];
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
