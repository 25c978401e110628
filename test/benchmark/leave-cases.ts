// What an HR system sends of everybody, and the forecast over the leaves that come of it.

import type { BenchmarkCase } from './benchmark.ts';
import { toLoadResult } from './load.ts';
import { adminKey, type ServerProcess } from './server-process.ts';

const organization = 'hr';
/** The door takes so many at once. */
const perRequest = 10_000;
const dayMs = 86_400_000;

type Post = (path: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

/** Everybody is active; every tenth goes on leave within 90 days and comes back within 180, the others are reported as active. */
export async function prepareLeaveCases(
  server: ServerProcess,
  people: number,
  post: Post,
): Promise<readonly BenchmarkCase[]> {
  const base = `/api/v1/organizations/${organization}`;
  await post('/api/v1/organizations', { id: organization, name: organization, timeZone: 'UTC', licensed: people });
  await post(`${base}/connections`, { id: 'feed', name: 'Feed', kind: 'hr' });
  const { secret } = await post(`${base}/credentials`, { kind: 'hr', name: 'feed', connection: 'feed' });
  await server.addUsers({ organization, count: people, active: true });
  const dateIn = (days: number): string => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);
  const lineOf = (n: number) =>
    n % 10 === 0
      ? {
          employeeNumber: String(n),
          status: 'leave',
          effectiveAt: dateIn(1 + ((n / 10) % 88)),
          until: dateIn(90 + ((n / 10) % 80)),
        }
      : { employeeNumber: String(n), status: 'active', effectiveAt: dateIn(0) };

  async function send(from: number): Promise<number> {
    const lines = Array.from({ length: Math.min(perRequest, people - from) }, (_, at) => lineOf(from + at));
    const begun = performance.now();
    const response = await fetch(`${server.url}/hr/v1/status-changes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${String(secret)}`, 'content-type': 'application/json' },
      body: JSON.stringify(lines),
    });
    const { summary } = (await response.json()) as { readonly summary: { readonly failed: number } };
    if (response.status !== 200 || summary.failed > 0) throw new Error(`HR: ${response.status}`);
    return performance.now() - begun;
  }

  return [
    {
      name: `HR feed, ${people.toLocaleString('en')} lines`,
      itemsPerRequest: Math.min(perRequest, people),
      async measure() {
        const times: number[] = [];
        for (let from = 0; from < people; from += perRequest) times.push(await send(from));
        return toLoadResult(times);
      },
    },
    {
      name: `forecast, ${Math.floor(people / 10).toLocaleString('en')} leaves`,
      async measure() {
        const times: number[] = [];
        for (let n = 0; n < 20; n += 1) {
          const begun = performance.now();
          const response = await fetch(`${server.url}${base}/seats/forecast?days=180`, {
            headers: { authorization: `Bearer ${adminKey}` },
          });
          const text = await response.text();
          // Until the whole answer is there; what a client reads out of it is not the server's.
          times.push(performance.now() - begun);
          const { steps } = JSON.parse(text) as { readonly steps: readonly unknown[] };
          if (response.status !== 200 || steps.length < 100) throw new Error(`forecast: ${response.status}`);
        }
        return toLoadResult(times);
      },
    },
  ];
}
