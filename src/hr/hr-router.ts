// The HR door over HTTP (surface.md, "HR feed"): authenticates, reads the body, runs an operation, answers. A repeated key, be it `Idempotency-Key` or
// the id of a signed message, gets the answer of the first time.

import { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { assertJsonShape, readText } from '#http/body-limits.ts';
import { answerOnce, type KeptAnswer } from '#http/idempotency.ts';
import { sendProblem } from '#http/problem-details.ts';
import { createRateLimit, type RateLimit } from '#http/rate-limit.ts';
import { RequestError } from '#http/request-error.ts';
import { authenticateHrClient } from './hr-authentication.ts';
import type { HrCall, HrContext } from './hr-context.ts';
import { changeHrLeave, endHrLeave, listHrLeaves, planHrLeave } from './hr-leave-endpoints.ts';
import { HrError, toHrProblem } from './hr-problem.ts';
import { receiveStatusChanges, undoStatusChanges } from './status-change-endpoints.ts';

type HrOperation = (context: HrContext, call: HrCall) => Promise<KeptAnswer>;

const operations: readonly (readonly [method: 'get' | 'post' | 'put' | 'delete', path: string, HrOperation])[] = [
  ['post', '/v1/status-changes', receiveStatusChanges],
  ['post', '/v1/status-changes/:batch/undo', undoStatusChanges],
  ['get', '/v1/leaves', listHrLeaves],
  ['post', '/v1/leaves', planHrLeave],
  ['put', '/v1/leaves/:id', changeHrLeave],
  ['delete', '/v1/leaves/:id', endHrLeave],
];

const deepest = 8;
/** Of a request's largest honest body, ten thousand lines. */
const mostValues = 200_000;

/** To be mounted at `/hr`. */
export function createHrRouter(context: HrContext): Router {
  const router = Router({ caseSensitive: true });
  const rate = createRateLimit(context.limits);
  for (const [method, path, run] of operations) {
    router[method](path, (request, response) => serve(context, rate, run, request, response));
  }
  for (const path of new Set(operations.map(([, at]) => at))) {
    const known = operations.filter(([, at]) => at === path).map(([method]) => method.toUpperCase());
    const allow = known.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
    router.all(path, (_request, response) => {
      const detail = `This address knows ${allow}.`;
      sendProblem(response, { status: 405, code: 'methodNotAllowed', detail, headers: { Allow: allow } });
    });
  }
  router.use(answerRefusal);
  return router;
}

async function serve(
  context: HrContext,
  rate: RateLimit,
  run: HrOperation,
  request: Request,
  response: Response,
): Promise<void> {
  const receivedAt = context.now();
  const authenticate = (body: string) => authenticateHrClient(context, request, request.query, body, receivedAt);
  // A signature covers the body, so that is read before anybody is known. Whoever sends a key is known before, and asked again: a body may take long.
  if (request.get('webhook-signature') === undefined) await authenticate('');
  const text = request.method === 'GET' ? '' : await readText(request, context.limits.bodyBytes);
  const client = await authenticate(text);
  const assertStillIn = async (): Promise<void> => void (await authenticate(text));
  const taken = rate.take(client.credential.id);
  if (!taken.allowed) throw new RequestError('tooManyRequests', 'Too many requests.', taken.retryAfterSeconds);
  const params = request.params as Record<string, string>;
  const act = async (): Promise<KeptAnswer> =>
    run(context, { client, assertStillIn, params, query: { ...request.query }, body: parseBody(request, text) });
  const key = request.method === 'POST' ? (request.get('idempotency-key') ?? request.get('webhook-id')) : undefined;
  if (key === undefined) {
    send(response, await act());
    return;
  }
  const asked = { key, credential: client.credential, method: request.method, path: request.originalUrl, body: text };
  const { answer, replayed } = await answerOnce(context, asked, act);
  if (replayed) response.setHeader('Idempotency-Replayed', 'true');
  send(response, answer);
}

function parseBody(request: Request, text: string): unknown {
  if (text.trim() === '') return undefined;
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(request.get('content-type') ?? ''))
    throw new HrError('unsupportedMediaType', 'Send JSON, with Content-Type: application/json.');
  assertJsonShape(text, deepest, mostValues);
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError('malformedBody', 'The body is not JSON.');
  }
}

function send(response: Response, { status = 200, body, headers }: KeptAnswer): void {
  response.set({ 'Cache-Control': 'no-store', ...headers });
  response.status(status).json(body);
}

const answerRefusal: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const problem = toHrProblem(error);
  // Our own faults and storage's go on to the app, which also logs them.
  if (problem === null || problem.status >= 500 || error instanceof RequestError) next(error);
  else sendProblem(response, problem);
};
