// Activations per second, an HR feed and the forecast. An activation is a durable PATCH that takes a seat: all in one organisation, where the ledger is one
// row, and spread over 100.

import type { Benchmark } from './benchmark.ts';
import { prepareLeaveCases } from './leave-cases.ts';
import { patchActive } from './scim-requests.ts';
import { adminKey, type ServerProcess } from './server-process.ts';

interface Inactive {
  readonly id: string;
  readonly credential: string;
}

export const seatsBenchmark: Benchmark = {
  name: 'seats',
  sentence: 'activations on one and on 100 organisations, 10,000 at most; an HR feed of everybody; the forecast',
  async prepare(server, people) {
    const activations = Math.min(people, 10_000);
    const one = await fill(server, 'one', people);
    const shares: (readonly Inactive[])[] = [];
    for (let i = 0; i < 100; i += 1) shares.push(await fill(server, `many-${i}`, Math.floor(people / 100)));
    // Whose turn it is goes around the organisations.
    const many = Array.from({ length: activations }, (_, n) => shares[n % 100]?.[Math.floor(n / 100)]);
    const activate = (people: readonly (Inactive | undefined)[]) => (n: number) => {
      const { id = '', credential = '' } = people[n] ?? {};
      return patchActive(id, true, credential);
    };
    const leaves = await prepareLeaveCases(server, people, (path, body) => post(server, path, body));
    return [
      { name: 'activate, 1 organisation', request: activate(one), most: activations },
      { name: 'activate, 100 organisations', request: activate(many), most: activations },
      ...leaves,
    ];
  },
};

/** An organisation with `count` inactive people and a seat for each. */
async function fill(server: ServerProcess, organization: string, count: number): Promise<readonly Inactive[]> {
  const base = '/api/v1/organizations';
  await post(server, base, { id: organization, name: organization, timeZone: 'UTC', licensed: count });
  const { secret } = await post(server, `${base}/${organization}/credentials`, { kind: 'scim', name: 'benchmark' });
  const ids = await server.addUsers({ organization, count, active: false });
  return ids.map((id) => ({ id, credential: String(secret) }));
}

async function post(server: ServerProcess, path: string, body: object): Promise<Readonly<Record<string, unknown>>> {
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  const response = await fetch(`${server.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (response.status !== 201) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}
