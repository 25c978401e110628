// SCIM requests as clients write them, with the benchmarks' credential.

import type { AskedRequest } from './load.ts';
import { scimToken } from './server-process.ts';

export const scimHeaders = { authorization: `Bearer ${scimToken}`, 'content-type': 'application/scim+json' };

/** `credential` in place of the benchmarks' own. */
export function patchOf(path: string, operation: object, credential?: string): AskedRequest {
  return {
    method: 'PATCH',
    path,
    headers: credential === undefined ? scimHeaders : { ...scimHeaders, authorization: `Bearer ${credential}` },
    body: JSON.stringify({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [operation] }),
  };
}

/** As Entra sends it. */
export function patchActive(id: string, active: boolean, credential?: string): AskedRequest {
  return patchOf(`/scim/v2/Users/${id}`, { op: 'Replace', path: 'active', value: active }, credential);
}

export function newPerson(userName: string) {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    externalId: userName,
    active: true,
    name: { givenName: 'New', familyName: 'Comer' },
    emails: [{ value: userName, type: 'work', primary: true }],
  };
}
