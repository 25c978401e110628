// authentik. It chooses PATCH or PUT for groups by ServiceProviderConfig; users are always put. What it sends keeps to the RFCs.

import { GROUP_URN } from '../group-schema.ts';
import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

const person = (name: string) => ({
  schemas: [USER_URN],
  userName: `${name}@authentik.test`,
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ value: `${name}@authentik.test`, type: 'work', primary: true }],
  active: true,
});

export const authentik: Dialect = {
  client: 'authentik',
  exchanges: [
    {
      title: 'discovers, puts users, makes anew whom a PUT does not find',
      mark: 'S',
      source: 'goauthentik/authentik#16678, Infisical#6552, bitwarden#2919',
      steps: [
        {
          method: 'GET',
          path: '/ServiceProviderConfig',
          answer: { status: 200, body: { patch: { supported: true } } },
        },
        {
          method: 'PUT',
          path: '/Users/01900000-0000-7000-8000-000000000000',
          body: person('ann'),
          answer: { status: 404 },
        },
        { method: 'POST', path: '/Users', body: person('ann'), answer: { status: 201 }, saves: 'ann' },
        {
          method: 'PUT',
          path: '/Users/{{ann}}',
          body: { ...person('ann'), displayName: 'Ann', active: false },
          answer: { status: 200, body: { displayName: 'Ann', active: false } },
        },
      ],
    },
    {
      title: 'groups by PATCH, and the last member leaves by PUT',
      mark: 'S',
      source: 'goauthentik/authentik#11249 and #25686',
      steps: [
        { method: 'POST', path: '/Users', body: person('bo'), answer: { status: 201 }, saves: 'bo' },
        {
          method: 'POST',
          path: '/Groups',
          body: { schemas: [GROUP_URN], displayName: 'authentik', externalId: 'a1' },
          answer: { status: 201 },
          saves: 'group',
        },
        {
          method: 'PATCH',
          path: '/Groups/{{group}}',
          body: { schemas: [PATCH_OP_URN], Operations: [{ op: 'add', path: 'members', value: [{ value: '{{bo}}' }] }] },
          answer: { status: 204 },
        },
        {
          method: 'PUT',
          path: '/Groups/{{group}}',
          body: { schemas: [GROUP_URN], displayName: 'authentik', externalId: 'a1', members: [] },
          answer: { status: 200, lacks: ['members'] },
        },
      ],
    },
  ],
};
