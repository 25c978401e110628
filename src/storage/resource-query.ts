// A query over an organisation's users or groups: narrowed by an index where there is one, re-checked by the caller's own predicate, sorted,
// paged. The same code serves both stores, so a filter means the same on each. A walk yields to the event loop between pieces.

export interface ResourceQuery<Item> {
  /** Called with every piece before it is looked at: reads what the predicate and the order need beyond the items themselves. */
  readonly prepare?: (items: readonly Item[]) => Promise<void>;
  /** Left out: everybody. */
  readonly matches?: (item: Item) => boolean;
  /** Negative, zero or positive as for `Array.sort`; ties and default: order of creation. */
  readonly compare?: (a: Item, b: Item) => number;
  /** Only items beyond this one in the order: `id` for the default order, the predicate for any other. Then `offset` is 0. */
  readonly after?: { readonly id: string; readonly isAfter: (item: Item) => boolean };
  /** Rows to pass over, and how many to answer (0 answers only the total). */
  readonly offset: number;
  readonly limit: number;
}

export interface ResourceSource<Item> {
  count(): Promise<number>;
  /** In order of creation. */
  list(page: { readonly after?: string; readonly offset?: number; readonly limit: number }): Promise<readonly Item[]>;
  /** A superset of the answer, read by an index; null where none helps, or where it is too common to be read so. */
  readonly narrowed: (() => Promise<readonly Item[] | null>) | undefined;
}

const piece = 200;

/** Answers one page and the true total. Throws `StorageError`. */
export async function queryResources<Item extends { readonly id: string }>(
  source: ResourceSource<Item>,
  query: ResourceQuery<Item>,
): Promise<{ readonly total: number; readonly items: readonly Item[] }> {
  if (source.narrowed === undefined && query.matches === undefined && query.compare === undefined) {
    const total = await source.count();
    if (query.limit === 0 || query.offset >= total) return { total, items: [] };
    const from = query.after === undefined ? { offset: query.offset } : { after: query.after.id };
    return { total, items: await source.list({ ...from, limit: query.limit }) };
  }
  const candidates = (await source.narrowed?.()) ?? null;
  const found = candidates === null ? await walk(source, query) : await choose(candidates, query);
  const sorted = query.compare === undefined ? found : found.toSorted(query.compare);
  const { after, offset, limit } = query;
  const beyond = after === undefined ? sorted : sorted.filter(after.isAfter);
  return { total: found.length, items: beyond.slice(offset, offset + limit) };
}

async function walk<Item extends { readonly id: string }>(
  source: ResourceSource<Item>,
  query: ResourceQuery<Item>,
): Promise<readonly Item[]> {
  const found: Item[] = [];
  let after: string | undefined;
  for (;;) {
    const items = await source.list({ ...(after === undefined ? {} : { after }), limit: piece });
    found.push(...(await choose(items, query)));
    if (items.length < piece) return found;
    after = items.at(-1)?.id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function choose<Item>(
  items: readonly Item[],
  { prepare, matches }: ResourceQuery<Item>,
): Promise<readonly Item[]> {
  await prepare?.(items);
  return matches === undefined ? items : items.filter(matches);
}
