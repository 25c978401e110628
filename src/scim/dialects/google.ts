// Google Workspace. There is no specification of what it sends; nothing beyond the RFCs is known to be needed.

import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

export const google: Dialect = {
  client: 'Google Workspace',
  exchanges: [
    {
      title: 'connected, mapped, suspended after the chosen delay, deleted',
      mark: '?',
      source: 'better-auth scim-google-conformance.test.ts and a guide of authn.sh; Google publishes none',
      steps: [
        { method: 'GET', path: '/Users?count=1', answer: { status: 200 } },
        { method: 'GET', path: `/Schemas/${USER_URN}`, answer: { status: 200, body: { id: USER_URN } } },
        {
          method: 'POST',
          path: '/Users',
          body: {
            schemas: [USER_URN],
            userName: 'ann@google.test',
            name: { givenName: 'Ann', familyName: 'Lee' },
            emails: [{ value: 'ann@google.test', type: 'work', primary: true }],
            active: true,
          },
          answer: { status: 201, body: { active: true } },
          saves: 'ann',
        },
        {
          method: 'PATCH',
          path: '/Users/{{ann}}',
          body: { schemas: [PATCH_OP_URN], Operations: [{ op: 'replace', path: 'active', value: false }] },
          answer: { status: 200, body: { active: false } },
        },
        { method: 'DELETE', path: '/Users/{{ann}}', answer: { status: 204 } },
      ],
    },
  ],
};
