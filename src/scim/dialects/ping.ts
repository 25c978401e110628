// PingFederate and PingOne. Its filters may name a complex attribute, which RFC 7644 (Figure 2) does, too: nothing beyond the RFCs is needed.

import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

const person = (name: string) => ({
  schemas: [USER_URN],
  userName: `${name}@ping.test`,
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ value: `${name}@ping.test`, type: 'work', primary: true }],
  active: true,
});

export const ping: Dialect = {
  client: 'Ping Identity',
  exchanges: [
    {
      title: 'looked up by userName and by emails; created disabled; any update enables',
      mark: 'D',
      source: 'settings reference of the PingFederate SCIM connector: unique user identifier, provision disabled users',
      steps: [
        {
          method: 'GET',
          path: '/Users?filter=emails%20eq%20%22ann%40ping.test%22',
          answer: { status: 200, body: { totalResults: 0, Resources: [] } },
        },
        {
          method: 'POST',
          path: '/Users',
          body: { ...person('ann'), active: false },
          answer: { status: 201, body: { active: false } },
          saves: 'ann',
        },
        {
          method: 'GET',
          path: '/Users?filter=emails%20eq%20%22ann%40ping.test%22',
          answer: { status: 200, body: { totalResults: 1 } },
        },
        {
          method: 'PUT',
          path: '/Users/{{ann}}',
          body: person('ann'),
          answer: { status: 200, body: { active: true } },
        },
      ],
    },
    {
      title: 'remove action Disable, by PUT or (if ticked) PATCH, or Delete',
      mark: '?',
      source: 'the same reference names the actions; the verbs are inferred',
      steps: [
        { method: 'POST', path: '/Users', body: person('off'), answer: { status: 201 }, saves: 'off' },
        {
          method: 'PATCH',
          path: '/Users/{{off}}',
          body: { schemas: [PATCH_OP_URN], Operations: [{ op: 'replace', path: 'active', value: false }] },
          answer: { status: 200, body: { active: false } },
        },
        {
          method: 'PUT',
          path: '/Users/{{off}}',
          body: { ...person('off'), active: false },
          answer: { status: 200, body: { active: false } },
        },
        { method: 'DELETE', path: '/Users/{{off}}', answer: { status: 204 } },
      ],
    },
  ],
};
