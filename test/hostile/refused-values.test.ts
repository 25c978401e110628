// F02, F03, F05 by name, at the doors of a whole server on both stores: patterns that are taken as letters, operators and prototypes in place of
// values and names, pages of absurd size. Beside each the honest request that is served.

import { listOperations } from '#admin/operations.ts';
import { describeDoorsWithMongo } from '../harness/both-storages.ts';
import { openHostileHouse, USER, type HostileHouse } from './hostile-house.ts';

const SEARCH = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describe('on SQLite', () => {
  declareSuite('sqlite');
});
describeDoorsWithMongo('on MongoDB', () => {
  declareSuite('mongodb');
});

function declareSuite(kind: 'sqlite' | 'mongodb'): void {
  let house: HostileHouse;
  beforeAll(async () => {
    house = await openHostileHouse(kind);
  });
  afterAll(async () => {
    await house.stop();
  });
  const scim = (method: string, path: string, body?: unknown) => house.scim(house.scimSecret, method, path, body);
  const search = (filter: string) => scim('POST', '/Users/.search', { schemas: [SEARCH], filter });
  const found = async (filter: string): Promise<readonly string[]> => {
    const { status, body } = await search(filter);
    if (status !== 200) throw new Error(`${filter}: ${status} ${JSON.stringify(body)}`);
    return body['Resources'].map(({ title }: { title: string }) => title);
  };

  const patterns = [
    '(a+)+$',
    '.*',
    '^',
    '%',
    '_',
    '[a-z]',
    '\\d',
    '$',
    '*',
    '{"$gt":""}',
    "' OR '1'='1",
    'ﷺ',
    'İıſK',
    '👩‍👩‍👧',
    'あ',
  ];
  test('F02 patterns, wildcards and unicode in a filter are letters like any others', async () => {
    const ids: string[] = [];
    for (const [at, title] of [...patterns, 'plain aaaaaaaaaaaaaaaaaaaaaaaa'].entries()) {
      const { status, body } = await scim('POST', '/Users', {
        schemas: [USER],
        userName: `f02-${at}@scim.test`,
        title,
        displayName: title,
      });
      expect(status).toBe(201);
      ids.push(body['id']);
    }
    const mine = 'userName sw "f02-"';
    for (const pattern of patterns) {
      const value = JSON.stringify(pattern);
      const holds = [...patterns, 'plain aaaaaaaaaaaaaaaaaaaaaaaa'].filter((title) =>
        title.toLowerCase().includes(pattern.toLowerCase()),
      );
      expect([pattern, await found(`${mine} and title eq ${value}`)]).toEqual([pattern, [pattern]]);
      expect([pattern, await found(`${mine} and title co ${value}`)]).toEqual([pattern, holds]);
      expect([pattern, await found(`displayName eq ${value}`)]).toEqual([pattern, [pattern]]);
    }
    for (const id of ids) await scim('DELETE', `/Users/${id}`);
  });

  test.each([
    ['more than 4 KiB', `title eq "${'a'.repeat(5_000)}"`],
    ['ten thousand ors', Array.from({ length: 10_000 }, () => 'title pr').join(' or ')],
    ['a hundred ors', Array.from({ length: 100 }, () => 'title pr').join(' or ')],
    ['ten thousand levels', `${'('.repeat(10_000)}title pr${')'.repeat(10_000)}`],
    ['a thousand levels', `${'('.repeat(1_000)}title pr${')'.repeat(1_000)}`],
    ['eight hundred nots', `${'not ('.repeat(800)}title pr${')'.repeat(800)}`],
  ])('F02 a filter of %s is refused as invalidFilter', async (_name, filter) => {
    const { status, body } = await search(filter);
    expect([status, body['scimType']]).toEqual([400, 'invalidFilter']);
    expect((await search('title pr')).status).toBe(200);
  });

  test('F03 an operator where a text is expected is refused as invalidValue, by every verb that writes', async () => {
    const operators = [{ $gt: '' }, { $ne: null }, { $regex: '.*' }, [''], { $where: '1' }];
    const id = house.people.scim[1];
    for (const operator of operators) {
      for (const name of ['userName', 'displayName', 'externalId', 'title']) {
        const body = { schemas: [USER], userName: 'f03@scim.test', [name]: operator };
        const value = [{ op: 'replace', path: name, value: operator }];
        for (const answer of [
          await scim('POST', '/Users', body),
          await scim('PUT', `/Users/${id}`, body),
          await scim('PATCH', `/Users/${id}`, { schemas: [PATCH], Operations: value }),
        ])
          expect([name, operator, answer.status, answer.body['scimType']]).toEqual([
            name,
            operator,
            400,
            'invalidValue',
          ]);
      }
    }
    expect(await found('userName eq "f03@scim.test"')).toEqual([]);
    expect((await scim('GET', `/Users/${id}`)).body['userName']).toBe('b@scim.test');
  });

  test('F03 unknown and dangerous names: in a body not kept, as a path invalidPath, in a filter invalidFilter', async () => {
    const names = ['$where', '__proto__', 'constructor', 'prototype', 'unheardOf', 'toString'];
    const members = names.map((name) => `${JSON.stringify(name)}:{"polluted":1,"isAdmin":true}`).join(',');
    const body = `{"schemas":["${USER}"],"userName":"f03b@scim.test",${members},"name":{"givenName":"A",${members}}}`;
    const created = await scim('POST', '/Users', body);
    expect([created.status, created.body['name']]).toEqual([201, { givenName: 'A' }]);
    const id = created.body['id'];
    const user = await house.server.open().then(({ storage }) => storage.users.get('by-scim' as never, id as never));
    expect(JSON.stringify(user)).not.toMatch(/polluted|isAdmin|\$where|unheardOf/);
    for (const name of names) {
      for (const op of ['add', 'replace', 'remove']) {
        const { status, body: refusal } = await scim('PATCH', `/Users/${id}`, {
          schemas: [PATCH],
          Operations: [{ op, path: name, ...(op === 'remove' ? {} : { value: 'x' }) }],
        });
        expect([op, name, status, refusal['scimType']]).toEqual([op, name, 400, 'invalidPath']);
      }
      const { status, body: refusal } = await search(`${name} eq "x"`);
      expect([name, status, refusal['scimType']]).toEqual([name, 400, 'invalidFilter']);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    await scim('DELETE', `/Users/${id}`);
  });

  test('F03 admin API: every operation refuses every name it does not know, in body and query, and changes nothing', async () => {
    const at = (path: string) =>
      path
        .replace(':org', 'by-admin')
        .replace(':id', house.people.admin[0] ?? '')
        .replace(':reference', 'ABCD-EFGH-JKMN');
    const state = async () =>
      JSON.stringify([
        (await house.admin('GET', '/organizations/by-admin')).body,
        (await house.admin('GET', '/organizations/by-admin/seats')).body,
        (await house.admin('GET', '/organizations/by-admin/users')).body,
        (await house.admin('GET', '/organizations/by-admin/credentials')).body,
      ]);
    const before = await state();
    for (const { id, method, path, takes } of listOperations()) {
      for (const name of ['$where', '__proto__', 'constructor', 'prototype', 'unheardOf']) {
        const encoded = encodeURIComponent(name);
        const inQuery = await house.admin(method.toUpperCase(), `${at(path)}?${encoded}=1`);
        expect([id, name, inQuery.status, inQuery.body['code']]).toEqual([id, name, 400, 'invalidInput']);
        // A file has no members.
        if (method === 'get' || takes !== undefined) continue;
        const inBody = await house.admin(method.toUpperCase(), at(path), `{${JSON.stringify(name)}:1}`);
        expect([id, name, inBody.status, inBody.body['code']]).toEqual([id, name, 400, 'invalidInput']);
        expect(inBody.body['errors'].map(({ pointer }: { pointer: string }) => pointer)).toContainEqual(`/${name}`);
      }
    }
    expect(await state()).toBe(before);
  });

  test('F03 admin API: an operator where a text or a number is expected is refused', async () => {
    const base = '/organizations/by-admin';
    const id = house.people.admin[0];
    for (const [method, path, body] of [
      ['PUT', `${base}/seats`, { licensed: { $gt: 0 } }],
      ['POST', `${base}/users/${id}/deactivate`, { reason: { $gt: '' } }],
      ['POST', `${base}/users/${id}/reactivate`, { lift: { $in: ['admin'] } }],
      ['POST', `${base}/credentials`, { kind: { $ne: 1 }, name: 'x' }],
      ['POST', `${base}/connections`, { kind: 'scim', name: { $gt: '' } }],
      ['POST', `${base}/departments`, { name: { $gt: '' } }],
      ['POST', `${base}/departments`, { name: 'x', parent: { $ne: null } }],
    ] as const) {
      const { status, body: refusal } = await house.admin(method, path, body);
      expect([path, status, refusal['code']]).toEqual([path, 400, 'invalidInput']);
    }
    for (const query of ['userName[$gt]=', 'userName[$ne]=x', 'q[$regex]=.*', 'limit[$gt]=1'])
      expect((await house.admin('GET', `${base}/users?${query}`)).status).toBe(400);
    expect((await house.admin('GET', `${base}/users?userName=a@admin.test`)).body['items']).toHaveLength(1);
  });

  test.each([
    ['count=1000000000', 200, { itemsPerPage: 2, startIndex: 1 }],
    ['count=-1', 200, { itemsPerPage: 0 }],
    ['count=0', 200, { itemsPerPage: 0, totalResults: 2 }],
    ['startIndex=-1', 200, { startIndex: 1, itemsPerPage: 2 }],
    ['startIndex=0&count=1', 200, { startIndex: 1, itemsPerPage: 1 }],
    ['startIndex=9007199254740993', 200, { itemsPerPage: 0, totalResults: 2 }],
    ['count=1e9', 400, { scimType: 'invalidValue' }],
    ['count=many', 400, { scimType: 'invalidValue' }],
    ['startIndex=1.5', 400, { scimType: 'invalidValue' }],
    ['sortBy=unheardOf', 400, {}],
    ['sortBy=__proto__', 400, {}],
    ['sortBy=userName&sortOrder=sideways', 400, {}],
    ['sortBy=userName&sortOrder=descending', 200, { itemsPerPage: 2 }],
  ])('F05 SCIM ?%s: %i', async (query, expected, parts) => {
    const { status, body } = await scim('GET', `/Users?${query}`);
    expect([status, body]).toEqual([expected, expect.objectContaining(parts)]);
  });

  test.each([
    ['limit=1', 200],
    ['limit=200', 200],
    ['limit=1000000000', 400],
    ['limit=0', 400],
    ['limit=-1', 400],
    ['limit=1e1', 200],
    ['limit=many', 400],
    ['cursor=AAAA', 400],
    ['cursor=__proto__', 400],
    [`cursor=${'A'.repeat(600)}`, 400],
    ['sortBy=name', 400],
    ['limit=1&limit=2', 400],
  ])('F05 admin API ?%s: %i', async (query, expected) => {
    for (const list of ['users', 'credentials', 'connections', 'departments', 'sign-ins', 'provisioning-log', 'audit'])
      expect([list, (await house.admin('GET', `/organizations/by-admin/${list}?${query}`)).status]).toEqual([
        list,
        expected,
      ]);
  });
}
