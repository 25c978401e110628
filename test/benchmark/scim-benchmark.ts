// SCIM as an identity provider calls it: reading one person, finding one by user name, switching off and on, creating, listing; a large group; a
// walk through everybody; an import.

import type { AskedRequest } from './load.ts';
import type { Benchmark } from './benchmark.ts';
import { prepareFilterCases } from './scim-filter-cases.ts';
import { prepareGroupCases } from './scim-group-cases.ts';
import { prepareImportCases } from './scim-import-cases.ts';
import { newPerson, patchActive, scimHeaders } from './scim-requests.ts';
import { prepareWalkCases } from './scim-walk-cases.ts';

export const scimBenchmark: Benchmark = {
  name: 'scim',
  sentence: 'get, lookup by userName, PATCH active (durable), create, list, a large group, walks, a Bulk import',
  async prepare(server, count) {
    const ids = await server.addUsers({ organization: 'default', count, active: true });
    const idOf = (n: number): string => ids[scatter(n, count)] ?? '';
    return [
      { name: 'get', request: (n) => ({ path: `/scim/v2/Users/${idOf(n)}`, headers: scimHeaders }) },
      { name: 'lookup userName eq', request: (n) => lookUp(`person-${scatter(n, count)}@example.com`) },
      { name: 'PATCH active', request: (n) => patchActive(ids[n % count] ?? '', Math.floor(n / count) % 2 === 1) },
      { name: 'create', request: (n) => create(`newcomer-${n}@example.com`), expectedStatus: 201 },
      { name: 'list, pages of 100 anywhere', request: (n) => listFrom(scatter(n, count - 100) + 1) },
      ...(await prepareGroupCases(server, ids)),
      ...prepareWalkCases(server),
      ...prepareFilterCases(server),
      ...prepareImportCases(server, Math.min(count, 100_000)),
    ];
  },
};

/** Order without a pattern a cache would like, the same in every run. */
function scatter(n: number, count: number): number {
  return (n * 7_919) % count;
}

function lookUp(userName: string): AskedRequest {
  const filter = encodeURIComponent(`userName eq "${userName}"`);
  return { path: `/scim/v2/Users?filter=${filter}`, headers: scimHeaders };
}

function create(userName: string): AskedRequest {
  return { method: 'POST', path: '/scim/v2/Users', headers: scimHeaders, body: JSON.stringify(newPerson(userName)) };
}

function listFrom(startIndex: number): AskedRequest {
  return { path: `/scim/v2/Users?startIndex=${startIndex}&count=100`, headers: scimHeaders };
}
