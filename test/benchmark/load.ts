// Sends requests as fast as they are answered over ten connections that stay open, and measures each. What is asked is a case's business.

import autocannon from 'autocannon';

export interface AskedRequest {
  readonly method?: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface LoadOptions {
  readonly url: string;
  /** The n-th request, n from 0. */
  readonly request: (n: number) => AskedRequest;
  /** What every answer must be. */
  readonly expectedStatus: number;
  readonly seconds: number;
  /** At most so many requests, then it ends early. */
  readonly most?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const connections = 10;

/** The tool writes a body's length into the headers it is given; shared ones would then announce a body where there is none, and all would wait. */
function ownHeaders(asked: AskedRequest): AskedRequest {
  return { ...asked, headers: { ...asked.headers } };
}

/** Throws when an answer was not the expected one: a quick refusal is no throughput. */
export async function applyLoad(options: LoadOptions): Promise<LoadResult> {
  const { url, request, expectedStatus, seconds, most } = options;
  const times: number[] = [];
  const statuses = new Map<number, number>();
  let asked = 0;
  let begun = 0;
  let ended = 0;
  const run = autocannon({
    url,
    connections: most === undefined ? connections : Math.min(connections, most),
    ...(most === undefined ? { duration: seconds } : { amount: most }),
    requests: [{ setupRequest: (defaults) => ({ ...defaults, method: 'GET', ...ownHeaders(request(asked++)) }) }],
  });
  // The run is itself a promise, awaited below.
  void run.on('start', () => {
    begun = performance.now();
  });
  void run.on('response', (_client, status, _bytes, milliseconds) => {
    times.push(milliseconds);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    ended = performance.now();
  });
  const { errors, timeouts } = await run;
  const expected = statuses.get(expectedStatus) ?? 0;
  if (errors + timeouts > 0 || expected === 0 || expected !== times.length) {
    const got = [...statuses].map(([status, count]) => `${count} times ${status}`).join(', ');
    throw new Error(
      `${request(0).path}: expected ${expectedStatus}, got ${got}; ${errors} errors, ${timeouts} timeouts`,
    );
  }
  if (times.length <= connections)
    throw new Error(`${request(0).path}: only ${times.length} answers, so somebody waits for nothing`);
  return toLoadResult(times, ended - begun);
}

/** `times` in milliseconds, one per request; `took` for all of them, where they did not follow one another. */
export function toLoadResult(times: readonly number[], took = times.reduce((sum, time) => sum + time, 0)): LoadResult {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { requests: times.length, perSecond: (times.length / took) * 1_000, p50: at(0.5), p99: at(0.99) };
}
