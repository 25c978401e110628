// The SCIM door over HTTP: finds the operation of a request, authenticates, reads the body, writes the answer. Every answer under the mount
// is SCIM's JSON, refusals too (RFC 7644 §3.1, §3.12, §3.13). What operations do is in `*-endpoints.ts` and user-search.ts.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Router } from 'express';
import type { BadCredentialLimit } from '#http/bad-credentials.ts';
import { createRateLimit, type RateLimit } from '#http/rate-limit.ts';
import { requestContextOf } from '#http/request-context.ts';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import type { ProvisioningLog } from '#provisioning/provisioning-log.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { CredentialAuthentication } from '#secrets/credential-authentication.ts';
import type { Storage } from '#storage/storage.ts';
import { createCallNotes, noteRefusal } from './call-notes.ts';
import { recordCall } from './call-record.ts';
import { readRequestTarget, type RequestTarget } from './dialects/onelogin.ts';
import { schemasWith, standardSchemas } from './organization-schemas.ts';
import { toKeptPath } from './redaction.ts';
import { admit, authenticate, discoveredSchemas, type AdmissionContext, type Served } from './scim-admission.ts';
import { readScimBody } from './scim-body.ts';
import { ScimError, toErrorBody, toScimError } from './scim-error.ts';
import type { ScimAnswer, ScimContext } from './scim-operation.ts';
import { allowedMethods, findRoute, type Route } from './scim-routes.ts';
import { assertInScope } from './scim-scopes.ts';
import { createWalkMarks } from './walk-marks.ts';

export interface ScimDoorOptions {
  readonly storage: Pick<Storage, 'users' | 'groups' | 'records'>;
  readonly provisioning: ScimContext['provisioning'] & Pick<Provisioning, 'customSchemas'>;
  readonly provisioningLog: Pick<ProvisioningLog, 'add'>;
  readonly authentication: CredentialAuthentication;
  readonly badCredentials: BadCredentialLimit;
  readonly now: () => number;
  readonly cursorKey: Uint8Array;
  /** Public origin without a slash at the end; the router is mounted at `/scim/v2` below it. */
  readonly baseUrl: string;
  readonly limits: {
    /** Requests per second and credential. */
    readonly scim: { readonly perSecond: number; readonly burst: number };
    readonly bodyBytes: number;
  };
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  readonly metrics?: Pick<Metrics, 'scimRequests' | 'scimDuration'>;
}

interface Door extends ScimDoorOptions, Pick<AdmissionContext, 'rate'> {
  readonly context: ScimContext;
  /** A client that is slowed down, or whose credential has ended, is in the provisioning log once a minute, not once a request. */
  readonly recordedSeldom: RateLimit;
}

/** Answers a request; `url` is what follows `/scim/v2`. The request has its context already (http/request-context.ts). */
export type ScimDoor = (request: IncomingMessage, response: ServerResponse, url: string) => Promise<void>;

export function createScimDoor(options: ScimDoorOptions): ScimDoor {
  const { storage, provisioning, provisioningLog, now, cursorKey, logger, limits } = options;
  const context: ScimContext = {
    storage,
    provisioning,
    now,
    cursorKey,
    walkMarks: createWalkMarks(now),
    logger,
    provisioningLog,
    scimBase: `${options.baseUrl}/scim/v2`,
  };
  const recordedSeldom = createRateLimit({ perSecond: 1 / 60, burst: 1, maximumKeys: 10_000 });
  const door: Door = { ...options, context, rate: createRateLimit(limits.scim), recordedSeldom };
  return async (request, response, url) => {
    const started = performance.now();
    const target = readRequestTarget(url);
    const route = findRoute(target.segments);
    const served: Served = { call: createCallNotes() };
    const answer = await answerRequest(door, request, target, route, served);
    send(request, response, answer);
    record(door, request, target, route, served, answer.status);
    const resource = route?.resource ?? 'none';
    const method = request.method ?? '';
    const shown = route?.operations[methodOf(request)] === undefined ? 'other' : method;
    const connection = served.client?.connection ?? 'none';
    options.metrics?.scimRequests.inc({ connection, resource, method: shown, code: String(answer.status) });
    options.metrics?.scimDuration.observe({ resource, method: shown }, (performance.now() - started) / 1000);
  };
}

/** The same, to be mounted at `/scim/v2` of an app made by `createHttpApp`. */
export function createScimRouter(answer: ScimDoor): Router {
  const router = Router({ caseSensitive: true });
  router.use((request, response) => answer(request, response, request.url));
  return router;
}

/** Never throws: whatever goes wrong becomes an answer. */
async function answerRequest(
  door: Door,
  request: IncomingMessage,
  target: RequestTarget,
  route: Route | undefined,
  served: Served,
): Promise<ScimAnswer> {
  try {
    return await serve(door, request, target, route, served);
  } catch (error) {
    const { requestId, notes: logNotes } = requestContextOf(request);
    const refusal = toScimError(error);
    if (refusal === null || refusal.status >= 500) {
      door.logger.error({ event: 'scim.error', request_id: requestId, err: error }, 'SCIM request failed');
    }
    const shown = refusal ?? new ScimError(500, `This is our fault. It is logged as ${requestId}.`);
    noteRefusal(served.call, shown, error);
    if (shown.scimType !== undefined) logNotes['scim_type'] = shown.scimType;
    return { status: shown.status, body: toErrorBody(shown), headers: shown.headers };
  }
}

async function serve(
  door: Door,
  request: IncomingMessage,
  { segments, query }: RequestTarget,
  route: Route | undefined,
  served: Served,
): Promise<ScimAnswer> {
  const { scimBase } = door.context;
  const method = methodOf(request);
  if (route?.discover !== undefined) {
    if (method !== 'GET') throw refuseMethod(route);
    const id = decodeSegment(segments[1] ?? '');
    const schemas = route.describesSchemas === true ? await discoveredSchemas(door, request, served) : standardSchemas;
    return route.discover({ scimBase, bodyBytes: door.limits.bodyBytes, id, query, schemas });
  }
  const client = await admit(door, request, served);
  if (route === undefined) throw new ScimError(404, 'There is nothing at this address.');
  const operation = route.operations[method];
  if (operation === undefined) throw refuseMethod(route);
  assertInScope(client, operation.changes, route.area);
  const schemas = schemasWith(await door.provisioning.customSchemas.read(client.organizationId));
  served.call.unreturned = schemas.unreturned;
  return operation.run(door.context, {
    client,
    schemas,
    id: decodeSegment(segments[1] ?? ''),
    query,
    ifMatch: request.headers['if-match'],
    ifNoneMatch: request.headers['if-none-match'],
    requestId: requestContextOf(request).requestId,
    notes: served.call,
    assertStillIn: async () => void (await authenticate(door, request)),
    readBody: (limits) => readScimBody(request, door.limits.bodyBytes, served.call, limits),
  });
}

/** Behind the answer. Whoever is nobody's client is in no organisation's log. */
function record(
  door: Door,
  request: IncomingMessage,
  { segments, query }: RequestTarget,
  route: Route | undefined,
  served: Served,
  status: number,
): void {
  const client = served.client ?? served.refused;
  if (client === undefined) return;
  const isSeldom = status === 429 || served.client === undefined;
  if (isSeldom && !door.recordedSeldom.take(`${status} ${client.credential}`).allowed) return;
  recordCall(door, {
    client,
    notes: served.call,
    requestId: requestContextOf(request).requestId,
    method: request.method ?? '',
    path: () => toKeptPath(`/${segments.join('/')}`, query),
    status,
    changes: route?.operations[methodOf(request)]?.changes === true,
  });
}

/** HEAD is answered as GET, without the body (RFC 9110 §9.3.2). */
function methodOf(request: IncomingMessage): string {
  return request.method === 'HEAD' ? 'GET' : (request.method ?? '');
}

function refuseMethod(route: Route): ScimError {
  const allow = allowedMethods(route);
  return new ScimError(405, `This address knows ${allow}.`, { headers: { Allow: allow } });
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ScimError(404, 'There is nothing at this address.');
  }
}

function send(request: IncomingMessage, response: ServerResponse, answer: ScimAnswer): void {
  response.statusCode = answer.status;
  response.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.body === undefined) {
    response.end();
    return;
  }
  // As text, so that head and body leave in one write.
  const text = JSON.stringify(answer.body);
  response.setHeader('Content-Type', 'application/scim+json; charset=utf-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(request.method === 'HEAD' ? undefined : text);
}
