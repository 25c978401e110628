// As many people again by Bulk requests, and the same rows written by the driver alone: what is left between the two is what Furlough costs.

import type { BenchmarkCase } from './benchmark.ts';
import { newPerson, scimHeaders } from './scim-requests.ts';
import type { ServerProcess } from './server-process.ts';

const perRequest = 50;

export function prepareImportCases(server: ServerProcess, people: number): readonly BenchmarkCase[] {
  return [
    {
      name: `Bulk, ${perRequest} people each`,
      request: (n) => ({
        method: 'POST',
        path: '/scim/v2/Bulk',
        headers: scimHeaders,
        body: JSON.stringify({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
          Operations: Array.from({ length: perRequest }, (_, i) => ({
            method: 'POST',
            path: '/Users',
            bulkId: `b${i}`,
            data: newPerson(`bulk-${n}-${i}@example.com`),
          })),
        }),
      }),
      most: Math.max(20, Math.floor(people / perRequest)),
      itemsPerRequest: perRequest,
    },
    {
      name: 'the same rows by the driver alone',
      itemsPerRequest: perRequest,
      measure: () => server.insertRows({ count: people, perTransaction: perRequest }),
    },
  ];
}
