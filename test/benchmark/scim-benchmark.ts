// SCIM as an identity provider calls it: reading one person, finding one by user name, switching off and on, creating, listing.

import type { AskedRequest } from './load.ts';
import type { Benchmark } from './benchmark.ts';
import { scimToken } from './server-process.ts';

const headers = { authorization: `Bearer ${scimToken}`, 'content-type': 'application/scim+json' };

export const scimBenchmark: Benchmark = {
  name: 'scim',
  sentence: 'get, lookup by userName, PATCH active (durable), create, list',
  async prepare(server, count) {
    const ids = await server.addUsers({ organization: 'default', count, active: true });
    const idOf = (n: number): string => ids[scatter(n, count)] ?? '';
    return [
      { name: 'get', request: (n) => ({ path: `/scim/v2/Users/${idOf(n)}`, headers }) },
      { name: 'lookup userName eq', request: (n) => lookUp(`person-${scatter(n, count)}@example.com`) },
      { name: 'PATCH active', request: (n) => patchActive(ids[n % count] ?? '', Math.floor(n / count) % 2 === 1) },
      { name: 'create', request: (n) => create(`newcomer-${n}@example.com`), expectedStatus: 201 },
      { name: 'list, pages of 100', request: (n) => listFrom(scatter(n, count - 100) + 1) },
    ];
  },
};

/** Order without a pattern a cache would like, the same in every run. */
function scatter(n: number, count: number): number {
  return (n * 7_919) % count;
}

function lookUp(userName: string): AskedRequest {
  return { path: `/scim/v2/Users?filter=${encodeURIComponent(`userName eq "${userName}"`)}`, headers };
}

/** As Entra sends it. */
export function patchActive(id: string, active: boolean, credential?: string): AskedRequest {
  return {
    method: 'PATCH',
    path: `/scim/v2/Users/${id}`,
    headers: credential === undefined ? headers : { ...headers, authorization: `Bearer ${credential}` },
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'Replace', path: 'active', value: active }],
    }),
  };
}

function create(userName: string): AskedRequest {
  return {
    method: 'POST',
    path: '/scim/v2/Users',
    headers,
    body: JSON.stringify({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName,
      externalId: userName,
      active: true,
      name: { givenName: 'New', familyName: 'Comer' },
      emails: [{ value: userName, type: 'work', primary: true }],
    }),
  };
}

function listFrom(startIndex: number): AskedRequest {
  return { path: `/scim/v2/Users?startIndex=${startIndex}&count=100`, headers };
}
