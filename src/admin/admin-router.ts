// The admin API over HTTP: authenticates, checks, runs an operation, answers. What operations do is in the `*-endpoints.ts` files.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import { readText } from '#http/body-limits.ts';
import type { Credential } from '#directory/credential.ts';
import { answerOnce } from '#http/idempotency.ts';
import { sendProblem } from '#http/problem-details.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import { readUpload } from '#http/upload-body.ts';
import { authenticateAdmin, authorizeAdmin, toChangeContext } from './admin-authentication.ts';
import { parseAdminBody } from './admin-body.ts';
import { reportTrouble, type AdminContext, type Answer, type FileAnswer, type Operation } from './admin-operation.ts';
import { toAdminProblem } from './admin-problem.ts';
import { describeApi, writeReferencePage } from './openapi.ts';
import { listOperations } from './operations.ts';

/** To be mounted at `/api`. */
export function createAdminRouter(context: AdminContext): Router {
  const router = Router({ caseSensitive: true, strict: false });
  const operations = listOperations();
  // Anybody may ask for these, and writing them takes long: once.
  let description: Promise<string> | undefined;
  let page: string | undefined;
  router.get('/v1/openapi.json', async (_request, response) => {
    description ??= describeApi(operations, context.config.baseUrl, context.version).then((api) => JSON.stringify(api));
    response.type('json').send(await description);
  });
  router.get('/docs', (_request, response) => {
    page ??= writeReferencePage(operations, context.version);
    response.type('html').send(page);
  });
  for (const operation of operations) {
    router[operation.method](`/v1${operation.path}`, (request, response) =>
      serve(context, operation, request, response),
    );
  }
  for (const [path, methods] of methodsByPath(operations)) {
    router.all(`/v1${path}`, (_request, response) => {
      const detail = `This address knows ${methods}.`;
      sendProblem(response, { status: 405, code: 'methodNotAllowed', detail, headers: { Allow: methods } });
    });
  }
  router.use(answerRefusal);
  return router;
}

async function serve(context: AdminContext, operation: Operation, request: Request, response: Response): Promise<void> {
  const { requestId, notes } = requestContextOf(request);
  const credential = await authenticateAdmin(context, {
    authorization: request.get('authorization'),
    notes,
    countRefusal: () => context.badCredentials.refuse(request),
  });
  const params = request.params as Record<string, string>;
  const organization = await authorizeAdmin(context, credential, operation, params['org']);
  const ifMatch = request.get('if-match');
  const acceptLanguage = request.get('accept-language');
  const call = {
    organization,
    reachesAll: credential.scopes.includes('instance'),
    params,
    query: { ...request.query },
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(acceptLanguage === undefined ? {} : { acceptLanguage }),
    by: toChangeContext(credential, requestId),
  };
  if (operation.receive !== undefined) {
    const contentType = request.get('content-type') ?? '';
    const received = await operation.receive(context, { ...call, body: undefined, contentType }, readUpload(request));
    // A body may take long: whoever was let in when it began may be nobody now.
    const again = authenticateAdmin(context, {
      authorization: request.get('authorization'),
      notes,
      countRefusal: () => null,
    });
    let ran = false;
    try {
      await again;
      await answer(context, operation, request, response, credential, received.fingerprint, async () => {
        ran = true;
        return operation.run(context, { ...call, body: received.body });
      });
    } finally {
      // Answered from before, or refused.
      if (!ran) await received.discard();
    }
    return;
  }
  const text = operation.method === 'get' ? '' : await readText(request, context.config.bodyBytes);
  await answer(context, operation, request, response, credential, text, async () =>
    operation.run(context, { ...call, body: parseAdminBody(request.get('content-type'), text) }),
  );
}

async function answer(
  context: AdminContext,
  operation: Operation,
  request: Request,
  response: Response,
  credential: Credential,
  body: string,
  act: () => Promise<Answer>,
): Promise<void> {
  const key = operation.method === 'post' ? request.get('idempotency-key') : undefined;
  if (key === undefined) {
    await send(request, response, await act());
    return;
  }
  const path = request.originalUrl;
  const { answer: answered, replayed } = await answerOnce(
    { ...context, reportTrouble: (message, error) => reportTrouble(context, message, error) },
    { key, credential, method: request.method, path, body },
    act,
  );
  if (replayed) response.setHeader('Idempotency-Replayed', 'true');
  await send(request, response, answered);
}

async function send(request: Request, response: Response, answer: Answer): Promise<void> {
  response.set({ 'Cache-Control': 'no-store', ...answer.headers });
  if (answer.file !== undefined) {
    await sendFile(response, answer.file);
    return;
  }
  const next = nextOf(answer.body);
  if (next !== null) {
    const query = new URLSearchParams(request.query as Record<string, string>);
    query.set('cursor', next);
    response.append('Link', `<?${query.toString()}>; rel="next"`);
  }
  response.status(answer.status ?? 200).json(answer.body);
}

async function sendFile(response: Response, { type, name, content }: FileAnswer): Promise<void> {
  response.set({ 'Content-Type': type, 'Content-Disposition': `attachment; filename="${name}"` });
  try {
    await pipeline(Readable.from(content), response);
  } catch (error) {
    // Nothing of it has gone out: a refusal can still be said. Else the file is cut short, which its reader sees.
    if (!response.headersSent) throw error;
    response.destroy();
  }
}

function nextOf(body: unknown): string | null {
  if (typeof body !== 'object' || body === null || !('items' in body) || !('next' in body)) return null;
  return typeof body.next === 'string' ? body.next : null;
}

const answerRefusal: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  const problem = toAdminProblem(error);
  // Our own faults and storage's go on to the app, which also logs them.
  if (problem === null || problem.status >= 500 || error instanceof RequestError) next(error);
  else sendProblem(response, problem);
};

function methodsByPath(operations: readonly Operation[]): ReadonlyMap<string, string> {
  const methods = new Map<string, string>();
  for (const { path, method } of operations) {
    const name = method === 'get' ? 'GET, HEAD' : method.toUpperCase();
    methods.set(path, methods.has(path) ? `${methods.get(path) ?? ''}, ${name}` : name);
  }
  return methods;
}
