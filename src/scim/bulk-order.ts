// In which order the operations of a Bulk request are done: as they stand, but whoever is referred to first. In a circle somebody is created
// without the reference and completed afterwards (RFC 7644 §3.7.1).

import type { BulkOperation } from './bulk-request.ts';

export interface BulkStep {
  /** Which operation, by its place in the request. */
  readonly at: number;
  /** References that are left out now, because they lead in a circle. */
  readonly leftOut: ReadonlySet<string>;
}

export function orderBulkOperations(operations: readonly BulkOperation[]): readonly BulkStep[] {
  const creators = new Map(
    operations.flatMap(({ bulkId, method }, at) =>
      bulkId !== undefined && method === 'POST' ? [[bulkId, at] as const] : [],
    ),
  );
  const steps: BulkStep[] = [];
  const state = operations.map((): 'waiting' | 'begun' | 'done' => 'waiting');
  /** Depth first; without recursion, for a chain may be as long as the request. */
  const visit = (start: number): void => {
    const path: { readonly at: number; readonly open: string[]; readonly leftOut: Set<string> }[] = [];
    const enter = (at: number): void => {
      state[at] = 'begun';
      path.push({ at, open: [...(operations[at]?.references ?? [])], leftOut: new Set() });
    };
    enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const reference = top.open.shift();
      if (reference === undefined) {
        state[top.at] = 'done';
        steps.push({ at: top.at, leftOut: top.leftOut });
        path.pop();
        continue;
      }
      const creator = creators.get(reference);
      if (creator === undefined || creator === top.at) continue;
      if (state[creator] === 'waiting') enter(creator);
      else if (state[creator] === 'begun') top.leftOut.add(reference);
    }
  };
  for (const at of operations.keys()) if (state[at] === 'waiting') visit(at);
  return steps;
}
