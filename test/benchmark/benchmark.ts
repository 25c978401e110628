// What a benchmark is: cases in order, each measured after a warm-up on a server of its own, and beside them the two bare servers, so that
// numbers of one machine can be compared with those of another.

import { applyLoad, type AskedRequest, type LoadResult } from './load.ts';
import { startServerProcess, type Measured, type ServerProcess } from './server-process.ts';

export interface BenchmarkOptions {
  /** 100,000 people instead of 1,000. */
  readonly large: boolean;
  /** Per case. */
  readonly seconds: number;
}

export interface BenchmarkCase {
  readonly name: string;
  readonly request: (n: number) => AskedRequest;
  /** 200 unless said. */
  readonly expectedStatus?: number;
  /** The case is over after so many; there is no warm-up then. */
  readonly most?: number;
}

export interface Benchmark {
  readonly name: string;
  readonly sentence: string;
  /** Fills the store and answers the cases. */
  readonly prepare: (server: ServerProcess, options: BenchmarkOptions) => Promise<readonly BenchmarkCase[]>;
}

export interface Measurement extends LoadResult {
  readonly case: string;
  /** Throughput as a share of the bare express route's in the same run. */
  readonly ofExpress: number;
  /** Resident memory of the server after the case, in megabytes. */
  readonly memoryMegabytes: number;
}

/** Runs a benchmark; `report` hears what is going on. */
export async function runBenchmark(
  benchmark: Benchmark,
  options: BenchmarkOptions,
  report: (line: string) => void,
): Promise<readonly Measurement[]> {
  const bare: Measurement[] = [];
  const bareCase: BenchmarkCase = { name: 'bare', request: () => ({ path: '/bare' }) };
  for (const measured of ['node', 'express'] as const) {
    report(`bare ${measured}`);
    const name = measured === 'node' ? 'bare node:http' : 'bare express';
    bare.push(...(await onServer(measured, (server) => measureAll(server, [{ ...bareCase, name }], options, report))));
  }
  const ours = await onServer('furlough', async (server) => {
    report('filling the store');
    return measureAll(server, await benchmark.prepare(server, options), options, report);
  });
  const express = bare.at(-1)?.perSecond ?? 0;
  return [...bare, ...ours].map((measurement) => ({ ...measurement, ofExpress: measurement.perSecond / express }));
}

async function onServer<Result>(measured: Measured, work: (server: ServerProcess) => Promise<Result>): Promise<Result> {
  const server = await startServerProcess(measured);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function measureAll(
  server: ServerProcess,
  cases: readonly BenchmarkCase[],
  { seconds }: BenchmarkOptions,
  report: (line: string) => void,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const { name, request, expectedStatus = 200, most } of cases) {
    report(name);
    let asked = 0;
    const load = { url: server.url, expectedStatus, request: () => request(asked++) };
    if (most === undefined) await applyLoad({ ...load, seconds: 1 });
    const result = await applyLoad({ ...load, seconds, ...(most === undefined ? {} : { most }) });
    const memoryMegabytes = (await server.memory()) / 1e6;
    measurements.push({ case: name, ...result, ofExpress: 0, memoryMegabytes });
  }
  return measurements;
}
