// `POST /.search` on the root (RFC 7644 §3.4.3): among all resource types at once. Without `sortBy` users come first, then groups, then
// departments, each in the order of their creation; an attribute that only one type has has no value in the others (§3.4.2.1).

import { prepareDepartmentSearch } from './department-search.ts';
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
    throw new ProtocolError(
      'invalidCursor',
      'Cursors go through one resource type: search on /Users, /Groups or /Departments.',
    );
  const page = parsePageRequest(parameters, pageLimits);
  const options = { amongAllTypes: true };
  const searches = [
    anyType(inScope(request, 'users', prepareUserSearch(context, request, parameters, options))),
    anyType(inScope(request, 'groups', prepareGroupSearch(context, request, parameters, options))),
    anyType(inScope(request, 'users', prepareDepartmentSearch(context, request, parameters, options))),
  ];
  const isSorted = searches.some(({ order }) => order !== undefined);
  if (parameters.sortBy !== undefined && parameters.sortBy !== '' && !isSorted)
    throw new ProtocolError('invalidValue', '"sortBy" names nothing that any resource can be sorted by.');
  const range = { offset: page.startIndex - 1, limit: page.count };
  const { total, resources } = await (isSorted ? findSorted : findInTurn)(searches, range);
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

/** An item that waits to be shown; `view` is what it is sorted by. */
interface Found {
  readonly view: JsonObject;
  show(): Promise<readonly JsonObject[]>;
}

/** A search whose items only it knows. */
interface AnySearch {
  readonly order: ResourceSearch<{ readonly id: string }>['ordering']['order'];
  /** Items to be sorted among others. */
  find(range: Range): Promise<{ readonly total: number; readonly found: readonly Found[] }>;
  /** Items in their own order, shown together. */
  list(range: Range): Promise<{ readonly total: number; readonly resources: readonly JsonObject[] }>;
}

function anyType<Item extends { readonly id: string }>({ ordering, find, show }: ResourceSearch<Item>): AnySearch {
  return {
    order: ordering.order,
    async find(range) {
      const { total, items } = await find(range);
      return { total, found: items.map((item) => ({ view: ordering.view(item), show: () => show([item]) })) };
    },
    async list(range) {
      const { total, items } = await find(range);
      return { total, resources: await show(items) };
    },
  };
}

type Answer = Promise<{ readonly total: number; readonly resources: readonly JsonObject[] }>;

async function findInTurn(searches: readonly AnySearch[], { offset, limit }: Range): Answer {
  const resources: JsonObject[] = [];
  let total = 0;
  for (const search of searches) {
    const rest = { offset: Math.max(0, offset - total), limit: limit - resources.length };
    const found = await search.list(rest);
    resources.push(...found.resources);
    total += found.total;
  }
  return { total, resources };
}

/** Each in its own order as far as the page reaches, then merged. */
async function findSorted(searches: readonly AnySearch[], { offset, limit }: Range): Answer {
  const entries: Found[] = [];
  let total = 0;
  for (const search of searches) {
    const found = await search.find({ offset: 0, limit: offset + limit });
    entries.push(...found.found);
    total += found.total;
  }
  const order = searches.find((search) => search.order !== undefined)?.order;
  const sorted = order === undefined ? entries : entries.toSorted((a, b) => compareBySortOrder(order, a.view, b.view));
  const shown = await Promise.all(sorted.slice(offset, offset + limit).map((entry) => entry.show()));
  return { total, resources: shown.flat() };
}
