// JumpCloud. Activating a connection runs a whole life: a person and a group that it makes are gone at the end.

import { GROUP_URN } from '../group-schema.ts';
import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

const person = (name: string) => ({
  schemas: [USER_URN],
  userName: `${name}@jumpcloud.test`,
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ value: `${name}@jumpcloud.test`, type: 'work', primary: true }],
  active: true,
});

export const jumpcloud: Dialect = {
  client: 'JumpCloud',
  exchanges: [
    {
      title: 'activation: a test person and a test group live and go',
      mark: 'S',
      source:
        'JumpCloud support, "Identity Management using a Custom SCIM Integration"; order and verbs partly inferred',
      steps: [
        {
          method: 'GET',
          path: '/Users?filter=userName%20eq%20%22test%40jumpcloud.test%22',
          answer: { status: 200, body: { totalResults: 0, Resources: [] } },
        },
        { method: 'POST', path: '/Users', body: person('test'), answer: { status: 201 }, saves: 'test' },
        {
          method: 'PUT',
          path: '/Users/{{test}}',
          body: { ...person('test'), active: false },
          answer: { status: 200, body: { active: false } },
        },
        {
          method: 'POST',
          path: '/Groups',
          body: { schemas: [GROUP_URN], displayName: 'JumpCloud test' },
          answer: { status: 201 },
          saves: 'group',
        },
        { method: 'DELETE', path: '/Groups/{{group}}', answer: { status: 204 } },
        { method: 'DELETE', path: '/Users/{{test}}', answer: { status: 204 } },
      ],
    },
    {
      title: 'unbound from a group: removed by list, deactivated by PUT, and back',
      mark: 'S',
      source: 'JumpCloud support, the same page; integrators report the list of values',
      steps: [
        { method: 'POST', path: '/Users', body: person('bound'), answer: { status: 201 }, saves: 'bound' },
        {
          method: 'POST',
          path: '/Groups',
          body: { schemas: [GROUP_URN], displayName: 'JumpCloud group', members: [{ value: '{{bound}}' }] },
          answer: { status: 201, body: { members: [{ value: '{{bound}}' }] } },
          saves: 'group',
        },
        {
          method: 'PATCH',
          path: '/Groups/{{group}}',
          body: {
            schemas: [PATCH_OP_URN],
            Operations: [{ op: 'remove', path: 'members', value: [{ value: '{{bound}}' }] }],
          },
          answer: { status: 204 },
          needs: ['removalByValues'],
        },
        {
          method: 'PUT',
          path: '/Users/{{bound}}',
          body: { ...person('bound'), active: false },
          answer: { status: 200, body: { active: false } },
        },
        {
          method: 'PUT',
          path: '/Users/{{bound}}',
          body: person('bound'),
          answer: { status: 200, body: { id: '{{bound}}', active: true } },
        },
      ],
    },
  ],
};
