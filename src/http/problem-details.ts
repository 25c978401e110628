// Refusals as problem details (RFC 9457): the form of every JSON door of ours except SCIM, which has its own.

import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Logger } from '#observability/logger.ts';
import { StorageError } from '#storage/storage-error.ts';
import { IdempotencyError, statusOfIdempotencyError } from './idempotency.ts';
import { RequestError } from './request-error.ts';
import { requestContextOf } from './request-context.ts';

export interface Problem {
  readonly status: number;
  /** Stable; scripts rely on it. */
  readonly code: string;
  readonly detail: string;
  /** One per faulty member, `pointer` a JSON pointer into the body (RFC 6901). */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
  /** Further public members, for example `over`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers with a problem; the `type` is the entry of its code in our API reference. */
export function sendProblem(response: Response, problem: Problem): void {
  const { status, code, detail, errors, extra, headers } = problem;
  const baseUrl: unknown = response.app.locals['baseUrl'];
  const requestId = response.getHeader('X-Request-Id');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  response.setHeader('Cache-Control', 'no-store');
  response
    .status(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        ...extra,
        type: `${typeof baseUrl === 'string' ? baseUrl : ''}/api/docs#${code}`,
        title: STATUS_CODES[status] ?? 'Problem',
        status,
        detail,
        ...(typeof requestId === 'string' ? { instance: `urn:furlough:request:${requestId}` } : {}),
        code,
        ...(errors === undefined ? {} : { errors }),
      }),
    );
}

/** The problem of an error that is nobody's refusal but the house's own: storage away, broken request. Null: unknown. */
export function toProblem(error: unknown): Problem | null {
  if (error instanceof RequestError) {
    const headers = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) };
    return { status: error.status, code: error.code, detail: error.message, headers };
  }
  if (error instanceof IdempotencyError) {
    const headers = error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) };
    return { status: statusOfIdempotencyError[error.code], code: error.code, detail: error.message, headers };
  }
  if (error instanceof StorageError && error.code === 'unavailable') {
    return {
      status: 503,
      code: 'storageUnavailable',
      detail: 'Storage does not answer now; try again.',
      headers: { 'Retry-After': '2' },
    };
  }
  if (error instanceof StorageError && error.code === 'tooMuch')
    return { status: 400, code: 'tooMuch', detail: error.message };
  if (error instanceof DirectoryError && error.code === 'tooManyConflicts') {
    return { status: 503, code: error.code, detail: error.message, headers: { 'Retry-After': '1' } };
  }
  const status = statusOfForeignError(error);
  if (status !== null)
    return { status, code: 'malformedRequest', detail: STATUS_CODES[status] ?? 'The request is malformed.' };
  return null;
}

/** express and its router say what is wrong with a request (a path with broken percent signs) by `status` on the error. */
function statusOfForeignError(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  if ('status' in error && typeof error.status === 'number' && error.status >= 400 && error.status < 500)
    return error.status;
  return 'name' in error && error.name === 'URIError' ? 400 : null;
}

/** The last handler: nothing answered. */
export const answerNotFound: RequestHandler = (_request, response) => {
  sendProblem(response, { status: 404, code: 'notFound', detail: 'There is nothing at this address.' });
};

/** The last error handler: logs what nobody foresaw, tells the caller only where to look it up. */
export function answerError(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { requestId } = requestContextOf(request);
    const problem = toProblem(error);
    if (problem === null || problem.status >= 500)
      logger.error({ event: 'http.error', request_id: requestId, err: error }, 'request failed');
    sendProblem(
      response,
      problem ?? { status: 500, code: 'internalError', detail: `This is our fault. It is logged as ${requestId}.` },
    );
  };
}
