// Strangers at the admin API: every operation there is, with bodies that are nearly right and such as never were.

import fc from 'fast-check';
import { z } from 'zod';
import { listOperations } from '#admin/operations.ts';
import type { Operation } from '#admin/admin-operation.ts';
import { CUSTOM, customAttributes, type HostileHouse } from './hostile-house.ts';
import {
  anyMethod,
  encodedText,
  headerText,
  hostileHeaders,
  hostileJson,
  hostileQuery,
  hostileText,
} from './hostile-values.ts';
import { bodyOf, everywhere, path } from './request-parts.ts';
import type { WireRequest } from './wire.ts';

export function toAdmin({ adminKey, people, departments }: HostileHouse): fc.Arbitrary<WireRequest> {
  const values = [
    'okta',
    'default',
    'scim',
    'saml',
    'oidc',
    'hr',
    'admin',
    'wait',
    'refuse',
    'allowOver',
    'security',
    'owner',
    'active',
    'userName',
    'Asia/Tokyo',
    'UTC',
    '2027-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '0000-01-01T00:00:00+23:59',
    'http://127.0.0.1:9/',
    'example.com',
    true,
    false,
    0,
    1,
    50,
    100_000_000,
    null,
    ['instance'],
    ['read'],
    ['owner', 'auditor'],
    ['admin', 'seat'],
    ['example.com'],
    ['Group'],
    [{ name: 'text', type: 'integer' }],
    [{ name: '__proto__' }, { name: 'a', type: 'complex', subAttributes: [{ name: 'b' }] }],
    'urn:ietf:params:scim:schemas:core:2.0:User',
    'urn:by:scim:custom:text',
    { kind: 'scim' },
    { kind: 'oidc', issuer: 'http://127.0.0.1:9', clientId: 'x', clientSecret: 'y' },
    { kind: 'saml', entityId: 'x', ssoUrl: 'http://127.0.0.1:9/', certificates: ['AAAA'] },
    ...people.admin,
    ...people.scim,
    ...departments.admin,
    ...departments.scim,
  ];
  const headers = hostileHeaders({
    ...everywhere,
    'content-type': ['application/json', 'text/csv', 'text/csv; charset=shift_jis'],
    'if-match': ['*', '"1"', 'W/"1"'],
    'idempotency-key': ['key-1', 'key-2'],
  });
  const authorization = fc.oneof(
    { arbitrary: fc.constant(`Bearer ${adminKey}`), weight: 12 },
    { arbitrary: headerText, weight: 1 },
  );
  const toOperation = (operation: Operation): fc.Arbitrary<WireRequest> => {
    // What ends connections and credentials is asked about others, so that the rest has something to be asked about.
    const ends = operation.method === 'delete' || operation.id === 'credentials.revoke';
    const known = operation.id.startsWith('schemas.') ? [CUSTOM, encodeURIComponent(CUSTOM)] : ['okta', 'default'];
    const id = path(ends ? ['gone'] : [...known, ...people.admin, ...departments.admin]);
    const organization = fc.oneof(
      { arbitrary: fc.constant('by-admin'), weight: 8 },
      { arbitrary: encodedText, weight: 1 },
    );
    const method = fc.oneof(
      { arbitrary: fc.constant(operation.method.toUpperCase()), weight: 10 },
      { arbitrary: anyMethod, weight: ends ? 0 : 1 },
    );
    const strange = hostileJson([...namesOf(operation.body), 'id', 'name', 'kind', 'signIn', 'provisioning'], values);
    const body = fc.oneof(
      { arbitrary: strange, weight: 1 },
      { arbitrary: nearly(honestBodies[operation.id] ?? {}, values), weight: 1 },
    );
    const query = fc.oneof(
      fc.constant(''),
      hostileQuery([...namesOf(operation.query), 'limit', 'cursor'], values.map(String)),
    );
    return fc
      .tuple(method, organization, id, query, headers, authorization, body)
      .map(([verb, org, one, parameters, given, credential, text]) => ({
        method: verb,
        target: `/api/v1${operation.path.replace(':org', () => org).replace(/:(id|reference)/, () => one)}${parameters === '' ? '' : `?${parameters}`}`,
        headers: {
          'content-type': 'application/json',
          ...given,
          ...(credential === '' ? {} : { authorization: credential }),
        },
        ...bodyOf(verb, text),
      }));
  };
  const elsewhere = fc
    .tuple(anyMethod, fc.array(encodedText, { maxLength: 4 }))
    .map(([method, parts]) => ({ method, target: `/api/${parts.join('/')}` }));
  return fc.oneof(...listOperations().map(toOperation), elsewhere);
}

/** What an honest administrator sends. */
const honestBodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'organizations.create': { id: 'by-stranger', name: 'Stranger', timeZone: 'Asia/Tokyo', licensed: 3, policy: 'wait' },
  'organizations.suspend': { endsAt: '2027-01-01T00:00:00Z', reason: 'unpaid' },
  'organizations.resume': { endsAt: null },
  'credentials.issue': { kind: 'scim', name: 'Okta', scopes: ['read'], expiresAt: '2027-01-01T00:00:00Z' },
  'credentials.rotate': { overlapSeconds: 60 },
  'connections.add': {
    kind: 'oidc',
    name: 'New',
    issuer: 'http://127.0.0.1:9/',
    clientId: 'x',
    clientSecret: 'y',
    domains: ['example.com'],
  },
  'connections.replace': {
    name: 'Okta',
    match: 'email',
    signIn: { kind: 'saml', entityId: 'x', ssoUrl: 'http://127.0.0.1:9/' },
    provisioning: { kind: 'scim' },
  },
  'departments.create': { name: 'Sales', parent: null, displayOrder: 1, externalId: 'x' },
  'departments.change': { name: 'Top', code: null, parent: null, displayOrder: 2 },
  'schemas.declare': {
    id: 'urn:stranger:scim:custom',
    name: 'Strange',
    description: 'Nobody knows.',
    attributes: customAttributes,
    resourceTypes: ['User', 'Group'],
  },
  'schemas.replace': { name: 'Custom', attributes: [...customAttributes, { name: 'more' }] },
  'users.deactivate': { reason: 'left', note: 'on Friday' },
  'users.reactivate': { lift: ['admin'], ifNoSeat: 'wait' },
  'users.assignRoles': { roles: ['auditor'] },
  'imports.run': { removals: 'x' },
  'seats.setBudget': { limit: 3 },
  'seats.change': { licensed: 50, over: 0, reserveForReturn: 1, policy: 'wait' },
};

/** This object with at most two members left out or strange. */
function nearly(honest: Readonly<Record<string, unknown>>, values: readonly unknown[]): fc.Arbitrary<string> {
  const names = [...Object.keys(honest), '__proto__', 'extra'];
  const strange = fc.oneof(fc.constantFrom(...values), hostileText, fc.constant(undefined));
  return fc
    .array(fc.tuple(fc.constantFrom(...names), strange), { maxLength: 2 })
    .map((members) => JSON.stringify({ ...honest, ...Object.fromEntries(members) }));
}

/** Names of the members a schema knows, however it is built. */
function namesOf(schema: z.ZodType | undefined): readonly string[] {
  if (schema === undefined) return [];
  const { properties } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.keys(properties ?? {});
}
