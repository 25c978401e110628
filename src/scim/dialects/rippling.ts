// Rippling. It reads ServiceProviderConfig, and repeats a creation whose answer came too late.

import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

const person = {
  schemas: [USER_URN],
  userName: 'ann@rippling.test',
  externalId: 'rippling-1',
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ value: 'ann@rippling.test', type: 'work', primary: true }],
  active: true,
};

export const rippling: Dialect = {
  client: 'Rippling',
  exchanges: [
    {
      title: 'connected, hired (twice, after a timeout), terminated, hired again',
      mark: '?',
      source: 'a guide of authn.sh for the connection; the rest is inferred from RFC 7643 and 7644',
      steps: [
        {
          method: 'GET',
          path: '/ServiceProviderConfig',
          answer: { status: 200, body: { patch: { supported: true }, filter: { supported: true, maxResults: 200 } } },
        },
        { method: 'POST', path: '/Users', body: person, answer: { status: 201 }, saves: 'ann' },
        {
          method: 'POST',
          path: '/Users',
          body: person,
          answer: { status: 409, body: { scimType: 'uniqueness' } },
        },
        {
          method: 'PATCH',
          path: '/Users/{{ann}}',
          body: { schemas: [PATCH_OP_URN], Operations: [{ op: 'replace', value: { active: false } }] },
          answer: { status: 200, body: { active: false } },
        },
        {
          method: 'POST',
          path: '/Users',
          body: person,
          answer: { status: 201, body: { id: '{{ann}}', active: true } },
          needs: ['restoredByPost'],
        },
      ],
    },
  ],
};
