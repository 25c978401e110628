// Okta, both ways it is set up: integrations from its network (OIN), which deactivate by PATCH, and apps made with the App Integration Wizard (AIW),
// which read and put the whole object. Its bodies are read by protocol/ for everybody; only the credential without a scheme is Okta's own.

import { GROUP_URN } from '../group-schema.ts';
import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

/** A credential that is the whole `Authorization` header. Null for anything with a scheme, for example `Basic …`. */
export function readBareCredential(authorization: string | undefined): string | null {
  const text = authorization?.trim() ?? '';
  return /^[A-Za-z0-9\-._~+/]{16,4096}=*$/.test(text) ? text : null;
}

const reference = 'okta/okta-developer-docs, docs/reference/scim/scim-20/index.md';

/** The content type is documented for requests without a body, too. */
const headers = {
  'User-Agent': 'Okta SCIM Client 1.0.0',
  Accept: 'application/scim+json',
  'Content-Type': 'application/scim+json; charset=utf-8',
};

const person = {
  schemas: [USER_URN],
  userName: 'ann.lee@okta.test',
  name: { givenName: 'Ann', familyName: 'Lee' },
  emails: [{ primary: true, value: 'ann.lee@okta.test', type: 'work' }],
  displayName: 'Ann Lee',
  locale: 'en-US',
  externalId: '00ujl29u0le5T6Aj10h7',
  groups: [],
  password: '1mz050nq',
  active: true,
};
const pathless = (value: unknown) => ({ schemas: [PATCH_OP_URN], Operations: [{ op: 'replace', value }] });

export const okta: Dialect = {
  client: 'Okta',
  exchanges: [
    {
      title: 'OIN: looked up, created, deactivated and reactivated by PATCH without a path',
      mark: 'D',
      source: reference,
      steps: [
        {
          method: 'GET',
          path: '/Users?filter=userName%20eq%20%22ann.lee%40okta.test%22&startIndex=1&count=100',
          headers,
          answer: { status: 200, body: { totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] } },
        },
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: person,
          answer: {
            status: 201,
            body: { userName: 'ann.lee@okta.test', active: true, externalId: '00ujl29u0le5T6Aj10h7' },
            lacks: ['1mz050nq'],
          },
          saves: 'ann',
        },
        {
          method: 'PATCH',
          path: '/Users/{{ann}}',
          headers,
          body: pathless({ password: 'n3w-one' }),
          answer: { status: 200, body: { id: '{{ann}}' }, lacks: ['n3w-one'] },
        },
        {
          method: 'PATCH',
          path: '/Users/{{ann}}',
          headers,
          body: pathless({ active: false }),
          answer: { status: 200, body: { id: '{{ann}}', active: false } },
        },
        {
          method: 'PATCH',
          path: '/Users/{{ann}}',
          headers,
          body: pathless({ active: true }),
          answer: { status: 200, body: { id: '{{ann}}', active: true } },
        },
      ],
    },
    {
      title: 'AIW: read, put back whole with "" for what was emptied, deactivated by PUT',
      mark: 'D',
      source: reference,
      steps: [
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: { ...person, userName: 'aiw@okta.test', externalId: '00uaiw' },
          answer: { status: 201 },
          saves: 'aiw',
        },
        { method: 'GET', path: '/Users/{{aiw}}', headers, answer: { status: 200, body: { displayName: 'Ann Lee' } } },
        {
          method: 'PUT',
          path: '/Users/{{aiw}}',
          headers,
          body: {
            ...person,
            id: '{{aiw}}',
            userName: 'aiw@okta.test',
            externalId: '00uaiw',
            displayName: '',
            meta: {},
          },
          answer: { status: 200, body: { id: '{{aiw}}', active: true }, lacks: ['displayName'] },
          needs: ['emptyText'],
        },
        {
          method: 'PUT',
          path: '/Users/{{aiw}}',
          headers,
          body: { ...person, userName: 'aiw@okta.test', externalId: '00uaiw', active: false },
          answer: { status: 200, body: { active: false } },
        },
      ],
    },
    {
      title: 'assigned again after a deactivation: a second POST means the person who is known',
      mark: 'S',
      source: 'better-auth#11111 and #11167, rancher#55220, kobotoolbox#7076',
      steps: [
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: { ...person, userName: 'again@okta.test', externalId: '00uagain' },
          answer: { status: 201 },
          saves: 'again',
        },
        {
          method: 'PATCH',
          path: '/Users/{{again}}',
          headers,
          body: pathless({ active: false }),
          answer: { status: 200 },
        },
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: { ...person, userName: 'again@okta.test', externalId: '00uagain' },
          answer: { status: 201, body: { id: '{{again}}', active: true } },
          needs: ['restoredByPost'],
        },
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: { ...person, userName: 'again@okta.test', externalId: '00uagain' },
          answer: { status: 409, body: { scimType: 'uniqueness', status: '409' } },
        },
      ],
    },
    {
      title: 'group push: created empty, renamed, members by filter and by list, Push Now, unlinked',
      mark: 'D',
      source: reference,
      steps: [
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: { ...person, userName: 'member@okta.test', externalId: '00umember' },
          answer: { status: 201 },
          saves: 'member',
        },
        {
          method: 'POST',
          path: '/Groups',
          headers,
          body: { schemas: [GROUP_URN], displayName: 'Okta team', members: [] },
          answer: { status: 201, body: { displayName: 'Okta team' } },
          saves: 'team',
        },
        {
          method: 'GET',
          path: '/Groups?filter=displayName%20eq%20%22Okta%20team%22&startIndex=1&count=100',
          headers,
          answer: { status: 200, body: { totalResults: 1 } },
        },
        {
          method: 'PATCH',
          path: '/Groups/{{team}}',
          headers,
          body: pathless({ id: '{{team}}', displayName: 'Okta crew' }),
          answer: { status: 204 },
        },
        {
          method: 'PATCH',
          path: '/Groups/{{team}}',
          headers,
          body: {
            schemas: [PATCH_OP_URN],
            Operations: [
              { op: 'remove', path: 'members[value eq "00000000-gone"]' },
              { op: 'add', path: 'members', value: [{ value: '{{member}}', display: 'member@okta.test' }] },
            ],
          },
          answer: { status: 204 },
        },
        {
          method: 'PATCH',
          path: '/Groups/{{team}}?attributes=members',
          headers,
          body: {
            schemas: [PATCH_OP_URN],
            Operations: [{ op: 'replace', path: 'members', value: [{ value: '{{member}}', display: 'x' }] }],
          },
          answer: { status: 200, body: { members: [{ value: '{{member}}' }] } },
        },
        { method: 'DELETE', path: '/Groups/{{team}}', headers, answer: { status: 204 } },
        { method: 'GET', path: '/Users/{{member}}', headers, answer: { status: 200, body: { active: true } } },
      ],
    },
    {
      title: 'header authentication: the credential alone',
      mark: 'S',
      source: "integrators' guides for the header authentication of OIN apps",
      steps: [
        {
          method: 'GET',
          path: '/Users?startIndex=1&count=2',
          headers: { ...headers, Authorization: '{{credential}}' },
          answer: { status: 200 },
          needs: ['credentialWithoutScheme'],
        },
      ],
    },
  ],
};
