// What is refused before an operation runs, and how every refusal looks (RFC 7644 §3.12): methods, addresses, sizes, media types, outages.

import { connect } from 'node:net';
import { DirectoryError } from '#directory/directory-error.ts';
import { recordKinds } from '#record-kinds.ts';
import { ERROR_URN, toErrorBody, toScimError } from '#scim/scim-error.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import type { Storage } from '#storage/storage.ts';
import {
  CORE,
  DEPARTMENT,
  ENTERPRISE,
  FURLOUGH,
  PERSON,
  startScimWorld,
  type Json,
  type ScimWorld,
  type WireAnswer,
} from './scim-world.ts';

let storage: Storage;
const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
let world: ScimWorld;
beforeEach(async () => {
  storage = await openSqliteStorage({ path: ':memory:', recordKinds });
  world = await startScimWorld(storage, { bodyBytes: 20_000 });
});
afterEach(async () => {
  await world.stop();
  await storage.close();
});

const user = { schemas: [CORE], userName: 'u@acme.test' };
const post = (body: unknown, headers: Record<string, string> = {}) =>
  world.send({ method: 'POST', path: '/Users', headers, body });

function expectRefusal(answer: WireAnswer, status: number, scimType?: string): void {
  expect([answer.status, answer.json]).toEqual([
    status,
    {
      schemas: [ERROR_URN],
      status: String(status),
      ...(scimType === undefined ? {} : { scimType }),
      detail: expect.stringMatching(/./),
    },
  ]);
  expect(answer.headers['content-type']).toBe('application/scim+json; charset=utf-8');
  expect(answer.text).not.toMatch(/\bat .*\.ts|node:|Error:/);
}

test.each(['/', '', '/NoSuchThing', '/users', '/Users/a/b', '/Users/%ZZ', '/Users/%00', '/Users/..%2F..', '/Devices'])(
  'address %j is 404 in SCIM form',
  async (path) => {
    expectRefusal(await world.get(path), 404);
  },
);

test('a method that an address does not know is 405 and says which it knows', async () => {
  for (const [method, path, allow] of [
    ['PUT', '/Users', 'GET, HEAD, POST'],
    ['POST', '/Users/x', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['GET', '/Users/.search', 'POST'],
    ['OPTIONS', '/Users', 'GET, HEAD, POST'],
    ['POST', '/ServiceProviderConfig', 'GET, HEAD'],
    ['DELETE', `/Schemas/${CORE}`, 'GET, HEAD'],
    ['PATCH', '/ResourceTypes', 'GET, HEAD'],
  ] as const) {
    const answer = await world.send({ method, path });
    expectRefusal(answer, 405);
    expect(answer.headers['allow']).toBe(allow);
  }
});

test('Me is not supported and says so with 501', async () => {
  expectRefusal(await world.get('/Me'), 501);
});

test('bodies are JSON of a known media type; without a body any type may be named', async () => {
  for (const type of [
    'application/xml',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/problem+json',
    '',
  ]) {
    expectRefusal(await post(JSON.stringify(user), { 'Content-Type': type }), 415);
  }
  expectRefusal(await post(user, { 'Content-Type': 'application/json; charset=latin1' }), 415);
  expectRefusal(await post(user, { 'Content-Encoding': 'zip' }), 415);
  for (const type of ['application/json', 'Application/SCIM+JSON; charset=UTF-8', 'application/json;charset="utf-8"']) {
    const answer = await post({ ...user, userName: type }, { 'Content-Type': type });
    expect(answer.status).toBe(201);
  }
  const headers = { 'Content-Type': 'application/xml' };
  expect((await world.send({ method: 'GET', path: '/Users', headers })).status).toBe(200);
  const { id } = await world.create('bodyless@acme.test');
  expect((await world.send({ method: 'DELETE', path: `/Users/${id}`, headers })).status).toBe(204);
});

test('bodies that are broken, empty, deep or no object are 400 invalidSyntax', async () => {
  const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
  for (const body of ['{broken', '', '[]', '"text"', 'null', '{"a":1}{', deep, '{"userName":"\u0000"}']) {
    expectRefusal(await post(body), 400, 'invalidSyntax');
  }
  expectRefusal(await post(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'invalidSyntax');
});

test('NUL and half characters in a value are 400 invalidValue', async () => {
  for (const userName of ['a\u0000b', 'a\ud800b'])
    expectRefusal(await post({ ...user, userName }), 400, 'invalidValue');
});

test('a body over the limit is 413, whether announced or chunked without end, packed or not', async () => {
  expectRefusal(await post({ ...user, title: 'x'.repeat(20_001) }), 413);
  const status = await new Promise<string>((resolve, reject) => {
    const socket = connect(world.port, '127.0.0.1', () => {
      socket.write(
        `POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.secrets.bearer}\r\n` +
          'Content-Type: application/scim+json\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      const chunk = `${(10_000).toString(16)}\r\n${'x'.repeat(10_000)}\r\n`;
      for (let sent = 0; sent < 4; sent += 1) socket.write(chunk);
    });
    socket.once('data', (data) => {
      resolve(data.toString('utf8').split('\r\n', 1)[0] ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
  expect(status).toBe('HTTP/1.1 413 Payload Too Large');
});

test('while storage is away every door answers 503 with whole seconds to wait, never 401 or 404; discovery still answers', async () => {
  const { id } = await world.create('away@acme.test');
  await storage.close();
  for (const answer of [
    await world.get(`/Users/${id}`),
    await world.get('/Users'),
    await world.get('/Users', 'a-secret-nobody-knows'),
    await post(user),
    await world.patch(id, [{ op: 'replace', path: 'active', value: false }]),
  ]) {
    expectRefusal(answer, 503);
    expect(answer.headers['retry-after']).toBe('2');
  }
  expect((await world.get('/ServiceProviderConfig')).status).toBe(200);
});

test('a refusal of the directory keeps its public words; a fault of ours is none', () => {
  const refusal = toScimError(new DirectoryError('noFreeSeat', 'All 5 seats are in use.', { licensed: 5 }));
  expect(refusal !== null && toErrorBody(refusal)).toEqual({
    schemas: [ERROR_URN],
    status: '403',
    detail: 'All 5 seats are in use.',
  });
  expect(toScimError(new DirectoryError('tooManyConflicts', 'busy'))).toMatchObject({
    status: 503,
    headers: { 'Retry-After': '1' },
  });
  expect(toScimError(new TypeError('x is undefined'))).toBeNull();
});

test('discovery says what is there, and nothing else', async () => {
  const config = (await world.get('/ServiceProviderConfig')).json;
  expect(config).toMatchObject({
    patch: { supported: true },
    bulk: { supported: true, maxOperations: 1_000, maxPayloadSize: 20_000 },
    filter: { supported: true, maxResults: 200 },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    pagination: { cursor: true, index: true, defaultPageSize: 100, maxPageSize: 200 },
    authenticationSchemes: [
      { type: 'oauthbearertoken', primary: true },
      { type: 'oauth2', primary: false },
    ],
  });
  // No attribute of our own making: conformance suites refuse what RFC 7643 §5 does not define.
  expect(Object.keys(config.filter)).toEqual(['supported', 'maxResults']);
  const types = (await world.get('/ResourceTypes?startIndex=2&count=0')).json;
  expect(types).toMatchObject({ totalResults: 3, startIndex: 1, itemsPerPage: 3 });
  expect(types.Resources[0]).toEqual((await world.get('/ResourceTypes/User')).json);
  expect(types.Resources[0]).toMatchObject({
    endpoint: '/Users',
    schema: CORE,
    schemaExtensions: [
      { schema: ENTERPRISE, required: false },
      { schema: PERSON, required: false },
      { schema: FURLOUGH, required: false },
    ],
  });
  const schemas = (await world.get('/Schemas')).json.Resources;
  expect(schemas.map((schema: { id: string }) => schema.id)).toEqual([
    CORE,
    ENTERPRISE,
    PERSON,
    FURLOUGH,
    GROUP,
    DEPARTMENT,
  ]);
  expect(types.Resources[2]).toMatchObject({ id: 'Department', endpoint: '/Departments', schema: DEPARTMENT });
  for (const schema of schemas) expect((await world.get(`/Schemas/${schema.id.toUpperCase()}`)).json).toEqual(schema);
  expect(JSON.stringify(schemas)).not.toContain('null');
  const attributes = new Map<string, Json>(schemas[0].attributes.map((one: { name: string }) => [one.name, one]));
  expect(attributes.get('userName')).toMatchObject({ required: true, uniqueness: 'server', caseExact: false });
  expect(attributes.get('active')).toMatchObject({ type: 'boolean', mutability: 'readWrite' });
  expect(attributes.get('password')).toMatchObject({ mutability: 'writeOnly', returned: 'never' });
  expect(attributes.has('clearable')).toBe(false);
  expect(schemas.some((schema: object) => 'bareInBodies' in schema)).toBe(false);
  // RFC 7643 §2.3.8: no complex attribute within a complex one.
  for (const { attributes: of } of schemas)
    for (const { subAttributes = [] } of of)
      expect(subAttributes.filter((sub: Json) => sub.type === 'complex')).toEqual([]);
  for (const path of ['/Schemas/urn:none', '/ResourceTypes/Robot']) expectRefusal(await world.get(path), 404);
  for (const path of ['/Schemas', '/ResourceTypes', '/ServiceProviderConfig', `/Schemas/${CORE}`]) {
    expectRefusal(await world.get(`${path}?filter=id%20pr`), 403);
  }
});

test('requests are counted by connection, resource, method and status', async () => {
  await world.get('/Users');
  await world.get('/Users/none', world.secrets.okta);
  await world.send({ method: 'OPTIONS', path: '/Users' });
  const page = await world.metricsPage();
  expect(page).toContain(
    'furlough_scim_requests_total{connection="default",resource="User",method="GET",code="200"} 1',
  );
  expect(page).toContain('furlough_scim_requests_total{connection="okta",resource="User",method="GET",code="404"} 1');
  expect(page).toContain(
    'furlough_scim_requests_total{connection="default",resource="User",method="other",code="405"} 1',
  );
});
