// What accompanies one request: its id, who it came from, and what the answering edge adds for the log line.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import { clientAddressOf } from './client-address.ts';

export interface RequestContext {
  readonly requestId: string;
  /** Behind trusted proxies: the client's own address. */
  readonly clientAddress: string;
  /** For the log line and the metrics: which part answered, for which organisation, with which credential. Never a secret. */
  readonly notes: Record<string, string | number>;
}

const contexts = new WeakMap<object, RequestContext>();

/** Takes `X-Request-Id` if it is harmless, else makes one; answers with it. */
export function attachRequestContext(createId: () => string): RequestHandler {
  return (request, response, next) => {
    beginRequest(request, response, createId, clientAddressOf(request));
    next();
  };
}

/** Gives a request its context; the answer names its id. */
export function beginRequest(
  request: IncomingMessage,
  response: ServerResponse,
  createId: () => string,
  clientAddress: string,
): RequestContext {
  const context = openRequest(request, createId, clientAddress);
  response.setHeader('X-Request-Id', context.requestId);
  return context;
}

/** The same for an answer whose headers are written all at once. */
export function openRequest(request: IncomingMessage, createId: () => string, clientAddress: string): RequestContext {
  const context = { requestId: requestIdOf(request, createId), clientAddress, notes: {} };
  contexts.set(request, context);
  return context;
}

/** `X-Request-Id` if it is harmless, else a new one. */
function requestIdOf(request: IncomingMessage, createId: () => string): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : createId();
}

/** The context of a request that came through the app. */
export function requestContextOf(request: IncomingMessage): RequestContext {
  const context = contexts.get(request);
  if (context === undefined) throw new TypeError('This request did not come through createHttpApp.');
  return context;
}
