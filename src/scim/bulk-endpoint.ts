// `POST /Bulk` (RFC 7644 §3.7): many requests in one. Each operation is the same call that its own request would be, with its own outcome; the
// answer lists them in the order of the request. The credential is asked about before each, so that one that is revoked meanwhile does no more.

import { orderBulkOperations, type BulkStep } from './bulk-order.ts';
import { createCallNotes, noteRefusal, type CallNotes } from './call-notes.ts';
import { recordCall } from './call-record.ts';
import { parseBulkRequest, resolveData, resolvePath, type BulkOperation } from './bulk-request.ts';
import { DEFAULT_JSON_LIMITS } from './protocol/json-document.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './protocol/json-value.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { toKeptPath } from './redaction.ts';
import { ScimError, toErrorBody, toScimError } from './scim-error.ts';
import type { ScimAnswer, ScimContext, ScimOperation, ScimRequest } from './scim-operation.ts';
import { assertInScope, type ScimArea } from './scim-scopes.ts';

export const BULK_RESPONSE_URN = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';

/** The operation that a method and a path below the SCIM base lead to, and the id in the path; undefined where there is none. */
export type FindBulkOperation = (method: string, path: string) => BulkTarget | undefined;

export interface BulkTarget {
  readonly run: ScimOperation;
  readonly id: string;
  readonly resource: string;
  readonly area: ScimArea;
}

interface Outcome {
  readonly status: number;
  readonly location?: string;
  readonly version?: string;
  readonly response?: JsonObject;
}

/** Of all operations together; one about a user may have as many as its own request might. */
const bulkBodyLimits = { maxValues: 100_000 };

/** How many creations run side by side: they share flushes to the disk and steps of the seat ledger. */
const atOnce = 25;

export function createBulkEndpoint(find: FindBulkOperation): ScimOperation {
  return async (context, request) => {
    const bulk = parseBulkRequest(await request.readBody(bulkBodyLimits), request.client.settings.strict);
    const run = new BulkRun(context, request, bulk.operations, find);
    request.notes.isRecordedInParts = true;
    await run.all(bulk.failOnErrors);
    return { status: 200, body: { schemas: [BULK_RESPONSE_URN], Operations: run.answers() } };
  };
}

class BulkRun {
  readonly #context: ScimContext;
  readonly #request: ScimRequest;
  readonly #operations: readonly BulkOperation[];
  readonly #find: FindBulkOperation;
  readonly #outcomes = new Map<number, Outcome>();
  /** The ids that the bulkIds have by now. */
  readonly #ids = new Map<string, string>();

  constructor(
    context: ScimContext,
    request: ScimRequest,
    operations: readonly BulkOperation[],
    find: FindBulkOperation,
  ) {
    this.#context = context;
    this.#request = request;
    this.#operations = operations;
    this.#find = find;
  }

  async all(failOnErrors: number | undefined): Promise<void> {
    const steps = orderBulkOperations(this.#operations);
    for (let from = 0; from < steps.length; ) {
      const errors = [...this.#outcomes.values()].filter(({ status }) => status >= 400).length;
      if (failOnErrors !== undefined && errors >= failOnErrors) return;
      const group = failOnErrors === undefined ? this.#independent(steps, from) : steps.slice(from, from + 1);
      await Promise.all(group.map((step) => this.#do(step)));
      from += group.length;
    }
    for (const { at, leftOut } of steps) if (leftOut.size > 0) await this.#complete(at);
  }

  answers(): JsonValue[] {
    return this.#operations.flatMap(({ method, bulkId }, at) => {
      const outcome = this.#outcomes.get(at);
      if (outcome === undefined) return [];
      const { status, ...rest } = outcome;
      return [{ method, ...(bulkId === undefined ? {} : { bulkId }), ...rest, status: String(status) }];
    });
  }

  /** Creations of one type in a row that neither refer to each other nor claim one name: whoever stands first must win. */
  #independent(steps: readonly BulkStep[], from: number): readonly BulkStep[] {
    const group: BulkStep[] = [];
    const made = new Set<string>();
    const names = new Set<string>();
    for (const step of steps.slice(from, from + atOnce)) {
      const operation = this.#operations[step.at];
      if (operation?.method !== 'POST' || [...operation.references].some((id) => made.has(id))) break;
      // A person may be placed by the name of a department that stands before.
      if (operation.path !== this.#operations[steps[from]?.at ?? 0]?.path) break;
      const name = claimsOf(operation.data);
      if (name.some((claim) => names.has(claim))) break;
      for (const claim of name) names.add(claim);
      if (operation.bulkId !== undefined) made.add(operation.bulkId);
      group.push(step);
    }
    return group.length === 0 ? steps.slice(from, from + 1) : group;
  }

  async #do({ at, leftOut }: BulkStep): Promise<void> {
    const operation = this.#operations[at];
    if (operation === undefined) return;
    this.#outcomes.set(at, await this.#outcomeOf(at, operation, operation.method, operation.path, leftOut));
    const { location = '', status = 0 } = this.#outcomes.get(at) ?? {};
    if (operation.method === 'POST' && operation.bulkId !== undefined && status < 300)
      this.#ids.set(operation.bulkId, decodeURIComponent(location.slice(location.lastIndexOf('/') + 1)));
  }

  /** What was created without its references in a circle gets them now, by the PUT its client would send. */
  async #complete(at: number): Promise<void> {
    const operation = this.#operations[at];
    const made = this.#outcomes.get(at);
    if (operation === undefined || made === undefined || made.status >= 300) return;
    const own = operation.bulkId === undefined ? undefined : this.#ids.get(operation.bulkId);
    const path = operation.method === 'POST' ? `${operation.path}/${own ?? ''}` : operation.path;
    const method = operation.method === 'POST' ? 'PUT' : operation.method;
    const completed = await this.#outcomeOf(at, { ...operation, version: undefined }, method, path, new Set());
    this.#outcomes.set(at, completed.status < 300 ? { ...completed, status: made.status } : completed);
  }

  async #outcomeOf(
    at: number,
    operation: BulkOperation,
    method: string,
    path: string,
    leftOut: ReadonlySet<string>,
  ): Promise<Outcome> {
    const { client, requestId, schemas } = this.#request;
    const notes = createCallNotes();
    notes.unreturned = schemas.unreturned;
    if (operation.data !== undefined) notes.body = { value: operation.data };
    const outcome = await this.#answerOf(notes, operation, method, path, leftOut);
    recordCall(this.#context, {
      client,
      notes,
      requestId,
      method,
      path: () => toKeptPath(path, new URLSearchParams()),
      status: outcome.status,
      changes: true,
      operation: at,
    });
    return outcome;
  }

  async #answerOf(
    notes: CallNotes,
    operation: BulkOperation,
    method: string,
    sentPath: string,
    leftOut: ReadonlySet<string>,
  ): Promise<Outcome> {
    const [context, request] = [this.#context, this.#request];
    let location: string | undefined;
    try {
      await request.assertStillIn();
      const resolve = (id: string): string | undefined => this.#resolve(id, leftOut);
      const path = resolvePath(sentPath, resolve);
      const found = this.#find(method, path);
      if (found === undefined) throw new ScimError(404, 'There is nothing at this address for this method.');
      assertInScope(request.client, true, found.area);
      if (method !== 'POST') location = `${context.scimBase}${path.split('?', 1)[0] ?? ''}`;
      const data = operation.data === undefined ? undefined : resolveData(operation.data, resolve);
      if (found.resource !== 'Group' && countValues(data) > DEFAULT_JSON_LIMITS.maxValues)
        throw new ProtocolError('tooMany', `An operation may have at most ${DEFAULT_JSON_LIMITS.maxValues} values.`);
      const answer = await found.run(context, toRequest(request, notes, found.id, operation, data));
      return toOutcome(answer, location);
    } catch (error) {
      const refusal = toScimError(error);
      if (refusal === null) {
        const details = { event: 'scim.error', request_id: request.requestId, err: error };
        context.logger.warn(details, 'a bulk operation failed');
      }
      const shown = refusal ?? new ScimError(500, `This is our fault. It is logged as ${request.requestId}.`);
      noteRefusal(notes, shown, error);
      return { status: shown.status, ...(location === undefined ? {} : { location }), response: toErrorBody(shown) };
    }
  }

  #resolve(id: string, leftOut: ReadonlySet<string>): string | undefined {
    if (leftOut.has(id)) return undefined;
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    throw new ScimError(409, `The bulkId "${id}" that this operation refers to names nothing that was created.`);
  }
}

function toRequest(
  request: ScimRequest,
  notes: CallNotes,
  id: string,
  operation: BulkOperation,
  data: JsonValue | undefined,
): ScimRequest {
  return {
    ...request,
    notes,
    id,
    query: new URLSearchParams(),
    ifMatch: operation.version,
    ifNoneMatch: undefined,
    readBody: async () => data ?? null,
  };
}

function toOutcome({ status, headers = {} }: ScimAnswer, location: string | undefined): Outcome {
  const { Location: made = location, ETag: version } = headers;
  return { status, ...(made === undefined ? {} : { location: made }), ...(version === undefined ? {} : { version }) };
}

const claimed = new Set(['username', 'externalid', 'code']);

/** What two creations may not both claim: names and keys by which they are found again. */
function claimsOf(data: JsonValue | undefined): readonly string[] {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return [];
  return Object.entries(data).flatMap(([key, value]) => {
    const name = key.toLowerCase();
    if (typeof value !== 'string' || !claimed.has(name)) return [];
    return [`${name}=${value.toLowerCase()}`];
  });
}

/** As `parseJsonDocument` counts: an object or array counts as one more. */
function countValues(value: JsonValue | undefined): number {
  if (isJsonArray(value)) return value.reduce<number>((sum, item) => sum + countValues(item), 1);
  if (isJsonObject(value)) return Object.values(value).reduce<number>((sum, part) => sum + countValues(part), 1);
  return 1;
}
