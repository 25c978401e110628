// OneLogin. Its bodies are read by protocol/ for everybody, and no answer of ours holds a `null`, on which its parser trips. Only its request
// targets are its own: plus is a blank, an ampersand or a question mark dangles.

import { GROUP_URN } from '../group-schema.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

export interface RequestTarget {
  /** Path segments as sent, percent signs not yet decoded. */
  readonly segments: readonly string[];
  /** Form-decoded: plus is a blank, broken percent signs stand for themselves. */
  readonly query: URLSearchParams;
}

/** Reads the raw request target below the SCIM base. Empty segments (a slash at the end, two slashes) do not count. */
export function readRequestTarget(target: string): RequestTarget {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return {
    segments: path.split('/').filter((segment) => segment !== ''),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
  };
}

const headers = { 'Content-Type': 'application/json' };

/** Templates name schemas of SCIM 1 and send what has no value as `null`, booleans as text. */
const person = {
  schemas: ['urn:scim:schemas:core:1.0', USER_URN],
  id: null,
  userName: 'one@onelogin.test',
  active: 'true',
  name: { givenName: 'One', familyName: 'Login', formatted: null },
  emails: [{ value: 'one@onelogin.test', type: 'work', primary: true }],
};

export const onelogin: Dialect = {
  client: 'OneLogin',
  exchanges: [
    {
      title: 'enabled: a look-up with plus and a dangling ampersand, then the groups',
      mark: 'D',
      source: 'developers.onelogin.com/scim/implement-scim-api; goauthentik/authentik#11249 (wire log)',
      steps: [
        {
          method: 'GET',
          path: '/Users?filter=userName+eq+%22nobody%40onelogin.test%22&',
          answer: { status: 200, body: { totalResults: 0, Resources: [] }, lacks: ['null'] },
        },
        { method: 'GET', path: '/Groups?count=100&startIndex=1', answer: { status: 200, lacks: ['null'] } },
      ],
    },
    {
      title: 'created and put by its template, with a dangling question mark',
      mark: 'S',
      source: "linkyard/scim-scala OneLoginClientSpec; templates in integrators' guides",
      steps: [
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: person,
          answer: { status: 201, body: { userName: 'one@onelogin.test', active: true }, lacks: ['null', 'core:1.0'] },
          saves: 'one',
          needs: ['foreignSchema', 'booleanText'],
        },
        {
          method: 'PUT',
          path: '/Users/{{one}}?',
          headers,
          body: { ...person, id: '{{one}}', active: 'FALSE' },
          answer: { status: 200, body: { id: '{{one}}', active: false }, lacks: ['null'] },
          needs: ['foreignSchema', 'booleanText'],
        },
        {
          method: 'PUT',
          path: '/Users/{{one}}?',
          headers,
          body: { ...person, schemas: [USER_URN], active: true },
          answer: { status: 200, body: { id: '{{one}}', active: true }, lacks: ['null'] },
        },
      ],
    },
    {
      title: 'groups: created, members added and removed by lists',
      mark: 'D',
      source: 'linkyard/scim-scala OneLoginClientSpec',
      steps: [
        {
          method: 'POST',
          path: '/Users',
          headers,
          body: { ...person, schemas: [USER_URN], userName: 'two@onelogin.test', active: true },
          answer: { status: 201 },
          saves: 'two',
        },
        {
          method: 'POST',
          path: '/Groups',
          headers,
          body: { displayName: 'OneLogin role', schemas: [GROUP_URN] },
          answer: { status: 201, lacks: ['null'] },
          saves: 'role',
        },
        {
          method: 'PATCH',
          path: '/Groups/{{role}}',
          headers,
          body: { Operations: [{ value: [{ value: '{{two}}' }], op: 'add', path: 'members' }] },
          answer: { status: 204 },
          needs: ['patchWithoutSchema'],
        },
        {
          method: 'GET',
          path: '/Groups/{{role}}',
          answer: { status: 200, body: { members: [{ value: '{{two}}' }] }, lacks: ['null'] },
        },
        {
          method: 'PATCH',
          path: '/Groups/{{role}}',
          headers,
          body: {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations: [{ value: [{ value: '{{two}}' }], op: 'remove', path: 'members' }],
          },
          answer: { status: 204 },
          needs: ['removalByValues'],
        },
        { method: 'GET', path: '/Groups/{{role}}', answer: { status: 200, lacks: ['members', 'null'] } },
      ],
    },
  ],
};
