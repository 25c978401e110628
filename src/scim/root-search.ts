// `POST /.search` on the root (RFC 7644 §3.4.3): among all resource types at once. Without `sortBy` users come first, then groups, each in
// the order of their creation; an attribute that only one type has has no value in the other (§3.4.2.1).

import { prepareGroupSearch } from './group-search.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { createListResponse, parsePageRequest } from './protocol/list-response.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { compareBySortOrder } from './protocol/sort-order.ts';
import type { ResourceSearch } from './resource-search.ts';
import { pageLimits, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';
import { mayRead, type ScimArea } from './scim-scopes.ts';
import { readSearchParameters } from './search-request.ts';
import { prepareUserSearch } from './user-search.ts';

export async function searchAll(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const parameters = await readSearchParameters(request);
  if (parameters.cursor !== undefined)
    throw new ProtocolError('invalidCursor', 'Cursors go through one resource type: search on /Users or /Groups.');
  const page = parsePageRequest(parameters, pageLimits);
  const options = { amongAllTypes: true };
  const users = inScope(request, 'users', prepareUserSearch(context, request, parameters, options));
  const groups = inScope(request, 'groups', prepareGroupSearch(context, request, parameters, options));
  const isSorted = users.ordering.order !== undefined || groups.ordering.order !== undefined;
  if (parameters.sortBy !== undefined && parameters.sortBy !== '' && !isSorted)
    throw new ProtocolError('invalidValue', '"sortBy" names nothing that any resource can be sorted by.');
  const range = { offset: page.startIndex - 1, limit: page.count };
  const { total, resources } = await (isSorted ? findSorted : findInTurn)(users, groups, range);
  return { status: 200, body: createListResponse(resources, total, page.startIndex) };
}

/** Of a type that the client may not read there is nothing to be found. */
function inScope<Item extends { id: string }>(
  { client }: ScimRequest,
  area: ScimArea,
  search: ResourceSearch<Item>,
): ResourceSearch<Item> {
  return mayRead(client, area) ? search : { ...search, find: async () => ({ total: 0, items: [] }) };
}

interface Range {
  readonly offset: number;
  readonly limit: number;
}

type Found = Promise<{ readonly total: number; readonly resources: readonly JsonObject[] }>;

async function findInTurn<Left extends { id: string }, Right extends { id: string }>(
  first: ResourceSearch<Left>,
  second: ResourceSearch<Right>,
  { offset, limit }: Range,
): Found {
  const left = await first.find({ offset, limit });
  const rest = { offset: Math.max(0, offset - left.total), limit: limit - left.items.length };
  const right = await second.find(rest);
  const resources = [...(await first.show(left.items)), ...(await second.show(right.items))];
  return { total: left.total + right.total, resources };
}

/** Both in their own order as far as the page reaches, then merged. */
async function findSorted<Left extends { id: string }, Right extends { id: string }>(
  first: ResourceSearch<Left>,
  second: ResourceSearch<Right>,
  { offset, limit }: Range,
): Found {
  const reach = { offset: 0, limit: offset + limit };
  const [left, right] = [await first.find(reach), await second.find(reach)];
  const order = first.ordering.order ?? second.ordering.order;
  const entries = [
    ...left.items.map((item) => ({ view: first.ordering.view(item), show: () => first.show([item]) })),
    ...right.items.map((item) => ({ view: second.ordering.view(item), show: () => second.show([item]) })),
  ];
  const sorted = order === undefined ? entries : entries.toSorted((a, b) => compareBySortOrder(order, a.view, b.view));
  const shown = await Promise.all(sorted.slice(offset, offset + limit).map((entry) => entry.show()));
  return { total: left.total + right.total, resources: shown.flat() };
}
