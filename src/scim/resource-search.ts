// A search among the resources of one type, ready to be asked for any range: what lists, `.search` on a type and `.search` on the root have in
// common. The types differ in what they read (user-search.ts, group-search.ts, department-search.ts).

import type { ResourceQuery } from '#storage/resource-query.ts';
import { readListPage, type ListOrder } from './list-page.ts';
import type { JsonObject } from './protocol/json-value.ts';
import type { ScimAnswer, ScimContext, ScimOperation, ScimRequest } from './scim-operation.ts';
import { readListParameters, readSearchParameters, type SearchParameters } from './search-request.ts';

export interface ResourceSearch<Item extends { readonly id: string }> {
  readonly resourceType: string;
  readonly ordering: ListOrder<Item>;
  /** The items of a range and the total of all. */
  find(
    range: Pick<ResourceQuery<Item>, 'offset' | 'limit' | 'after'>,
  ): Promise<{ total: number; items: readonly Item[] }>;
  /** The items as they are answered. */
  show(items: readonly Item[]): Promise<readonly JsonObject[]>;
}

export interface SearchOptions {
  /** Of several types an attribute may be known to one only; it then has no value in the others (RFC 7644 §3.4.2.1). */
  readonly amongAllTypes?: boolean;
}

/** Makes a search of the parameters of a request. Throws `ProtocolError` for parameters that mean nothing. */
type PrepareSearch<Item extends { readonly id: string }> = (
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
) => ResourceSearch<Item>;

/** The two ways to ask for one page of one type: GET on the type, and POST to its `.search`. */
export function createSearchOperations<Item extends { readonly id: string }>(
  prepare: PrepareSearch<Item>,
): { readonly list: ScimOperation; readonly search: ScimOperation } {
  async function answer(context: ScimContext, request: ScimRequest, parameters: SearchParameters): Promise<ScimAnswer> {
    const search = prepare(context, request, parameters);
    const page = readListPage(context, request, search.resourceType, parameters, search.ordering);
    const { total, items } = await search.find(page.range);
    return { status: 200, body: page.toAnswer(items, await search.show(page.shown(items)), total) };
  }
  return {
    list: async (context, request) => answer(context, request, readListParameters(request)),
    search: async (context, request) => answer(context, request, await readSearchParameters(request)),
  };
}
