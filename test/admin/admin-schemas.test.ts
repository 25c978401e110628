// Custom schemas through the admin API, on both storages: declared, shown, widened, removed; what cannot be declared is refused with its place.

import { liveSchemas } from '#directory/custom-schema.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, other, type AdminHouse } from './admin-house.ts';
import { openTroubledHouse, outage } from './troubled-house.ts';

const at = '/organizations/acme/schemas';
const URN = 'urn:ietf:params:scim:schemas:extension:AcmeBadge:2.0:User';
const badge = {
  id: URN,
  name: 'Badge',
  attributes: [
    { name: 'code', required: true },
    { name: 'page', type: 'reference' },
    {
      name: 'home',
      type: 'complex',
      multiValued: true,
      subAttributes: [{ name: 'value' }, { name: '$ref', type: 'reference' }],
    },
  ],
};

describeAtDoors('custom schemas in the admin API', (open) => {
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async (): Promise<AdminHouse> => {
    const house = await openAdminHouse(await open());
    houses.push(house);
    return house;
  };
  const path = (urn = URN) => `${at}/${encodeURIComponent(urn)}`;

  test('declared with the defaults of RFC 7643, shown by URN in any letter case, listed in pages, in the audit trail', async () => {
    const house = await build();
    const { body } = await house.call('post', at, badge).expect(201);
    const characteristics = { multiValued: false, mutability: 'readWrite', returned: 'default', uniqueness: 'none' };
    expect(body.schema).toEqual({
      id: URN,
      name: 'Badge',
      description: '',
      resourceTypes: ['User'],
      attributes: [
        { name: 'code', type: 'string', description: '', ...characteristics, required: true, caseExact: false },
        {
          name: 'page',
          type: 'reference',
          description: '',
          ...characteristics,
          required: false,
          caseExact: true,
          referenceTypes: ['external'],
        },
        expect.objectContaining({
          name: 'home',
          caseExact: false,
          subAttributes: [expect.anything(), expect.anything()],
        }),
      ],
    });
    expect((await house.call('get', path(URN.toUpperCase())).expect(200)).body).toEqual(body.schema);
    expect((await house.call('get', `${at}/${URN}`).expect(200)).body).toEqual(body.schema);
    await house.call('post', at, { ...badge, id: 'urn:acme:a' }).expect(201);
    const { body: first } = await house.call('get', `${at}?limit=1`).expect(200);
    const { body: second } = await house.call('get', `${at}?limit=1&cursor=${first.next}`).expect(200);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['urn:acme:a', URN]);
    expect(second.next).toBeNull();
    const { body: audit } = await house.call('get', '/organizations/acme/audit').expect(200);
    expect(audit.items).toContainEqual(
      expect.objectContaining({
        action: 'schema.declared',
        change: body.change,
        target: { kind: 'schema', id: URN, name: 'Badge' },
        requestId: 'request-1',
      }),
    );
  });

  test('a schema as SCIM publishes it can be sent as it is', async () => {
    const house = await build();
    const whole = {
      ...badge,
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
      meta: { resourceType: 'Schema', location: `/Schemas/${URN}` },
    };
    const { body } = await house.call('post', at, whole).expect(201);
    expect(Object.keys(body.schema)).not.toContain('meta');
    await house.call('put', path(), whole).expect(200);
  });

  test.each<[string, object, string]>([
    ['the URN of User', { id: 'urn:ietf:params:scim:schemas:core:2.0:User' }, '/id'],
    ['a URN under ours', { id: 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User:x' }, '/id'],
    ['an address', { id: 'https://acme.example/x' }, '/id'],
    ['no URN', { id: undefined }, '/id'],
    ['no attribute', { attributes: [] }, '/attributes'],
    ['101 attributes', { attributes: Array.from({ length: 101 }, (_, n) => ({ name: `a${n}` })) }, '/attributes'],
    ['another resource type', { resourceTypes: ['Device'] }, '/resourceTypes/0'],
    ['an unknown member', { color: 'red' }, '/color'],
    ['a name that is none', { attributes: [{ name: '1st' }] }, '/attributes/0/name'],
    ['a name with a dot', { attributes: [{ name: 'a.b' }] }, '/attributes/0/name'],
    ['a name that is too long', { attributes: [{ name: 'a'.repeat(65) }] }, '/attributes/0/name'],
    ['the same name twice', { attributes: [{ name: 'a' }, { name: 'A' }] }, '/attributes/1/name'],
    ['__proto__', { attributes: [{ name: '__proto__' }] }, '/attributes/0/name'],
    ['constructor', { attributes: [{ name: 'Constructor' }] }, '/attributes/0/name'],
    ['externalId', { attributes: [{ name: 'externalID' }] }, '/attributes/0/name'],
    ['$ref at the top', { attributes: [{ name: '$ref' }] }, '/attributes/0/name'],
    ['an unknown type', { attributes: [{ name: 'a', type: 'number' }] }, '/attributes/0/type'],
    ['uniqueness', { attributes: [{ name: 'a', uniqueness: 'server' }] }, '/attributes/0/uniqueness'],
    ['complex without parts', { attributes: [{ name: 'a', type: 'complex' }] }, '/attributes/0/subAttributes'],
    [
      'parts of a string',
      { attributes: [{ name: 'a', subAttributes: [{ name: 'b' }] }] },
      '/attributes/0/subAttributes',
    ],
    [
      'complex in complex',
      { attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', type: 'complex' }] }] },
      '/attributes/0/subAttributes/0/type',
    ],
    [
      'a part with several values',
      { attributes: [{ name: 'a', type: 'complex', subAttributes: [{ name: 'b', multiValued: true }] }] },
      '/attributes/0/subAttributes/0/multiValued',
    ],
    [
      'primary that is no boolean',
      { attributes: [{ name: 'a', type: 'complex', multiValued: true, subAttributes: [{ name: 'primary' }] }] },
      '/attributes/0/subAttributes/0/type',
    ],
    ['writeOnly that is returned', { attributes: [{ name: 'a', mutability: 'writeOnly' }] }, '/attributes/0/returned'],
    [
      'readOnly that is required',
      { attributes: [{ name: 'a', mutability: 'readOnly', required: true }] },
      '/attributes/0/required',
    ],
    [
      'a reference without case',
      { attributes: [{ name: 'a', type: 'reference', caseExact: false }] },
      '/attributes/0/caseExact',
    ],
    [
      'values of a number',
      { attributes: [{ name: 'a', type: 'integer', canonicalValues: ['1'] }] },
      '/attributes/0/canonicalValues',
    ],
  ])('%s: 400 that says where, and nothing is stored', async (_name, parts, pointer) => {
    const house = await build();
    const { body } = await house.call('post', at, { ...badge, ...parts }).expect(400);
    expect(body.code).toBe('invalidInput');
    expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer);
    expect((await house.call('get', at).expect(200)).body.items).toEqual([]);
  });

  test('a URN is there once, letter case aside, and no other may lie under it or above', async () => {
    const house = await build();
    await house.call('post', at, badge).expect(201);
    for (const id of [URN, URN.toUpperCase(), `${URN}:more`, `${URN}.more`, URN.slice(0, -5)]) {
      const { body } = await house.call('post', at, { ...badge, id }).expect(409);
      expect([id, body.code]).toEqual([id, 'schemaExists']);
    }
    await house.call('post', '/organizations/other/schemas', badge, house.keys.other).expect(201);
  });

  test('PUT adds and relaxes; the same again changes nothing; narrowing is refused with every reason', async () => {
    const house = await build();
    await house.call('post', at, badge).expect(201);
    const { id: _id, ...rest } = badge;
    expect((await house.call('put', path(), rest).expect(200)).body.change).toBeNull();
    const wider = {
      ...rest,
      attributes: [{ name: 'code' }, ...rest.attributes.slice(1), { name: 'level', type: 'integer' }],
    };
    const { body } = await house.call('put', path(URN.toLowerCase()), wider).expect(200);
    expect(body.change).not.toBeNull();
    expect(body.schema.id).toBe(URN);
    const { body: refused } = await house
      .call('put', path(), { ...rest, attributes: [{ name: 'code', type: 'integer' }] })
      .expect(409);
    expect(refused.code).toBe('schemaNarrowed');
    expect(refused.faults).toEqual([
      'page must stay.',
      'home must stay.',
      'level must stay.',
      'code must stay string.',
    ]);
    expect((await house.call('get', path()).expect(200)).body).toEqual(body.schema);
    await house.call('put', path(), { ...rest, id: 'urn:acme:y' }).expect(400);
    await house.call('put', path('urn:acme:none'), rest).expect(404);
  });

  test('a removed one is gone, and comes back by the same rule as a change', async () => {
    const house = await build();
    await house.call('post', at, badge).expect(201);
    expect((await house.call('delete', path()).expect(200)).body.schema.id).toBe(URN);
    await house.call('get', path()).expect(404);
    await house.call('delete', path()).expect(404);
    await house.call('put', path(), { name: 'x', attributes: badge.attributes }).expect(404);
    expect((await house.call('get', at).expect(200)).body.items).toEqual([]);
    const { body } = await house
      .call('post', at, { ...badge, attributes: [{ name: 'code', type: 'integer' }] })
      .expect(409);
    expect(body.code).toBe('schemaNarrowed');
    expect((await house.call('post', at, { ...badge, id: `${URN}:x` }).expect(409)).body.code).toBe('schemaExists');
    await house.call('post', at, badge).expect(201);
    const actions = (await house.call('get', '/organizations/acme/audit').expect(200)).body.items.map(
      ({ action }: { action: string }) => action,
    );
    expect(actions.filter((action: string) => action.startsWith('schema.')).toSorted()).toEqual([
      'schema.declared',
      'schema.declared',
      'schema.removed',
    ]);
  });

  test('there are at most 20 at a time and 40 with those that were removed, and each has its size', async () => {
    const house = await build();
    const declare = (n: number) => house.call('post', at, { ...badge, id: `urn:acme:s${n}` });
    for (let n = 0; n < 20; n += 1) await declare(n).expect(201);
    expect((await declare(20).expect(409)).body.code).toBe('tooManySchemas');
    for (let n = 0; n < 20; n += 1) await house.call('delete', path(`urn:acme:s${n}`)).expect(200);
    for (let n = 20; n < 40; n += 1) await declare(n).expect(201);
    await house.call('delete', path('urn:acme:s20')).expect(200);
    expect((await declare(40).expect(409)).body.code).toBe('tooManySchemas');
    await declare(0).expect(201);
    const description = 'd'.repeat(500);
    const large = Array.from({ length: 80 }, (_, n) => ({ name: `a${n}`, description }));
    await house.call('delete', path('urn:acme:s0')).expect(200);
    const attributes = [...badge.attributes, ...large];
    expect((await house.call('post', at, { ...badge, id: 'urn:acme:s0', attributes }).expect(400)).body.code).toBe(
      'invalidValue',
    );
  });

  test('of twenty who declare at once every one is declared, and of twenty who declare the same one is', async () => {
    const house = await build();
    const { customSchemas } = house.context.provisioning;
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => house.call('post', at, { ...badge, id: `urn:acme:s${n}` })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(liveSchemas(await customSchemas.read(acme))).toHaveLength(20);
    const same = await Promise.all(
      Array.from({ length: 20 }, () => house.call('post', '/organizations/other/schemas', badge, house.keys.other)),
    );
    expect(same.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array.from({ length: 19 }, () => 409),
    ]);
    expect(liveSchemas(await customSchemas.read(other))).toHaveLength(1);
  });

  test('what a reader began to read before a change is not what the next one is given', async () => {
    const { house, when } = await openTroubledHouse(await open());
    houses.push(house);
    const { customSchemas } = house.context.provisioning;
    when('after customSchemas.get', async () => {
      await house.call('post', at, badge).expect(201);
    });
    expect((await customSchemas.read(acme)).declared).toEqual([]);
    expect((await customSchemas.read(acme)).declared).toHaveLength(1);
  });

  test('storage away: 503, and afterwards it is not there', async () => {
    const { house, when } = await openTroubledHouse(await open());
    houses.push(house);
    when('before customSchemas.insertOnce', outage);
    await house.call('post', at, badge).expect(503);
    expect((await house.call('get', at).expect(200)).body.items).toEqual([]);
    await house.call('post', at, badge).expect(201);
    when('before customSchemas.replace', outage);
    await house.call('delete', path()).expect(503);
    await house.call('get', path()).expect(200);
  });
});
