// A search among the resources of one type, ready to be asked for any range: what lists, `.search` on a type and `.search` on the root have in
// common. The types differ in what they read (user-search.ts, group-search.ts).

import type { ResourceQuery } from '#storage/resource-query.ts';
import { readListPage, type ListOrder } from './list-page.ts';
import type { JsonObject } from './protocol/json-value.ts';
import type { ScimAnswer, ScimContext, ScimRequest } from './scim-operation.ts';
import type { SearchParameters } from './search-request.ts';

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

/** Answers one page of one type. */
export async function answerSearch<Item extends { readonly id: string }>(
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  search: ResourceSearch<Item>,
): Promise<ScimAnswer> {
  const page = readListPage(context, request, search.resourceType, parameters, search.ordering);
  const { total, items } = await search.find(page.range);
  return { status: 200, body: page.toAnswer(items, await search.show(page.shown(items)), total) };
}
