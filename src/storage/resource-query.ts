// A query over an organisation's users or groups: narrowed by an index where there is one, re-checked by the caller's own predicate, sorted,
// paged. The same code serves both stores, so a filter means the same on each. A walk yields to the event loop between pieces.

import { createSortedRows } from './sorted-rows.ts';
import { StorageError } from './storage-error.ts';

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

/** Items between two turns of the event loop: a few milliseconds. */
const piece = 100;
/** Longer than this nobody is walked for: the question needs an index, or is too broad. Milliseconds. */
const walkBudgetMs = 2_000;

/** Answers one page and the true total. Throws `StorageError`, `tooMuch` when too many would have to be looked at one by one. */
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
  const page = createPage(query);
  const candidates = (await source.narrowed?.()) ?? null;
  if (candidates === null) await walk(source, page);
  else await page.take(candidates);
  return page.result();
}

async function walk<Item extends { readonly id: string }>(
  source: ResourceSource<Item>,
  page: ReturnType<typeof createPage<Item>>,
): Promise<void> {
  const until = performance.now() + walkBudgetMs;
  let after: string | undefined;
  for (;;) {
    const items = await source.list({ ...(after === undefined ? {} : { after }), limit: piece });
    await page.take(items);
    if (items.length < piece) return;
    if (performance.now() > until)
      throw new StorageError('tooMuch', 'Too many would have to be looked at one by one; ask for less.');
    after = items.at(-1)?.id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Keeps of what goes by what the page needs, and counts the rest. */
function createPage<Item>({ prepare, matches, compare, after, offset, limit }: ResourceQuery<Item>) {
  const sorted = compare === undefined ? undefined : createSortedRows(compare, offset + limit);
  const kept: Item[] = [];
  let total = 0;
  let passed = 0;
  return {
    async take(items: readonly Item[]): Promise<void> {
      await prepare?.(items);
      const found = matches === undefined ? items : items.filter(matches);
      total += found.length;
      const beyond = after === undefined ? found : found.filter(after.isAfter);
      if (sorted !== undefined) return sorted.add(beyond);
      for (const item of beyond) {
        passed += 1;
        if (passed > offset && kept.length < limit) kept.push(item);
      }
    },
    async result(): Promise<{ readonly total: number; readonly items: readonly Item[] }> {
      return { total, items: sorted === undefined ? kept : (await sorted.first()).slice(offset, offset + limit) };
    },
  };
}
