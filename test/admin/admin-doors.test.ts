// Who is let in where: every operation is asked without a credential, with a wrong one, with one that only reads, and by another organisation.

import { listOperations } from '#admin/operations.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { recordKinds } from '#record-kinds.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

let house: AdminHouse;
async function openHouse(): Promise<void> {
  house = await openAdminHouse(await openSqliteStorage({ path: ':memory:', recordKinds }));
}
async function closeHouse(): Promise<void> {
  await house.stop();
  await house.context.storage.close();
}

const unknownId = '01900000-0000-7000-8000-000000000000';
const at = (path: string, organization: string) =>
  path.replace(':org', organization).replace(':id', unknownId).replace(':reference', 'ABCD-EFGH-JKMN');
const operations = listOperations().map((operation) => [operation.id, operation] as const);

describe.each(operations)('%s', (_id, operation) => {
  // Every one of these is refused, so the next finds the house as it was.
  beforeAll(openHouse);
  afterAll(closeHouse);

  test('without a credential: 401 that says how', async () => {
    const { body, headers } = await house
      .call(operation.method, at(operation.path, 'acme'), undefined, null)
      .expect(401);
    expect(headers['www-authenticate']).toMatch(/^Bearer realm=/);
    expect(body.code).toBe('unauthenticated');
  });

  test('with an unknown credential: 401', async () => {
    const { headers } = await house
      .call(operation.method, at(operation.path, 'acme'), undefined, 'x'.repeat(40))
      .expect(401);
    expect(headers['www-authenticate']).toContain('error="invalid_token"');
  });

  if (operation.path.includes(':org')) {
    test('of another organisation: 404, the same as for one there is not', async () => {
      const foreign = await house
        .call(operation.method, at(operation.path, 'other'), undefined, house.keys.acme)
        .expect(404);
      const unknown = await house
        .call(operation.method, at(operation.path, 'nobody'), undefined, house.keys.acme)
        .expect(404);
      expect(foreign.text).toBe(unknown.text);
      expect(foreign.body.code).toBe('organizationNotFound');
    });
  } else {
    test('without scope instance: 403', async () => {
      const { body } = await house
        .call(operation.method, at(operation.path, ''), undefined, house.keys.acme)
        .expect(403);
      expect(body.code).toBe('notAllowed');
    });
  }

  if (operation.changes && operation.path.includes(':org')) {
    test('with scope read: 403', async () => {
      const { body } = await house
        .call(operation.method, at(operation.path, 'acme'), undefined, house.keys.acmeRead)
        .expect(403);
      expect(body.code).toBe('notAllowed');
    });
  }

  test('an unknown query parameter is refused', async () => {
    const { body } = await house.call(
      operation.method,
      `${at(operation.path, 'acme')}?surprise=1`,
      undefined,
      house.keys.instance,
    );
    expect(body.status).toBeGreaterThanOrEqual(400);
    expect(body.status).toBeLessThan(500);
    if (body.status === 400) expect(body.errors).toContainEqual({ pointer: '/surprise', detail: 'is not known here' });
  });
});

describe('beside the operations', () => {
  beforeEach(openHouse);
  afterEach(closeHouse);

  test('a SCIM credential opens nothing here', async () => {
    const { body } = await house
      .call('post', '/organizations/acme/credentials', { kind: 'scim', name: 'scim' })
      .expect(201);
    await house.call('get', '/organizations/acme', undefined, body.secret).expect(401);
  });

  test('scope instance reaches every organisation', async () => {
    await house.call('get', '/organizations/acme', undefined, house.keys.instance).expect(200);
    await house.call('get', '/organizations/other', undefined, house.keys.instance).expect(200);
    await house.call('get', '/organizations/nobody', undefined, house.keys.instance).expect(404);
  });

  test('refused credentials are limited by address: 429 with whole seconds; good ones are not slowed down', async () => {
    const ask = () => house.call('get', '/organizations/acme', undefined, 'x'.repeat(40)).then((answer) => answer);
    const answers = await Promise.all(Array.from({ length: 60 }, ask));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(answers.every(({ status }) => status === 401 || status === 429)).toBe(true);
    for (const { body, headers } of limited) {
      expect(body.code).toBe('tooManyBadCredentials');
      expect(headers['retry-after']).toMatch(/^\d+$/);
    }
    await house.call('get', '/organizations/acme').expect(200);
  });

  test('a method an address does not know: 405 that says which it knows', async () => {
    const { headers } = await house.call('delete', '/organizations/acme/seats').expect(405);
    expect(headers['allow']).toBe('GET, HEAD, PUT');
  });

  test('an address there is not: 404', async () => {
    const { body } = await house.call('get', '/organizations/acme/teapots').expect(404);
    expect(body.code).toBe('notFound');
  });

  describe('bodies', () => {
    const path = '/organizations/acme/seats';
    const put = (text: string, type = 'application/json') =>
      house
        .call('put', path)
        .set('Content-Type', type)
        .serialize((given: unknown) => given as string)
        .send(text);

    test.each([
      ['an unknown key', '{"licenced":3}', 400, 'invalidInput', '/licenced'],
      ['a wrong type', '{"licensed":"three"}', 400, 'invalidInput', '/licensed'],
      ['a negative number', '{"licensed":-1}', 400, 'invalidInput', '/licensed'],
      ['half a seat', '{"licensed":1.5}', 400, 'invalidInput', '/licensed'],
      ['an endless number', '{"licensed":1e999}', 400, 'invalidInput', '/licensed'],
      ['__proto__', '{"__proto__":{"licensed":1}}', 400, 'invalidInput', '/__proto__'],
      ['constructor', '{"constructor":1}', 400, 'invalidInput', '/constructor'],
      ['a key with $', '{"$where":"1"}', 400, 'invalidInput', '/$where'],
      ['NUL', '{"policy":"wa\\u0000it"}', 400, 'invalidInput', '/policy'],
      ['an array', '[]', 400, 'invalidInput', undefined],
      ['broken JSON', '{"licensed":', 400, 'malformedBody', undefined],
      ['thirty levels', `{"a":${'['.repeat(30)}${']'.repeat(30)}}`, 400, 'malformedBody', undefined],
    ])('%s is refused', async (_name, text, status, code, pointer) => {
      const { body } = await put(text).expect(status);
      expect(body.code).toBe(code);
      if (pointer !== undefined) expect(body.errors[0].pointer).toBe(pointer);
      const { body: seats } = await house.call('get', path).expect(200);
      expect(seats.licensed).toBe(10);
    });

    test('another media type is refused with 415', async () => {
      await put('licensed=3', 'application/x-www-form-urlencoded').expect(415);
    });

    test('a body beyond the limit is refused with 413', async () => {
      const { body } = await put(JSON.stringify({ policy: 'x'.repeat(200_000) })).expect(413);
      expect(body.code).toBe('bodyTooLarge');
    });
  });

  test('the reference page and the OpenAPI document tell every operation, to anyone', async () => {
    const { body } = await house.call('get', '/openapi.json', undefined, null).expect(200);
    expect(body.openapi).toBe('3.1.0');
    const told = Object.values(body.paths as Record<string, Record<string, { operationId: string }>>).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(told.toSorted()).toEqual(operations.map(([id]) => id).toSorted());
    expect(JSON.stringify(body.paths['/organizations/{org}/seats'].put.requestBody)).toContain('"licensed"');
  });
});
