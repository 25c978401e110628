// For every route there is, what is asked with an id that belongs to somebody else. Keys are the routes' own names: foreign-ids.test.ts fails for
// a route that has no line here.

import { DEPARTMENT, ENTERPRISE, GROUP, PERSON, USER } from './two-organizations.ts';

/** Ids and names as one organisation has them, or as nobody has. */
export interface Ids {
  readonly organization: string;
  readonly person: string;
  readonly group: string;
  readonly groupName: string;
  readonly groupExternalId: string;
  readonly department: string;
  readonly departmentName: string;
  readonly departmentCode: string;
  readonly schema: string;
  readonly app: string;
  readonly badge: string;
  readonly connection: string;
  readonly domain: string;
  readonly credential: string;
  readonly signIn: string;
  readonly logEntry: string;
  readonly session: string;
  readonly leave: string;
  readonly import: string;
  readonly userName: string;
  readonly externalId: string;
  readonly email: string;
  readonly displayName: string;
  readonly appHost: string;
}

export interface ForeignIdCase {
  readonly method: string;
  readonly target: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the organisation that has the ids, when it asks the same; absent: not asked, since it would change something. */
  readonly control?: number;
}

/** A route about no id of any organisation, and why. */
export type NoCase = string;

type Cases = (ids: Ids, own: Ids) => readonly ForeignIdCase[] | NoCase;

/** Places of a list after an item: what the admin API's cursors carry. */
const cursorAt = (place: string): string => Buffer.from(`1:${place}`).toString('base64url');

function admin(
  method: string,
  path: (org: string, ids: Ids) => string,
  more: Partial<Pick<ForeignIdCase, 'body' | 'control' | 'headers'>> = {},
): Cases {
  return (ids, own) => {
    const one = (org: string): ForeignIdCase => ({ method, target: `/api/v1${path(org, ids)}`, ...more });
    const mine = one(own.organization);
    const theirs = one(ids.organization);
    return mine.target === theirs.target ? [mine] : [mine, theirs];
  };
}
const inPath = (rest: string) => (org: string, ids: Ids) =>
  `/organizations/${org}${rest.replace('{person}', ids.person).replace('{connection}', ids.connection).replace('{domain}', ids.domain).replace('{credential}', ids.credential).replace('{signIn}', ids.signIn).replace('{department}', ids.department).replace('{logEntry}', ids.logEntry).replace('{schema}', ids.schema).replace('{leave}', ids.leave).replace('{import}', ids.import).replace('{app}', ids.app)}`;
/** Only about the organisation that the path names. */
const ofPath =
  (method: string, rest: string, body?: unknown): Cases =>
  (ids) => [
    {
      method,
      target: `/api/v1/organizations/${ids.organization}${rest}`,
      ...(body === undefined ? {} : { body }),
      ...(method === 'GET' ? { control: 200 } : {}),
    },
  ];
const connectionBody = { name: 'Other', kind: 'scim' };
const appBody = { name: 'Other', openid: { redirectUris: ['https://other.example.com/callback'] } };
const schemaBody = { id: 'urn:other:scim:other', name: 'Other', attributes: [{ name: 'other' }] };

export const adminCases: Readonly<Record<string, Cases>> = {
  'organizations.create': (ids) => [
    { method: 'POST', target: '/api/v1/organizations', body: { id: ids.organization, name: 'Other' } },
  ],
  'organizations.list': () => 'answers 403 without scope instance',
  'organizations.get': ofPath('GET', ''),
  'organizations.change': ofPath('PUT', '', { name: 'Other' }),
  'organizations.suspend': ofPath('POST', '/suspend', {}),
  'organizations.resume': ofPath('POST', '/resume', {}),
  'credentials.issue': (ids, own) => [
    {
      method: 'POST',
      target: `/api/v1/organizations/${own.organization}/credentials`,
      body: { kind: 'scim', name: 'x', connection: ids.connection },
    },
    {
      method: 'POST',
      target: `/api/v1/organizations/${own.organization}/credentials`,
      body: { kind: 'admin', name: 'x', owner: ids.person },
    },
    {
      method: 'POST',
      target: `/api/v1/organizations/${ids.organization}/credentials`,
      body: { kind: 'admin', name: 'x' },
    },
  ],
  'credentials.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/credentials`, control: 200 },
    {
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/credentials?cursor=${cursorAt(ids.credential)}`,
    },
  ],
  'credentials.get': admin('GET', inPath('/credentials/{credential}'), { control: 200 }),
  'credentials.delete': admin('DELETE', inPath('/credentials/{credential}')),
  'credentials.revoke': admin('POST', inPath('/credentials/{credential}/revoke')),
  'credentials.rotate': admin('POST', inPath('/credentials/{credential}/rotate'), { body: {} }),
  'connections.add': ofPath('POST', '/connections', connectionBody),
  'connections.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/connections`, control: 200 },
    {
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/connections?cursor=${cursorAt(ids.connection)}`,
    },
  ],
  'connections.get': admin('GET', inPath('/connections/{connection}'), { control: 200 }),
  'connections.replace': admin('PUT', inPath('/connections/{connection}'), { body: connectionBody }),
  'connections.remove': admin('DELETE', inPath('/connections/{connection}')),
  'connections.differences': admin('GET', inPath('/connections/{connection}/differences'), { control: 200 }),
  'connections.test': admin('POST', inPath('/connections/{connection}/test'), { control: 200 }),
  'connections.decideBrake': admin('POST', inPath('/connections/{connection}/brake'), {
    body: { decision: 'keep' },
    control: 422,
  }),
  'connections.pull': admin('POST', inPath('/connections/{connection}/pull'), { control: 422 }),
  'connections.pullState': admin('GET', inPath('/connections/{connection}/pull'), { control: 422 }),
  'connections.batches': admin('GET', inPath('/connections/{connection}/batches'), { control: 200 }),
  // A batch of another organisation: test/hr/batches.test.ts.
  'connections.undoBatch': admin('POST', inPath('/connections/{connection}/batches/none/undo'), { control: 404 }),
  'domains.claim': ofPath('POST', '/domains', { domain: 'other.example' }),
  'domains.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/domains`, control: 200 },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/domains?cursor=${cursorAt(ids.domain)}` },
  ],
  'domains.get': admin('GET', inPath('/domains/{domain}'), { control: 200 }),
  'domains.verify': admin('POST', inPath('/domains/{domain}/verify'), { body: {}, control: 200 }),
  'domains.remove': admin('DELETE', inPath('/domains/{domain}')),
  'apps.add': ofPath('POST', '/apps', appBody),
  'apps.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/apps`, control: 200 },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/apps?cursor=${cursorAt(ids.app)}` },
  ],
  'apps.get': admin('GET', inPath('/apps/{app}'), { control: 200 }),
  'apps.replace': admin('PUT', inPath('/apps/{app}'), { body: appBody }),
  'apps.remove': admin('DELETE', inPath('/apps/{app}')),
  'apps.secret': admin('POST', inPath('/apps/{app}/secret'), { body: {} }),
  'signingKeys.list': ofPath('GET', '/signing-keys'),
  'signingKeys.rotate': ofPath('POST', '/signing-keys/rotate', {}),
  'samlKeys.list': admin('GET', inPath('/connections/{connection}/keys'), { control: 200 }),
  'samlKeys.add': admin('POST', inPath('/connections/{connection}/keys'), { body: { use: 'signing' } }),
  'samlKeys.remove': admin('DELETE', inPath('/connections/{connection}/keys/x')),
  'metadata.get': admin('GET', inPath('/connections/{connection}/metadata')),
  'metadata.fetch': admin('POST', inPath('/connections/{connection}/metadata/fetch')),
  'metadata.accept': admin('POST', inPath('/connections/{connection}/metadata/accept'), {
    body: { digest: '0'.repeat(64) },
  }),
  'schemas.declare': ofPath('POST', '/schemas', schemaBody),
  'schemas.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/schemas`, control: 200 },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/schemas?cursor=${cursorAt(ids.schema)}` },
  ],
  'schemas.get': admin('GET', inPath('/schemas/{schema}'), { control: 200 }),
  'schemas.replace': admin('PUT', inPath('/schemas/{schema}'), {
    body: { name: 'Other', attributes: [{ name: 'x' }] },
  }),
  'schemas.remove': admin('DELETE', inPath('/schemas/{schema}')),
  'users.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/users`, control: 200 },
    ...[
      `cursor=${cursorAt(ids.person)}`,
      ...(['userName', 'externalId', 'email', 'displayName'] as const).map(
        (name) => `${name}=${encodeURIComponent(ids[name])}`,
      ),
      `q=${encodeURIComponent(ids.userName)}`,
    ].map((query) => ({ method: 'GET', target: `/api/v1/organizations/${own.organization}/users?${query}` })),
  ],
  'users.get': admin('GET', inPath('/users/{person}'), { control: 200 }),
  'users.why': admin('GET', inPath('/users/{person}/why'), { control: 200 }),
  'users.sessions': (ids, own) => [
    ...(admin('GET', inPath('/users/{person}/sessions'), { control: 200 })(ids, own) as readonly ForeignIdCase[]),
    {
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/users/${own.person}/sessions?cursor=${cursorAt(ids.session)}`,
    },
  ],
  'users.endSession': (ids, own) => [
    ...(admin('POST', inPath('/users/{person}/sessions/{session}/end'), { body: {} })(
      ids,
      own,
    ) as readonly ForeignIdCase[]),
    {
      method: 'POST',
      target: `/api/v1/organizations/${own.organization}/users/${own.person}/sessions/${ids.session}/end`,
      body: {},
    },
  ],
  'users.endSessions': admin('POST', inPath('/users/{person}/sessions/end-all'), { body: {} }),
  'users.deactivate': admin('POST', inPath('/users/{person}/deactivate'), { body: { reason: 'gone' } }),
  'users.reactivate': admin('POST', inPath('/users/{person}/reactivate'), { body: {} }),
  'users.assignRoles': admin('PUT', inPath('/users/{person}/roles'), {
    body: { roles: ['auditor'] },
    headers: { 'if-match': '*' },
  }),
  'users.seatPeriods': admin('GET', inPath('/users/{person}/seats'), { control: 200 }),
  'users.leaves': admin('GET', inPath('/users/{person}/leaves'), { control: 200 }),
  'users.planLeave': admin('POST', inPath('/users/{person}/leaves'), { body: { from: '2041-01-01' } }),
  'users.changeLeave': (ids, own) => [
    ...(admin('PUT', inPath('/users/{person}/leaves/{leave}'), { body: { until: null } })(
      ids,
      own,
    ) as readonly ForeignIdCase[]),
    {
      method: 'PUT',
      target: `/api/v1/organizations/${own.organization}/users/${own.person}/leaves/${ids.leave}`,
      body: { until: null },
    },
  ],
  'users.endLeave': (ids, own) => [
    ...(admin('POST', inPath('/users/{person}/leaves/{leave}/end'), { body: {} })(
      ids,
      own,
    ) as readonly ForeignIdCase[]),
    {
      method: 'POST',
      target: `/api/v1/organizations/${own.organization}/users/${own.person}/leaves/${ids.leave}/end`,
      body: {},
    },
  ],
  'leaves.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/leaves`, control: 200 },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/leaves?cursor=${cursorAt(ids.person)}` },
  ],
  'leaves.add': (ids, own) => [
    {
      method: 'POST',
      target: `/api/v1/organizations/${own.organization}/leaves`,
      body: { user: ids.person, from: '2041-01-01' },
    },
    {
      method: 'POST',
      target: `/api/v1/organizations/${ids.organization}/leaves`,
      body: { user: ids.person, from: '2041-01-01' },
    },
  ],
  'imports.create': ofPath('POST', '/imports?kind=users', {}),
  'imports.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/imports`, control: 200 },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/imports?cursor=${cursorAt(ids.import)}` },
  ],
  'imports.get': admin('GET', inPath('/imports/{import}'), { control: 200 }),
  'imports.rows': admin('GET', inPath('/imports/{import}/rows'), { control: 200 }),
  'imports.result': admin('GET', inPath('/imports/{import}/result'), { control: 200 }),
  'imports.run': admin('POST', inPath('/imports/{import}/run'), { body: {} }),
  'imports.cancel': admin('POST', inPath('/imports/{import}/cancel'), { body: {} }),
  'imports.undo': admin('POST', inPath('/imports/{import}/undo'), { body: {} }),
  'exports.users': ofPath('GET', '/exports/users.csv'),
  'exports.departments': ofPath('GET', '/exports/departments.csv'),
  'exports.memberships': ofPath('GET', '/exports/memberships.csv'),
  'exports.leaves': ofPath('GET', '/exports/leaves.csv'),
  'departments.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/departments`, control: 200 },
    ...[
      `parent=${ids.department}`,
      `code=${ids.departmentCode}`,
      `name=${encodeURIComponent(ids.departmentName)}`,
      `cursor=${cursorAt(`:${ids.department}`)}`,
    ].map((query) => ({ method: 'GET', target: `/api/v1/organizations/${own.organization}/departments?${query}` })),
  ],
  'departments.create': (ids, own) => [
    {
      method: 'POST',
      target: `/api/v1/organizations/${own.organization}/departments`,
      body: { name: 'Other', parent: ids.department },
    },
    { method: 'POST', target: `/api/v1/organizations/${ids.organization}/departments`, body: { name: 'Other' } },
  ],
  'departments.get': admin('GET', inPath('/departments/{department}'), { control: 200 }),
  'departments.change': (ids, own) => [
    ...(admin('PUT', inPath('/departments/{department}'), { body: { name: 'Other' } })(
      ids,
      own,
    ) as readonly ForeignIdCase[]),
    {
      method: 'PUT',
      target: `/api/v1/organizations/${own.organization}/departments/${own.department}`,
      body: { parent: ids.department },
    },
  ],
  'departments.delete': admin('DELETE', inPath('/departments/{department}')),
  'departments.users': (ids, own) => [
    ...(admin('GET', inPath('/departments/{department}/users'), { control: 200 })(
      ids,
      own,
    ) as readonly ForeignIdCase[]),
    {
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/departments/${own.department}/users?cursor=${cursorAt(ids.person)}`,
    },
  ],
  'notices.list': ofPath('GET', '/notices'),
  'notices.read': ofPath('POST', '/notices/read', { ids: ['00000000-0000-7000-8000-000000000000'] }),
  'notices.test': admin('POST', (org) => `/organizations/${org}/notices/test`, { body: { user: 'nobody' } }),
  'mails.list': (ids, own) => [
    ...['', `?user=${ids.person}`].map((query) => ({
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/mails${query}`,
    })),
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/mails` },
  ],
  'mails.retry': ofPath('POST', `/mails/${'0'.repeat(64)}/retry`, {}),
  'logoutDeliveries.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/logout-deliveries`, control: 200 },
    ...[`user=${ids.person}`, `app=${ids.app}`, `cursor=${cursorAt(ids.app)}`].map((query) => ({
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/logout-deliveries?${query}`,
    })),
  ],
  // A delivery of another organisation: test/admin/logout-deliveries.test.ts.
  'logoutDeliveries.retry': ofPath('POST', `/logout-deliveries/${'0'.repeat(64)}/retry`, {}),
  'seats.get': ofPath('GET', '/seats'),
  'seats.change': ofPath('PUT', '/seats', { licensed: 1 }),
  'seats.contract': ofPath('GET', '/seats/contract'),
  'seats.planContract': ofPath('PUT', '/seats/contract', { rows: [] }),
  'seats.forecast': ofPath('GET', '/seats/forecast'),
  'changes.undo': admin('POST', inPath('/changes/019d48ea-2e34-7000-8000-5b8988826a6d/undo')),
  'seats.waiting': ofPath('GET', '/seats/waiting'),
  'seats.moveWaiting': admin('POST', inPath('/seats/waiting/{person}/move'), { body: { before: null, reason: 'x' } }),
  'seats.budgets': ofPath('GET', '/seats/budgets'),
  'seats.setBudget': admin('PUT', inPath('/seats/budgets/{department}'), { body: { limit: 3 } }),
  'seats.removeBudget': admin('DELETE', inPath('/seats/budgets/{department}')),
  'seats.history': ofPath('GET', '/seats/history'),
  'seats.usage': ofPath('GET', '/seats/usage?month=2027-01'),
  'seats.billing': ofPath('GET', '/seats/billing?month=2027-01'),
  'seats.billingCsv': ofPath('GET', '/seats/billing.csv?month=2027-01'),
  'seats.recount': ofPath('POST', '/seats/recount'),
  'signIns.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/sign-ins`, control: 200 },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/sign-ins?user=${ids.person}` },
    { method: 'GET', target: `/api/v1/organizations/${own.organization}/sign-ins?cursor=${cursorAt(ids.person)}` },
  ],
  'signIns.get': admin('GET', inPath('/sign-ins/{signIn}'), { control: 200 }),
  'provisioningLog.list': (ids, own) => [
    { method: 'GET', target: `/api/v1/organizations/${ids.organization}/provisioning-log`, control: 200 },
    ...[
      `user=${ids.person}`,
      `resource=${ids.group}`,
      `connection=${ids.connection}`,
      `cursor=${cursorAt(ids.logEntry)}`,
      `outcome=warning&user=${ids.person}`,
    ].map((query) => ({
      method: 'GET',
      target: `/api/v1/organizations/${own.organization}/provisioning-log?${query}`,
    })),
  ],
  'provisioningLog.get': admin('GET', inPath('/provisioning-log/{logEntry}'), { control: 200 }),
  'audit.list': ofPath('GET', '/audit'),
  'audit.verify': ofPath('POST', '/audit/verify'),
};

const scimUser = (ids: Ids) => ({ schemas: [USER], userName: 'other@people.test', displayName: ids.displayName });
const patch = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', path: 'active', value: false }],
};
const filters = (ids: Ids): readonly string[] => [
  `id eq "${ids.person}"`,
  `userName eq "${ids.userName}"`,
  `externalId eq "${ids.externalId}"`,
  `emails.value eq "${ids.email}"`,
  `emails[type eq "work" and value eq "${ids.email}"]`,
  `displayName co "${ids.displayName}"`,
  `${ENTERPRISE}:manager.value eq "${ids.person}"`,
  `${PERSON}:departments[value eq "${ids.department}"]`,
  `${PERSON}:departments.display eq "${ids.departmentName}"`,
  `${ids.schema}:badge eq "${ids.badge}"`,
];

const groupFilters = (ids: Ids): readonly string[] => [
  `id eq "${ids.group}"`,
  `displayName eq "${ids.groupName}"`,
  `externalId eq "${ids.groupExternalId}"`,
  `members[value eq "${ids.person}"]`,
  `members.value co "${ids.person}"`,
  `${ids.schema}:badge pr`,
];
const departmentFilters = (ids: Ids): readonly string[] => [
  `id eq "${ids.department}"`,
  `name eq "${ids.departmentName}"`,
  `code eq "${ids.departmentCode}"`,
  `name co "${ids.departmentName}"`,
];
const departmentBelow = (parent: string) => ({ schemas: [DEPARTMENT], name: 'Other', parent: { value: parent } });
const placed = (department: string) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'add', path: `${PERSON}:departments`, value: [{ value: department }] }],
});
const adding = (member: string) => ({
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'add', path: 'members', value: [{ value: member }] }],
});
const bulk = (operations: readonly object[]): ForeignIdCase => ({
  method: 'POST',
  target: '/scim/v2/Bulk',
  body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'], Operations: operations },
});

/** By the route's path; the methods of its cases are all that it knows. */
export const scimCases: Readonly<Record<string, Cases>> = {
  ServiceProviderConfig: () => 'the same for everybody',
  // Its own to whoever has a credential; the rest is the same for everybody.
  ResourceTypes: () => [{ method: 'GET', target: '/scim/v2/ResourceTypes', control: 200 }],
  'ResourceTypes/*': () => [{ method: 'GET', target: '/scim/v2/ResourceTypes/User', control: 200 }],
  Schemas: () => [{ method: 'GET', target: '/scim/v2/Schemas', control: 200 }],
  'Schemas/*': (ids) => [{ method: 'GET', target: `/scim/v2/Schemas/${ids.schema}`, control: 200 }],
  Bulk: (ids, own) => [
    bulk([{ method: 'DELETE', path: `/Users/${ids.person}` }]),
    bulk([{ method: 'PATCH', path: `/Users/${ids.person}`, data: patch }]),
    bulk([{ method: 'PUT', path: `/Users/${ids.person}`, data: scimUser(ids) }]),
    bulk([{ method: 'DELETE', path: `/Groups/${ids.group}` }]),
    bulk([{ method: 'DELETE', path: `/Departments/${ids.department}` }]),
    bulk([{ method: 'PATCH', path: `/Users/${own.person}`, data: placed(ids.department) }]),
    bulk([{ method: 'PATCH', path: `/Groups/${own.group}`, data: adding(ids.person) }]),
    bulk([{ method: 'PATCH', path: `/Groups/${own.group}`, data: adding(`bulkId:${ids.person}`) }]),
  ],
  '.search': (ids) =>
    [...filters(ids), ...groupFilters(ids), ...departmentFilters(ids)].map((filter) => ({
      method: 'POST',
      target: '/scim/v2/.search',
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter },
      control: 200,
    })),
  Me: () => 'not supported: 501',
  Groups: (ids) => [
    ...groupFilters(ids).map((filter) => ({
      method: 'GET',
      target: `/scim/v2/Groups?filter=${encodeURIComponent(filter)}`,
      control: 200,
    })),
    {
      method: 'POST',
      target: '/scim/v2/Groups',
      body: { schemas: [GROUP], displayName: '', members: [{ value: ids.person }] },
    },
  ],
  'Groups/.search': (ids) =>
    groupFilters(ids).map((filter) => ({
      method: 'POST',
      target: '/scim/v2/Groups/.search',
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter },
      control: 200,
    })),
  'Groups/*': (ids, own) => [
    { method: 'GET', target: `/scim/v2/Groups/${ids.group}`, control: 200 },
    { method: 'HEAD', target: `/scim/v2/Groups/${ids.group}`, control: 200 },
    { method: 'PUT', target: `/scim/v2/Groups/${ids.group}`, body: { schemas: [GROUP], displayName: 'Other' } },
    { method: 'PATCH', target: `/scim/v2/Groups/${ids.group}`, body: adding(ids.person) },
    { method: 'PATCH', target: `/scim/v2/Groups/${own.group}`, body: adding(ids.person) },
    { method: 'PATCH', target: `/scim/v2/Groups/${own.group}`, body: adding(ids.group) },
    {
      method: 'PATCH',
      target: `/scim/v2/Groups/${own.group}`,
      body: { ...patch, Operations: [{ op: 'remove', path: `members[value eq "${ids.person}"]` }] },
    },
    { method: 'DELETE', target: `/scim/v2/Groups/${ids.group}` },
    { method: 'DELETE', target: `/scim/v2/Groups/${ids.group}`, headers: { 'if-match': 'W/"x"' } },
  ],
  Departments: (ids) => [
    ...departmentFilters(ids).map((filter) => ({
      method: 'GET',
      target: `/scim/v2/Departments?filter=${encodeURIComponent(filter)}`,
      control: 200,
    })),
    { method: 'POST', target: '/scim/v2/Departments', body: departmentBelow(ids.department) },
  ],
  'Departments/.search': (ids) =>
    departmentFilters(ids).map((filter) => ({
      method: 'POST',
      target: '/scim/v2/Departments/.search',
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter },
      control: 200,
    })),
  'Departments/*': (ids, own) => [
    { method: 'GET', target: `/scim/v2/Departments/${ids.department}`, control: 200 },
    { method: 'HEAD', target: `/scim/v2/Departments/${ids.department}`, control: 200 },
    {
      method: 'PUT',
      target: `/scim/v2/Departments/${ids.department}`,
      body: { schemas: [DEPARTMENT], name: 'Other' },
    },
    {
      method: 'PUT',
      target: `/scim/v2/Departments/${own.department}`,
      body: departmentBelow(ids.department),
    },
    {
      method: 'PATCH',
      target: `/scim/v2/Departments/${ids.department}`,
      body: { ...patch, Operations: [{ op: 'replace', path: 'name', value: 'Other' }] },
    },
    {
      method: 'PATCH',
      target: `/scim/v2/Departments/${own.department}`,
      body: { ...patch, Operations: [{ op: 'replace', path: 'parent', value: { value: ids.department } }] },
    },
    { method: 'DELETE', target: `/scim/v2/Departments/${ids.department}` },
    { method: 'DELETE', target: `/scim/v2/Departments/${ids.department}`, headers: { 'if-match': 'W/"x"' } },
  ],
  Users: (ids) => [
    ...filters(ids).map((filter) => ({
      method: 'GET',
      target: `/scim/v2/Users?filter=${encodeURIComponent(filter)}`,
      control: 200,
    })),
    { method: 'POST', target: '/scim/v2/Users', body: { schemas: [USER], id: ids.person, userName: '' } },
  ],
  'Users/.search': (ids) =>
    filters(ids).map((filter) => ({
      method: 'POST',
      target: '/scim/v2/Users/.search',
      body: { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'], filter },
      control: 200,
    })),
  'Users/*': (ids, own) => [
    { method: 'PATCH', target: `/scim/v2/Users/${own.person}`, body: placed(ids.department) },
    {
      method: 'PUT',
      target: `/scim/v2/Users/${own.person}`,
      body: { ...scimUser(own), [PERSON]: { departments: [{ value: ids.department }] } },
    },
    { method: 'GET', target: `/scim/v2/Users/${ids.person}`, control: 200 },
    {
      method: 'GET',
      target: `/scim/v2/Users/${ids.person}?attributes=userName`,
      headers: { 'if-none-match': '*' },
      control: 304,
    },
    { method: 'HEAD', target: `/scim/v2/Users/${ids.person}`, control: 200 },
    { method: 'PUT', target: `/scim/v2/Users/${ids.person}`, body: scimUser(ids) },
    { method: 'PUT', target: `/scim/v2/Users/${ids.person}`, body: scimUser(ids), headers: { 'if-match': 'W/"x"' } },
    { method: 'PATCH', target: `/scim/v2/Users/${ids.person}`, body: patch },
    {
      method: 'PATCH',
      target: `/scim/v2/Users/${ids.person}`,
      body: { ...patch, Operations: [{ op: 'replace', path: 'id', value: 'x' }] },
    },
    {
      method: 'PATCH',
      target: `/scim/v2/Users/${own.person}`,
      body: { ...patch, Operations: [{ op: 'replace', path: `${ids.schema}:badge`, value: ids.badge }] },
    },
    { method: 'DELETE', target: `/scim/v2/Users/${ids.person}` },
    { method: 'DELETE', target: `/scim/v2/Users/${ids.person}`, headers: { 'if-match': 'W/"x"' } },
  ],
};

const page = { accept: 'text/html' };

/** By the route's path, asked by a browser that is signed in at the own organisation. */
export const gateCases: Readonly<Record<string, Cases>> = {
  '/sso/session': () => 'names nothing: the cookie decides',
  '/sso/sessions': () => 'names nothing: the cookie decides',
  '/sso/sessions/end': () => 'its session is looked for among those of the person whose cookie it is',
  '/sso/sessions/end-all': () => 'names nothing: the cookie decides',
  '/people/:id': (ids) => [
    { method: 'GET', target: `/people/${ids.person}` },
    { method: 'GET', target: `/people/${ids.person}`, headers: page },
  ],
  '/sso/logout': () => 'names nothing: the cookie decides',
  '/sso/:org/login': (ids, own) => [
    { method: 'GET', target: `/sso/${own.organization}/login?connection=${ids.connection}`, headers: page },
    { method: 'GET', target: `/sso/${own.organization}/login?login_hint=a%40${ids.domain}`, headers: page },
  ],
  '/sso/login': () => 'names nothing: the domain of an address decides, and leads to whoever has it',
  '/sso/:org/:connection/oidc/jwks': (ids, own) => [
    { method: 'GET', target: `/sso/${own.organization}/${ids.connection}/oidc/jwks` },
  ],
  '/sso/:org/:connection/oidc/backchannel-logout': (ids, own) => [
    {
      method: 'POST',
      target: `/sso/${own.organization}/${ids.connection}/oidc/backchannel-logout`,
      body: 'logout_token=x.y.z',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  '/sso/:org/:connection/global-token-revocation': (ids, own) => [
    {
      method: 'POST',
      target: `/sso/${own.organization}/${ids.connection}/global-token-revocation`,
      body: { sub_id: { format: 'email', email: ids.email } },
    },
  ],
  '/sso/:org/:connection/security-events': (ids, own) => [
    {
      method: 'POST',
      target: `/sso/${own.organization}/${ids.connection}/security-events`,
      body: 'x.y.z',
      headers: { 'content-type': 'application/secevent+jwt' },
    },
  ],
  '/sso/:org/signed-in': (ids, own) => [
    { method: 'GET', target: `/sso/${ids.organization}/signed-in`, headers: page, control: 200 },
    {
      method: 'GET',
      target: `/sso/${own.organization}/signed-in?continue=${encodeURIComponent(`http://${ids.appHost}/`)}`,
      headers: page,
    },
  ],
  '/sso/:org/:connection/saml/metadata': (ids, own) => [
    { method: 'GET', target: `/sso/${own.organization}/${ids.connection}/saml/metadata` },
  ],
  '/sso/:org/:connection/saml/acs': (ids, own) => [
    {
      method: 'POST',
      target: `/sso/${own.organization}/${ids.connection}/saml/acs`,
      body: 'SAMLResponse=PHg%2B',
      headers: { ...page, 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  '/sso/:org/:connection/saml/slo': (ids, own) => [
    { method: 'GET', target: `/sso/${own.organization}/${ids.connection}/saml/slo?SAMLRequest=x`, headers: page },
    {
      method: 'POST',
      target: `/sso/${own.organization}/${ids.connection}/saml/slo`,
      body: 'SAMLRequest=PHg%2B',
      headers: { ...page, 'content-type': 'application/x-www-form-urlencoded' },
    },
  ],
  '/sso/:org/:connection/oidc/callback': (ids, own) => [
    { method: 'GET', target: `/sso/${own.organization}/${ids.connection}/oidc/callback?code=x&state=y`, headers: page },
  ],
  '/oidc/:org/interaction/:uid': () => 'known by the cookie of the browser that began it',
  '/gate/forward-auth': () => 'the proxy names the host: asked in T02',
  '/gate/auth-request': () => 'the same decision as forward-auth',
  '/gate/ext-authz/{*path}': () => 'the same decision as forward-auth',
  '/gate/:org/jwks.json': () => 'public keys, for everybody',
  '/gate/sign-in': () => 'an app’s host is public, and leads to the sign-in of the organisation that has it',
  '/gate/check': () => 'the app’s credential decides: test/gate/app-check.test.ts',
  '/gate/exchange': () => 'the app’s credential decides: test/gate/app-check.test.ts',
  '/gate/end': () => 'the app’s credential decides: test/gate/app-check.test.ts',
  '/.furlough/sign-in': () => 'the proxy names the host: test/gate/app-sign-in.test.ts',
  '/.furlough/callback': () => 'the proxy names the host, the code its app: test/gate/app-sign-in.test.ts',
  '/.furlough/sign-out': () => 'the proxy names the host, the cookie its app: test/gate/app-sign-in.test.ts',
};
