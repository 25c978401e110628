// A filter on an attribute that no index knows: it is walked in pieces until it is done or too many were read, and others are answered between.

import type { BenchmarkCase } from './benchmark.ts';
import { toLoadResult, type LoadResult } from './load.ts';
import { scimHeaders } from './scim-requests.ts';
import type { ServerProcess } from './server-process.ts';

const forMs = 10_000;

interface Times {
  /** Milliseconds. */
  readonly filters: number[];
  readonly others: number[];
}

export function prepareFilterCases(server: ServerProcess): readonly BenchmarkCase[] {
  let measured: Promise<Times> | undefined;
  const timesOf = (of: (times: Times) => readonly number[]) => async (): Promise<LoadResult> => {
    measured ??= measure(server.url);
    return toLoadResult(of(await measured));
  };
  return [
    { name: 'filter on title, one at a time', measure: timesOf(({ filters }) => filters) },
    { name: '/livez beside it', measure: timesOf(({ others }) => others) },
  ];
}

async function measure(url: string): Promise<Times> {
  const times: Times = { filters: [], others: [] };
  const filter = encodeURIComponent('title eq "Nobody has it"');
  const until = performance.now() + forMs;
  const repeat = async (into: number[], ask: () => Promise<void>): Promise<void> => {
    while (performance.now() < until) {
      const begun = performance.now();
      await ask();
      into.push(performance.now() - begun);
    }
  };
  await Promise.all([
    repeat(times.filters, async () => {
      const response = await fetch(`${url}/scim/v2/Users?filter=${filter}`, { headers: scimHeaders });
      const body = (await response.json()) as { readonly totalResults?: number; readonly scimType?: string };
      if (body.totalResults !== 0 && body.scimType !== 'tooMany') throw new Error(`the filter got ${response.status}`);
    }),
    repeat(times.others, async () => {
      const response = await fetch(`${url}/livez`);
      await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`/livez got ${response.status}`);
    }),
  ]);
  return times;
}
