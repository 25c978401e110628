// A group of ten thousand (or of everybody, where there are fewer): a change of one member must not cost what the group is large.

import type { BenchmarkCase } from './benchmark.ts';
import type { ServerProcess } from './server-process.ts';
import { patchOf, scimHeaders } from './scim-requests.ts';

const most = 10_000;

/** `ids` are users. */
export async function prepareGroupCases(
  server: ServerProcess,
  ids: readonly string[],
): Promise<readonly BenchmarkCase[]> {
  const members = ids.slice(0, most);
  const group = await server.addGroup({ organization: 'default', members });
  const path = `/scim/v2/Groups/${group}`;
  // The same person leaves and comes back, one after the other, so that every request changes something.
  const memberOf = (n: number): string => members[Math.floor(n / 2) % members.length] ?? '';
  const change = (n: number): object =>
    n % 2 === 0
      ? { op: 'remove', path: `members[value eq "${memberOf(n)}"]` }
      : { op: 'add', path: 'members', value: [{ value: memberOf(n) }] };
  const size = members.length.toLocaleString('en');
  return [
    { name: `group of ${size}: PATCH one member`, request: (n) => patchOf(path, change(n)), expectedStatus: 204 },
    {
      name: `group of ${size}: get without members`,
      request: () => ({ path: `${path}?excludedAttributes=members`, headers: scimHeaders }),
    },
  ];
}
