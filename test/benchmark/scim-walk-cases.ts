// A client that reads everybody, page after page, by index and by cursor: the last pages must cost what the first ones do.

import type { BenchmarkCase } from './benchmark.ts';
import { toLoadResult, type LoadResult } from './load.ts';
import { scimHeaders } from './scim-requests.ts';
import type { ServerProcess } from './server-process.ts';

const pageSize = 200;

interface Page {
  readonly itemsPerPage: number;
  readonly totalResults: number;
  readonly nextCursor?: string;
}

export function prepareWalkCases(server: ServerProcess): readonly BenchmarkCase[] {
  return (['index', 'cursor'] as const).flatMap((by) => {
    let walked: Promise<readonly number[]> | undefined;
    const tenth =
      (of: (times: readonly number[], length: number) => readonly number[]) => async (): Promise<LoadResult> => {
        walked ??= walk(server.url, by);
        const times = await walked;
        return toLoadResult(of(times, Math.max(1, Math.floor(times.length / 10))));
      };
    return [
      {
        name: `walk by ${by}, its first tenth`,
        measure: tenth((times, length) => times.slice(0, length)),
        itemsPerRequest: pageSize,
      },
      {
        name: `walk by ${by}, its last tenth`,
        measure: tenth((times, length) => times.slice(-length)),
        itemsPerRequest: pageSize,
      },
    ];
  });
}

/** How long each page took, in milliseconds. */
async function walk(url: string, by: 'index' | 'cursor'): Promise<readonly number[]> {
  const times: number[] = [];
  let position = by === 'index' ? 'startIndex=1' : 'cursor=';
  for (let seen = 0; ; ) {
    const begun = performance.now();
    const response = await fetch(`${url}/scim/v2/Users?count=${pageSize}&${position}`, { headers: scimHeaders });
    const page = (await response.json()) as Page;
    times.push(performance.now() - begun);
    if (response.status !== 200) throw new Error(`${position}: ${response.status}`);
    seen += page.itemsPerPage;
    if (seen >= page.totalResults) return times;
    if (page.itemsPerPage === 0 || (by === 'cursor' && page.nextCursor === undefined))
      throw new Error(`the walk ended after ${seen} of ${page.totalResults}`);
    position = by === 'index' ? `startIndex=${seen + 1}` : `cursor=${encodeURIComponent(page.nextCursor ?? '')}`;
  }
}
