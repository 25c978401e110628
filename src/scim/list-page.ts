// Which page of a list is meant, by index (RFC 7644 §3.4.2.4) or by cursor (RFC 9865), and the answer that says how to go on. The same for
// every resource type.

import type { ResourceQuery } from '#storage/resource-query.ts';
import { createCursor, readCursor, type CursorPosition } from './protocol/cursor.ts';
import type { JsonDraft, JsonObject, JsonValue } from './protocol/json-value.ts';
import { createListResponse, parsePageRequest } from './protocol/list-response.ts';
import { compareBySortOrder, sortValue, type SortOrder } from './protocol/sort-order.ts';
import { pageLimits, type ScimContext, type ScimRequest } from './scim-operation.ts';
import type { SearchParameters } from './search-request.ts';

interface Listed {
  readonly id: string;
}

export interface ListPage<Item extends Listed> {
  /** What to ask the store for. */
  readonly range: Pick<ResourceQuery<Item>, 'offset' | 'limit' | 'after'>;
  /** The items to show of those that came. */
  shown(items: readonly Item[]): readonly Item[];
  /** The answer; `items` as they came, `resources` as they are shown. */
  toAnswer(items: readonly Item[], resources: readonly JsonObject[], total: number): JsonObject;
}

export interface ListOrder<Item> {
  readonly order: SortOrder | undefined;
  readonly view: (item: Item) => JsonObject;
}

/** Throws `ProtocolError` invalidValue, invalidCursor, expiredCursor, invalidCount. */
export function readListPage<Item extends Listed>(
  context: ScimContext,
  request: ScimRequest,
  resourceType: string,
  parameters: SearchParameters,
  ordering: ListOrder<Item>,
): ListPage<Item> {
  const { startIndex, count } = parsePageRequest(parameters, pageLimits);
  const { filter, sortBy, sortOrder } = parameters;
  if (parameters.cursor === undefined) {
    const { walkMarks } = context;
    const place = { credential: request.client.credential, resourceType, startIndex };
    // With a filter or an order of its own a list is looked through from the start anyway.
    const isPlain = filter === undefined && ordering.order === undefined;
    const mark = isPlain && startIndex > 1 ? walkMarks.find(place) : undefined;
    return {
      range: mark === undefined ? { offset: startIndex - 1, limit: count } : { ...rangeAfter(mark), limit: count },
      shown: (items) => items,
      toAnswer(items, resources, total) {
        const last = items.at(-1);
        if (isPlain && last !== undefined) walkMarks.put({ ...place, startIndex: startIndex + items.length }, last.id);
        return createListResponse(resources, total, startIndex);
      },
    };
  }
  const query = [
    request.client.organizationId,
    request.client.settings.strict,
    resourceType,
    filter,
    sortBy,
    sortOrder,
  ];
  const signer = { key: context.cursorKey, now: context.now };
  const asked = parameters.count === undefined ? undefined : count;
  const position = readCursor(signer, query, parameters.cursor, asked);
  const size = position?.count ?? count;
  return {
    range: {
      offset: 0,
      // One more than is shown tells whether there is more.
      limit: size === 0 ? 0 : size + 1,
      ...(position === undefined ? {} : { after: toAfter(position, ordering) }),
    },
    shown: (items) => items.slice(0, size),
    toAnswer(items, resources, total) {
      const { startIndex: _index, ...answer } = createListResponse(resources, total, 1);
      const last = items.length > size ? items[size - 1] : undefined;
      if (last === undefined) return answer;
      return { ...answer, nextCursor: createCursor(signer, query, toPosition(last, size, ordering)) };
    },
  };
}

function toPosition<Item extends Listed>(item: Item, count: number, { order, view }: ListOrder<Item>): CursorPosition {
  const value = order === undefined ? undefined : sortValue(order, view(item));
  return { id: item.id, count, ...(value === undefined ? {} : { sortValue: value }) };
}

function toAfter<Item extends Listed>(
  position: CursorPosition,
  { order, view }: ListOrder<Item>,
): NonNullable<ResourceQuery<Item>['after']> {
  if (order === undefined) return rangeAfter(position.id).after;
  const last = nest(order.path, position.sortValue);
  return {
    id: position.id,
    isAfter(item) {
      const compared = compareBySortOrder(order, view(item), last);
      return compared > 0 || (compared === 0 && item.id > position.id);
    },
  };
}

/** In the default order. */
function rangeAfter(last: string) {
  return { offset: 0, after: { id: last, isAfter: ({ id }: Listed) => id > last } };
}

/** A resource that has nothing but this value at this path. */
function nest(path: readonly string[], value: JsonValue | undefined): JsonObject {
  if (value === undefined) return {};
  return path.reduceRight<JsonValue>((inner, key): JsonDraft => ({ [key]: inner }), value) as JsonObject;
}
