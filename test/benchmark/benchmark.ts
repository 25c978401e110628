// What a benchmark is: cases in order, each measured after a warm-up on a server of its own, and beside them the two bare servers, so that
// numbers of one machine can be compared with those of another.

import { applyLoad, type AskedRequest, type LoadResult } from './load.ts';
import { startServerProcess, type Measured, type ServerProcess } from './server-process.ts';

export interface BenchmarkOptions {
  /** How many people there are: everything is measured at each of these. */
  readonly sizes: readonly number[];
  /** Per case. */
  readonly seconds: number;
}

/** Before a case is measured: a server that has run for a while has its code compiled, and a change of status runs through much of it. */
const warmUpSeconds = 8;

interface NamedCase {
  readonly name: string;
  /** How many users a request is about, where it is more than one. */
  readonly itemsPerRequest?: number;
}

/** Asked by ten clients at once. */
export interface RequestCase extends NamedCase {
  readonly request: (n: number) => AskedRequest;
  /** 200 unless said. */
  readonly expectedStatus?: number;
  /** The case is over after so many; there is no warm-up then. */
  readonly most?: number;
}

/** Measures by itself: what follows an order, or is no request. */
export interface MeasuredCase extends NamedCase {
  /** Memory is looked at after a collection. */
  readonly collected?: true;
  readonly measure: () => Promise<LoadResult>;
}

export type BenchmarkCase = RequestCase | MeasuredCase;

export interface Benchmark {
  readonly name: string;
  readonly sentence: string;
  /** Fills the store with so many people and answers the cases. */
  readonly prepare: (server: ServerProcess, people: number) => Promise<readonly BenchmarkCase[]>;
}

export interface Measurement extends LoadResult {
  readonly case: string;
  /** Of the bare servers: null. */
  readonly people: number | null;
  /** Throughput as a share of the bare express route's in the same run. */
  readonly ofExpress: number;
  /** Resident memory of the server after the case, in megabytes. */
  readonly memoryMegabytes: number;
  readonly itemsPerRequest?: number;
}

/** Runs a benchmark; `report` hears what is going on. */
export async function runBenchmark(
  benchmark: Benchmark,
  options: BenchmarkOptions,
  report: (line: string) => void,
): Promise<readonly Measurement[]> {
  const bareNode = await measureBare('node', options, report);
  const expresses = [await measureBare('express', options, report)];
  const ours: Measurement[] = [];
  for (const people of options.sizes) {
    const measured = await onServer('furlough', async (server) => {
      report(`${people.toLocaleString('en')} people: filling the store`);
      const cases = await benchmark.prepare(server, people);
      await server.restart();
      return measureAll(server, cases, options, report);
    });
    ours.push(...measured.map((measurement) => ({ ...measurement, people })));
    // The machine may be busier now than it was: the ceiling is measured between, too.
    expresses.push(await measureBare('express', options, report));
  }
  const express = meanOf(expresses);
  return [bareNode, express, ...ours].map((each) => ({ ...each, ofExpress: each.perSecond / express.perSecond }));
}

async function measureBare(
  measured: 'node' | 'express',
  options: BenchmarkOptions,
  report: (line: string) => void,
): Promise<Measurement> {
  const name = measured === 'node' ? 'bare node:http' : 'bare express';
  const bare: BenchmarkCase = { name, request: () => ({ path: '/bare' }) };
  const [measurement] = await onServer(measured, (server) => measureAll(server, [bare], options, report));
  if (measurement === undefined) throw new Error('nothing was measured');
  return measurement;
}

function meanOf(measurements: readonly Measurement[]): Measurement {
  const [first] = measurements;
  if (first === undefined) throw new Error('nothing was measured');
  const mean = (of: (measurement: Measurement) => number): number =>
    measurements.reduce((sum, each) => sum + of(each), 0) / measurements.length;
  return {
    ...first,
    perSecond: mean((each) => each.perSecond),
    p50: mean((each) => each.p50),
    p99: mean((each) => each.p99),
    memoryMegabytes: Math.max(...measurements.map((each) => each.memoryMegabytes)),
  };
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
  for (const each of cases) {
    const { name, itemsPerRequest } = each;
    report(name);
    const result = 'measure' in each ? await each.measure() : await measureRequests(server, each, seconds);
    const memoryMegabytes = (await server.memory('collected' in each)) / 1e6;
    const items = itemsPerRequest === undefined ? {} : { itemsPerRequest };
    measurements.push({ case: name, people: null, ...result, ofExpress: 0, memoryMegabytes, ...items });
  }
  return measurements;
}

async function measureRequests(
  { url }: ServerProcess,
  { request, expectedStatus = 200, most }: RequestCase,
  seconds: number,
): Promise<LoadResult> {
  let asked = 0;
  const load = { url, expectedStatus, request: () => request(asked++) };
  if (most !== undefined) return applyLoad({ ...load, seconds, most });
  await applyLoad({ ...load, seconds: warmUpSeconds });
  return applyLoad({ ...load, seconds });
}
