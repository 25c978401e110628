// Exchanges of real clients that scim-cases.json does not hold, as documented (D), reported (S) or inferred (?) in scim.md 2.
// Nothing here is recognised by User-Agent: one connection takes them all, one after the other.

import { recordKinds } from '#record-kinds.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import type { Storage } from '#storage/storage.ts';
import { CORE, ENTERPRISE, FURLOUGH, startScimWorld, type ScimWorld } from './scim-world.ts';

let storage: Storage;
let world: ScimWorld;
beforeEach(async () => {
  storage = await openSqliteStorage({ path: ':memory:', recordKinds });
  world = await startScimWorld(storage);
});
afterEach(async () => {
  await world.stop();
  await storage.close();
});

const oktaHeaders = {
  'User-Agent': 'Okta SCIM Client 1.0.0',
  Accept: 'application/scim+json',
  'Accept-Charset': 'utf-8',
  'Content-Type': 'application/scim+json; charset=utf-8',
};

describe('Okta', () => {
  test('(D) reads, puts the whole object back with "" for emptied fields, deactivates, posts again: one person throughout', async () => {
    const lookUp = '/Users?filter=userName%20eq%20%22okta%40acme.test%22&startIndex=1&count=100';
    const ask = (method: string, path: string, body?: unknown) =>
      world.send({ method, path, headers: oktaHeaders, ...(body === undefined ? {} : { body }) });
    expect((await ask('GET', lookUp)).json).toMatchObject({ totalResults: 0, Resources: [] });
    const posted = {
      schemas: [CORE],
      userName: 'okta@acme.test',
      name: { givenName: 'Ann', familyName: 'Lee' },
      emails: [{ primary: true, value: 'okta@acme.test', type: 'work' }],
      displayName: 'Ann Lee',
      locale: 'en-US',
      externalId: '00u1',
      groups: [],
      password: '1mz050nq',
      active: true,
    };
    const created = await ask('POST', '/Users', posted);
    expect(created.status).toBe(201);
    const { id } = created.json;
    const read = (await ask('GET', `/Users/${id}`)).json;
    const put = await ask('PUT', `/Users/${id}`, { ...read, displayName: '', nickName: '', locale: 'de-DE' });
    expect(put.json).toMatchObject({ id, active: true, locale: 'de-DE', externalId: '00u1' });
    expect(put.json.displayName ?? put.json.nickName).toBeUndefined();
    const gone = await ask('PUT', `/Users/${id}`, { ...put.json, active: false });
    expect([gone.json.active, gone.json[FURLOUGH].status]).toEqual([false, 'inactive']);
    expect((await ask('GET', lookUp)).json.Resources[0]).toMatchObject({ id, active: false });
    const again = await ask('POST', '/Users', posted);
    expect([again.status, again.json.id, again.json.active]).toEqual([201, id, true]);
  });

  test('(S) the header template sends the raw credential; password sync is accepted and forgotten', async () => {
    const { id } = await world.create('raw@acme.test');
    const before = (await world.get(`/Users/${id}`)).json;
    const body = { Operations: [{ op: 'replace', value: { password: 'N3w-secret' } }] };
    const headers = { ...oktaHeaders, Authorization: world.secrets.bearer };
    const answer = await world.send({ method: 'PATCH', path: `/Users/${id}`, headers, body });
    expect([answer.status, answer.json]).toEqual([200, before]);
    expect(JSON.stringify(await storage.users.list('acme' as never, { limit: 9 }))).not.toContain('N3w-secret');
  });
});

describe('Microsoft Entra ID', () => {
  test('(D) test connection by a random id is 200 and empty; attributes of nothing are nulls', async () => {
    const { json } = await world.get('/Users?filter=userName+eq+%22b4e8ff0a-1111-4222-8333-444455556666%22');
    expect(json).toMatchObject({ totalResults: 0, Resources: [] });
    const created = await world.create('nulls@acme.test', { title: null, addresses: null, roles: [], active: 'True' });
    expect(created).toMatchObject({ active: true });
    expect(JSON.stringify(created)).not.toContain('null,');
  });

  test('(D) both columns of shapes on one connection, in one conversation', async () => {
    const { id } = await world.create('entra@acme.test', { schemas: [CORE, ENTERPRISE] });
    const manager = `${ENTERPRISE}:manager`;
    await world.patch(id, [
      { op: 'Add', path: 'emails[type eq "work"].value', value: 'e@acme.test' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+81 90' },
      { op: 'Replace', path: 'name.givenName', value: 'Aki' },
      { op: 'Add', path: 'manager', value: [{ $ref: '../Users/m1', value: 'm1' }] },
      { op: 'Add', path: 'roles', value: [{ primary: 'True', value: '{"id":"r1","value":"x"}' }] },
    ]);
    await world.patch(id, [
      {
        op: 'replace',
        value: { displayName: 'Aki S', 'name.familyName': 'Sato', [`${ENTERPRISE}:employeeNumber`]: '42' },
      },
      { op: 'replace', path: 'roles[primary eq "True"].value', value: '{"id":"r2","value":"y"}' },
    ]);
    const { json } = await world.patch(id, [{ op: 'replace', path: `${ENTERPRISE}.manager`, value: 'm2' }]);
    expect(json).toMatchObject({
      displayName: 'Aki S',
      name: { givenName: 'Aki', familyName: 'Sato' },
      emails: [{ type: 'work', value: 'e@acme.test' }],
      phoneNumbers: [{ type: 'mobile', value: '+81 90' }],
      roles: [{ primary: true, value: '{"id":"r2","value":"y"}' }],
      [ENTERPRISE]: { employeeNumber: '42', manager: { value: 'm2' } },
    });
    const found = await world.get(
      `/Users?filter=${encodeURIComponent(`id eq "${id}" and manager eq "m2"`)}&attributes=id`,
    );
    expect(found.json.Resources).toEqual([{ schemas: [CORE], id }]);
    const cleared = await world.patch(id, [{ op: 'replace', path: manager, value: '' }]);
    expect(cleared.json[ENTERPRISE]).toEqual({ employeeNumber: '42' });
  });

  test('(D) re-enabling comes among other changes', async () => {
    const { id } = await world.create('back@acme.test');
    expect((await world.patch(id, [{ op: 'Add', path: 'active', value: 'False' }])).json.active).toBe(false);
    const { json } = await world.patch(id, [
      { op: 'Replace', path: 'displayName', value: 'B' },
      { op: 'Replace', path: 'active', value: 'True' },
      { op: 'Add', path: 'title', value: 'Baker' },
    ]);
    expect(json).toMatchObject({ active: true, displayName: 'B', title: 'Baker' });
  });
});

describe('OneLogin', () => {
  test('(S) legacy URNs, "true" as text, "id":null and a dangling question mark', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = {
      schemas: ['urn:scim:schemas:core:1.0', CORE, 'urn:scim:schemas:core:2.0'],
      id: null,
      userName: 'one@acme.test',
      active: 'true',
      name: { givenName: 'One', familyName: null },
    };
    const created = await world.send({ method: 'POST', path: '/Users', headers, body });
    expect([created.status, created.json.schemas]).toEqual([201, [CORE, FURLOUGH]]);
    const put = { method: 'PUT', path: `/Users/${created.json.id}?`, headers, body: { ...body, active: 'FALSE' } };
    const answer = await world.send(put);
    expect([answer.status, answer.json.active, answer.json.id]).toEqual([200, false, created.json.id]);
    expect(answer.text).not.toContain('null');
  });
});

describe('a strict connection', () => {
  test('follows the letter: what the default reads leniently is refused', async () => {
    const { strict } = world.secrets;
    const post = (parts: object) =>
      world.post('/Users', { schemas: [CORE], userName: 's@acme.test', ...parts }, strict);
    for (const [parts, scimType] of [
      [{ active: 'True' }, 'invalidValue'],
      [{ schemas: [CORE, 'urn:scim:schemas:core:1.0'] }, 'invalidSyntax'],
      [{ 'name.givenName': 'x' }, 'invalidSyntax'],
      [{ emails: { value: 'x' } }, 'invalidValue'],
    ] as const) {
      const answer = await post(parts);
      expect([answer.status, answer.json.scimType]).toEqual([400, scimType]);
    }
    const { id } = (await post({ title: '' })).json;
    for (const [operation, scimType] of [
      [{ op: 'Replace', path: 'title', value: 'x' }, 'invalidSyntax'],
      [{ op: 'replace', path: 'active', value: 'False' }, 'invalidValue'],
      [{ op: 'replace', path: `${ENTERPRISE}.manager`, value: { value: 'x' } }, 'invalidPath'],
      [{ op: 'replace', path: `${ENTERPRISE}:manager`, value: 'x' }, 'invalidValue'],
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'x' }, 'noTarget'],
    ] as const) {
      const answer = await world.patch(id, [operation], strict);
      expect([operation.path, answer.status, answer.json.scimType]).toEqual([operation.path, 400, scimType]);
    }
    const pathless = await world.patch(id, [{ op: 'replace', value: { active: false } }], strict);
    expect([pathless.status, pathless.json.active]).toEqual([200, false]);
  });
});
