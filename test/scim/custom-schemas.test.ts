// Schemas an organisation declared itself, at the SCIM door: values are checked, stored under their URN, shown, patched, filtered and sorted like any
// other; nobody else sees them; and removing a schema hides its values without losing one (docs/decisions/0006).

import type { CustomAttribute, CustomSchema } from '#directory/custom-schema.ts';
import type { UserId } from '#directory/identifiers.ts';
import { createProvisioning } from '#provisioning/provisioning.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { randomBytes } from 'node:crypto';
import {
  acme,
  byTest,
  CORE,
  DEPARTMENT,
  ENTERPRISE,
  FURLOUGH,
  globex,
  PATCH_OP,
  PERSON,
  startScimWorld,
  type Json,
} from './scim-world.ts';
import type { ScimWorld } from './scim-world.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const BADGE = 'urn:ietf:params:scim:schemas:extension:AcmeBadge:2.0:User';
const SITE = 'urn:acme:scim:Site.1';

function attribute(name: string, parts: Partial<CustomAttribute> = {}): CustomAttribute {
  const base = { type: 'string', description: '', multiValued: false, required: false, caseExact: false } as const;
  return { name, ...base, mutability: 'readWrite', returned: 'default', uniqueness: 'none', ...parts };
}

const badge: CustomSchema = {
  id: BADGE,
  name: 'Badge',
  description: 'What opens the doors.',
  resourceTypes: ['User'],
  attributes: [
    attribute('code', { required: true, caseExact: true }),
    attribute('level', { type: 'integer' }),
    attribute('ratio', { type: 'decimal' }),
    attribute('remote', { type: 'boolean' }),
    attribute('issuedAt', { type: 'dateTime' }),
    attribute('photo', { type: 'binary', caseExact: true }),
    attribute('page', { type: 'reference', caseExact: true, referenceTypes: ['external'] }),
    attribute('serial', { mutability: 'immutable' }),
    attribute('score', { mutability: 'readOnly' }),
    attribute('pin', { mutability: 'writeOnly', returned: 'never' }),
    attribute('secretNote', { returned: 'never' }),
    attribute('rarely', { returned: 'request' }),
    attribute('tags', { multiValued: true }),
    attribute('home', {
      type: 'complex',
      subAttributes: [attribute('floor', { type: 'integer' }), attribute('room', { required: true })],
    }),
    attribute('doors', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        attribute('value', { caseExact: true }),
        attribute('type'),
        attribute('primary', { type: 'boolean' }),
      ],
    }),
  ],
};
const site: CustomSchema = {
  id: SITE,
  name: 'Site',
  description: '',
  resourceTypes: ['User', 'Group'],
  attributes: [attribute('city'), attribute('members', { multiValued: true })],
};

const full = {
  code: 'B-1',
  level: 3,
  ratio: 0.5,
  remote: true,
  issuedAt: '2027-01-02T03:04:05Z',
  photo: 'AAEC',
  page: 'https://badges.example.com/1',
  serial: 'S1',
  tags: ['red', 'blue'],
  home: { floor: 4, room: '4a' },
  doors: [
    { value: 'north', type: 'work', primary: true },
    { value: 'south', type: 'other' },
  ],
};

describeAtDoors('custom schemas', (open) => {
  let world: ScimWorld;
  beforeEach(async () => {
    world = await startScimWorld(await open());
    for (const schema of [badge, site]) await declare(schema);
  });
  afterEach(() => world.stop());

  const schemasOf = () => world.provisioning.customSchemas;
  const declare = (schema: CustomSchema) => schemasOf().declare(acme, schema, byTest);
  const hire = (userName: string, parts: object, secret?: string) =>
    world.post('/Users', { schemas: [CORE, BADGE], userName, ...parts }, secret);
  const hired = async (userName: string, parts: object): Promise<Json> => {
    const answer = await hire(userName, parts);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.json;
  };
  const patched = async (id: string, operations: readonly unknown[]): Promise<Json> => {
    const answer = await world.patch(id, operations);
    if (answer.status !== 200) throw new Error(answer.text);
    return answer.json;
  };
  const found = async (filter: string, more = ''): Promise<readonly string[]> => {
    const answer = await world.get(`/Users?filter=${encodeURIComponent(filter)}${more}`);
    if (answer.status !== 200) throw new Error(`${filter}: ${answer.text}`);
    return answer.json.Resources.map(({ userName }: Json) => userName);
  };

  test('values of every type come back as they were sent, by POST, GET and PUT, and `schemas` lists the URN', async () => {
    const made = await hired('a@acme.test', { [BADGE]: full, [SITE]: { city: 'Kyoto' } });
    expect(made.schemas).toEqual([CORE, FURLOUGH, BADGE, SITE]);
    expect(made[BADGE]).toEqual(full);
    expect((await world.get(`/Users/${made.id}`)).json).toEqual(made);
    const { meta: _meta, ...whole } = made;
    const replaced = (await world.put(`/Users/${made.id}`, { ...whole, [BADGE]: { code: 'B-2' } })).json;
    // What is immutable stays, what is left out goes.
    expect(replaced[BADGE]).toEqual({ code: 'B-2', serial: 'S1' });
    expect(replaced[SITE]).toEqual({ city: 'Kyoto' });
    const gone = (await world.put(`/Users/${made.id}`, { schemas: [CORE], userName: 'a@acme.test' })).json;
    expect(gone.schemas).toEqual([CORE, FURLOUGH, BADGE]);
    expect(gone[BADGE]).toEqual({ code: 'B-2', serial: 'S1' });
    const stored = await world.storage.users.get(acme, made.id as UserId);
    expect(stored?.profile[SITE]).toBeUndefined();
  });

  test.each([
    ['level', '3', 'an integer'],
    ['level', 3.5, 'an integer'],
    ['ratio', 'x', 'a number'],
    ['remote', 'yes', 'true or false'],
    ['issuedAt', 'tomorrow', 'a date and time'],
    ['photo', 'not base64!', 'Base64'],
    ['code', 7, 'a string'],
    ['home', 'here', 'an object'],
    ['home', { floor: 1 }, 'home.room is required'],
    ['tags', [['x']], 'a string'],
    ['tags', ['a\u0000'], 'NUL'],
    [
      'doors',
      [
        { value: 'a', primary: true },
        { value: 'b', primary: true },
      ],
      'primary',
    ],
  ])(
    '%s: %j is refused with 400 invalidValue, by POST, PUT and PATCH, and stores nothing',
    async (name, value, says) => {
      const known = await hired('known@acme.test', { [BADGE]: { code: 'K' } });
      for (const answer of [
        await hire('bad@acme.test', { [BADGE]: { code: 'x', [name]: value } }),
        await world.put(`/Users/${known.id}`, {
          schemas: [CORE],
          userName: 'known@acme.test',
          [BADGE]: { code: 'K', [name]: value },
        }),
        await world.patch(known.id, [{ op: 'add', path: `${BADGE}:${name}`, value }]),
        await world.patch(known.id, [{ op: 'add', value: { [BADGE]: { [name]: value } } }]),
      ]) {
        expect([answer.status, answer.json.scimType]).toEqual([400, 'invalidValue']);
        expect(answer.json.detail).toContain(says);
      }
      expect(await found('userName eq "bad@acme.test"')).toEqual([]);
      expect((await world.get(`/Users/${known.id}`)).json).toEqual(known);
    },
  );

  test('what an extension requires is required of whoever has it, by every verb; the whole of it may go', async () => {
    expect((await hire('a@acme.test', { [BADGE]: { level: 1 } })).json.detail).toContain('code is required');
    const plain = await hired('plain@acme.test', {});
    expect(plain.schemas).toEqual([CORE, FURLOUGH]);
    const refused = await world.patch(plain.id, [{ op: 'add', path: `${BADGE}:level`, value: 1 }]);
    expect([refused.status, refused.json.scimType]).toEqual([400, 'invalidValue']);
    const whole = await patched(plain.id, [{ op: 'add', path: BADGE, value: { level: 1, code: 'P', tags: ['x'] } }]);
    expect(whole[BADGE]).toEqual({ code: 'P', level: 1, tags: ['x'] });
    const kept = await world.patch(plain.id, [{ op: 'remove', path: `${BADGE}:code` }]);
    expect([kept.status, kept.json.scimType]).toEqual([400, 'mutability']);
    expect((await patched(plain.id, [{ op: 'remove', path: BADGE }])).schemas).toEqual([CORE, FURLOUGH]);
  });

  test('immutable, readOnly, writeOnly and never returned mean what they say', async () => {
    const sent = { ...full, score: 'mine', pin: '1234', secretNote: 'hush' };
    const made = await hired('a@acme.test', { [BADGE]: sent });
    expect(made[BADGE]).toEqual(full);
    expect(JSON.stringify(await world.storage.users.get(acme, made.id))).not.toContain('1234');
    for (const operations of [
      [{ op: 'replace', path: `${BADGE}:serial`, value: 'S2' }],
      [{ op: 'remove', path: BADGE }],
    ])
      expect((await world.patch(made.id, operations)).json.scimType).toBe('mutability');
    const { meta: _meta, ...whole } = made;
    const put = await world.put(`/Users/${made.id}`, { ...whole, [BADGE]: { ...full, serial: 'S2' } });
    expect(put.json.scimType).toBe('mutability');
    for (const filter of [`${BADGE}:secretNote sw "h"`, `${BADGE}:pin pr`])
      expect((await world.get(`/Users?filter=${encodeURIComponent(filter)}`)).json.scimType).toBe('invalidFilter');
    const rare = await patched(made.id, [{ op: 'add', path: `${BADGE}:rarely`, value: 'r' }]);
    expect(rare[BADGE].rarely).toBeUndefined();
    const asked = (await world.get(`/Users/${made.id}?attributes=${BADGE}:rarely`)).json;
    expect(asked).toEqual({ schemas: [CORE, BADGE], id: made.id, [BADGE]: { rarely: 'r' } });
  });

  test('what is never returned is not in the provisioning log either, however it is sent', async () => {
    const pin = 'x7-never-shown';
    const { id } = await hired('a@acme.test', { [BADGE]: { code: 'B', pin, secretNote: pin, rarely: 'kept' } });
    await patched(id, [{ op: 'replace', path: `${BADGE}:pin`, value: pin }]);
    await patched(id, [{ op: 'replace', value: { [`${BADGE}:secretNote`]: pin, PIN: pin } }]);
    await patched(id, [{ op: 'replace', value: { [BADGE]: { secretNote: `${pin}2` } } }]);
    await world.put(`/Users/${id}`, { userName: 'a@acme.test', [BADGE]: { code: 'B', pin } });
    await world.post('/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'POST', path: '/Users', bulkId: 'b', data: { userName: 'b', [BADGE]: { pin } } }],
    });
    await world.provisioningLog.flush();
    const { items } = await world.provisioningLog.list(acme, { limit: 100 });
    expect(items).toHaveLength(6);
    expect(JSON.stringify(items)).not.toContain(pin);
    expect(JSON.stringify(items)).toContain('kept');
  });

  test('PATCH by URN, with a dot, without a URN, without a path, in any letter case', async () => {
    const { id } = await hired('a@acme.test', { [BADGE]: { code: 'A' } });
    const cases: readonly (readonly [unknown, string, unknown])[] = [
      [{ op: 'Add', path: `${BADGE}:level`, value: 1 }, 'level', 1],
      [{ op: 'replace', path: `${BADGE}.level`, value: 2 }, 'level', 2],
      [{ op: 'replace', path: `${BADGE.toUpperCase()}:LEVEL`, value: 3 }, 'level', 3],
      [{ op: 'replace', path: 'level', value: 4 }, 'level', 4],
      [{ op: 'replace', value: { [`${BADGE}:level`]: 5 } }, 'level', 5],
      [{ op: 'replace', value: { [BADGE]: { Level: 6 } } }, 'level', 6],
      [{ op: 'replace', value: { level: 7 } }, 'level', 7],
      [{ op: 'replace', path: `${BADGE}:remote`, value: 'True' }, 'remote', true],
      [{ op: 'replace', path: `${BADGE}:home.room`, value: 'r' }, 'home', { room: 'r' }],
      [{ op: 'add', path: `${BADGE}:tags`, value: 'x' }, 'tags', ['x']],
      [{ op: 'add', path: `${BADGE}:tags`, value: ['x', 'y'] }, 'tags', ['x', 'y']],
      [{ op: 'remove', path: `${BADGE}:tags[value eq "x"]` }, 'tags', ['y']],
      [{ op: 'remove', path: `${BADGE}:tags`, value: ['y'] }, 'tags', undefined],
      [
        { op: 'add', path: `${BADGE}:doors[type eq "work"].value`, value: 'n' },
        'doors',
        [{ type: 'work', value: 'n' }],
      ],
      [
        { op: 'replace', path: `${BADGE}:doors[value eq "n"].primary`, value: 'true' },
        'doors',
        [{ type: 'work', value: 'n', primary: true }],
      ],
      [{ op: 'replace', path: `${BADGE}:level`, value: '' }, 'level', undefined],
    ];
    for (const [operation, name, value] of cases) {
      const answer = await patched(id, [operation]);
      expect([operation, answer[BADGE][name]]).toEqual([operation, value]);
    }
    expect((await world.patch(id, [{ op: 'add', path: `${BADGE}:unheardOf`, value: 1 }])).json.scimType).toBe(
      'invalidPath',
    );
    const same = (await world.get(`/Users/${id}`)).json;
    expect(await patched(id, [{ op: 'replace', path: `${BADGE}:code`, value: 'A' }])).toEqual(same);
  });

  test('a bare name means the standard before it means one of the organisation', async () => {
    await declare({ ...site, id: 'urn:acme:scim:more', attributes: [attribute('title'), attribute('department')] });
    const { id } = await hired('a@acme.test', {});
    const answer = await patched(id, [{ op: 'replace', value: { title: 'Baker', department: 'Bread' } }]);
    expect(answer).toMatchObject({ title: 'Baker', [ENTERPRISE]: { department: 'Bread' } });
    expect(answer.schemas).toEqual([CORE, ENTERPRISE, FURLOUGH]);
  });

  test('filters, sorting, projection and cursors know them', async () => {
    for (const [at, level] of [2, 9, 10].entries())
      await hired(`p${at}@acme.test`, {
        [BADGE]: { code: `C${at}`, level, issuedAt: `2027-01-0${at + 1}T00:00:00+09:00`, tags: ['t', `t${at}`] },
      });
    await hired('none@acme.test', {});
    expect(await found(`${BADGE}:level gt 2`)).toEqual(['p1@acme.test', 'p2@acme.test']);
    expect(await found('level eq 2')).toEqual(['p0@acme.test']);
    expect(await found(`${BADGE}:code eq "c1"`)).toEqual([]);
    expect(await found(`${BADGE}.code eq "C1"`)).toEqual(['p1@acme.test']);
    expect(await found(`${BADGE}:issuedAt le "2027-01-01T15:00:00Z"`)).toEqual(['p0@acme.test', 'p1@acme.test']);
    expect(await found(`${BADGE}:tags eq "T2"`)).toEqual(['p2@acme.test']);
    expect(await found(`${BADGE}:tags[value eq "t1"]`)).toEqual(['p1@acme.test']);
    expect(await found(`not (${BADGE} pr)`)).toEqual(['none@acme.test']);
    expect(await found(`schemas eq "${BADGE}" and level ge 10`)).toEqual(['p2@acme.test']);
    expect(await found('userName pr', `&sortBy=${BADGE}:level&sortOrder=descending`)).toEqual([
      'none@acme.test',
      'p2@acme.test',
      'p1@acme.test',
      'p0@acme.test',
    ]);
    const shown = (await world.get(`/Users?attributes=${BADGE}:level&count=1`)).json.Resources[0];
    expect(shown).toEqual({ schemas: [CORE, BADGE], id: expect.any(String), [BADGE]: { level: 2 } });
    const hidden = (await world.get(`/Users?excludedAttributes=${BADGE}&count=1`)).json.Resources[0];
    expect(hidden.schemas).toEqual([CORE, FURLOUGH]);
    const walked: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page: Json = (await world.get(`/Users?sortBy=${BADGE}:level&count=1&cursor=${cursor}`)).json;
      walked.push(...page.Resources.map(({ userName }: Json) => userName));
      cursor = page.nextCursor;
    }
    expect(walked).toEqual(['p0@acme.test', 'p1@acme.test', 'p2@acme.test', 'none@acme.test']);
    const all = await world.post('/.search', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      filter: `${BADGE}:level lt 10`,
    });
    expect(all.json.totalResults).toBe(2);
  });

  test('Bulk reads and writes by them, references included', async () => {
    const answer = await world.post('/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        {
          method: 'POST',
          path: '/Users',
          bulkId: 'a',
          data: { schemas: [CORE], userName: 'a@acme.test', [BADGE]: full },
        },
        {
          method: 'PATCH',
          path: '/Users/bulkId:a',
          data: { schemas: [PATCH_OP], Operations: [{ op: 'replace', path: `${BADGE}:level`, value: 8 }] },
        },
        {
          method: 'POST',
          path: '/Users',
          bulkId: 'b',
          data: { schemas: [CORE], userName: 'b@acme.test', [BADGE]: {} },
        },
        { method: 'POST', path: '/Users', bulkId: 'c', data: { schemas: [CORE], userName: 'c@acme.test', level: 'x' } },
      ],
    });
    expect(answer.json.Operations.map(({ status }: Json) => status)).toEqual(['201', '200', '201', '400']);
    expect(await found('level eq 8')).toEqual(['a@acme.test']);
  });

  test('groups have them too: values, versions, members untouched by an attribute of that name', async () => {
    const { id: person } = await hired('a@acme.test', {});
    const made = (
      await world.post('/Groups', {
        schemas: [GROUP, SITE],
        displayName: 'Team',
        members: [{ value: person }],
        [SITE]: { city: 'Nara', members: ['one', 'two'] },
      })
    ).json;
    expect(made).toMatchObject({ schemas: [GROUP, SITE], [SITE]: { city: 'Nara', members: ['one', 'two'] } });
    const patch = (operations: readonly unknown[]) =>
      world.send({
        method: 'PATCH',
        path: `/Groups/${made.id}?attributes=members,${SITE}`,
        body: { schemas: [PATCH_OP], Operations: operations },
      });
    const written = (await patch([{ op: 'remove', path: `${SITE}:members` }])).json;
    expect(written[SITE]).toEqual({ city: 'Nara' });
    expect(written.members).toHaveLength(1);
    const dotted = (await patch([{ op: 'replace', value: { [SITE]: { city: 'Kobe' } } }])).json;
    expect([dotted[SITE], dotted.members.length]).toEqual([{ city: 'Kobe' }, 1]);
    expect((await world.get(`/Groups?filter=${encodeURIComponent(`${SITE}:city eq "kobe"`)}`)).json.totalResults).toBe(
      1,
    );
    const before = await world.get(`/Groups/${made.id}`);
    await schemasOf().remove(acme, SITE, byTest);
    const after = await world.get(`/Groups/${made.id}`);
    expect(after.json.schemas).toEqual([GROUP]);
    expect(after.headers['etag']).not.toBe(before.headers['etag']);
    const body = { schemas: [GROUP], displayName: 'Team 2', members: [{ value: person }] };
    expect((await world.put(`/Groups/${made.id}`, body)).json[SITE]).toBeUndefined();
    await declare(site);
    expect((await world.get(`/Groups/${made.id}`)).json).toMatchObject({
      displayName: 'Team 2',
      [SITE]: { city: 'Kobe' },
    });
  });

  test('a removed schema hides its values at every door, keeps them through every write, and shows them when it is declared again', async () => {
    const parts = { externalId: 'ext', [BADGE]: { code: 'B', level: 5 } };
    const { id, meta } = await hired('a@acme.test', parts);
    await schemasOf().remove(acme, BADGE, byTest);
    const hidden = (await world.get(`/Users/${id}`)).json;
    expect(hidden.schemas).toEqual([CORE, FURLOUGH]);
    expect(JSON.stringify(hidden)).not.toContain(BADGE);
    expect(hidden.meta.version).not.toBe(meta.version);
    const filter = encodeURIComponent(`${BADGE}:level eq 5`);
    expect((await world.get(`/Users?filter=${filter}`)).json.scimType).toBe('invalidFilter');
    expect((await world.patch(id, [{ op: 'replace', path: `${BADGE}:level`, value: 6 }])).json.scimType).toBe(
      'invalidPath',
    );
    // Unknown attributes are ignored, so an old client goes on.
    const put = await world.put(`/Users/${id}`, {
      schemas: [CORE, BADGE],
      userName: 'a@acme.test',
      ...parts,
      title: 'x',
    });
    expect([put.status, put.json.title, put.json[BADGE]]).toEqual([200, 'x', undefined]);
    await patched(id, [{ op: 'replace', path: 'title', value: 'y' }]);
    await patched(id, [{ op: 'replace', path: 'active', value: false }]);
    const restored = await hire('a@acme.test', { externalId: 'ext', title: 'z' });
    expect([restored.status, restored.json.id, restored.json.active]).toEqual([201, id, true]);
    await declare(badge);
    expect((await world.get(`/Users/${id}`)).json).toMatchObject({ title: 'z', [BADGE]: { code: 'B', level: 5 } });
  });

  test('a restored person keeps what is immutable, and another value for it is refused', async () => {
    const { id } = await hired('a@acme.test', { externalId: 'ext', [BADGE]: { code: 'B', serial: 'S1' } });
    await patched(id, [{ op: 'replace', path: 'active', value: false }]);
    const other = await hire('a@acme.test', { externalId: 'ext', [BADGE]: { code: 'B', serial: 'S2' } });
    expect([other.status, other.json.scimType]).toEqual([400, 'mutability']);
    const same = await hire('a@acme.test', { externalId: 'ext', [BADGE]: { code: 'C' } });
    expect([same.status, same.json[BADGE]]).toEqual([201, { code: 'C', serial: 'S1' }]);
  });

  test('another organisation neither sees nor may use them, and declares its own under the same URN', async () => {
    const { id } = await hired('a@acme.test', { [BADGE]: { code: 'B' } });
    const theirs = await hire('a@acme.test', { [BADGE]: { code: 'B' } }, world.secrets.globex);
    expect([theirs.status, theirs.json[BADGE], theirs.json.schemas]).toEqual([201, undefined, [CORE, FURLOUGH]]);
    const get = (path: string) => world.get(path, world.secrets.globex);
    expect((await get(`/Users?filter=${encodeURIComponent(`${BADGE}:code eq "B"`)}`)).json.scimType).toBe(
      'invalidFilter',
    );
    const path = `/Users/${theirs.json.id}`;
    const body = { schemas: [PATCH_OP], Operations: [{ op: 'add', path: `${BADGE}:code`, value: 'x' }] };
    const headers = { Authorization: `Bearer ${world.secrets.globex}` };
    expect((await world.send({ method: 'PATCH', path, headers, body })).json.scimType).toBe('invalidPath');
    const listed = async (secret?: string) =>
      (await world.get('/Schemas', secret)).json.Resources.map((schema: Json) => schema.id);
    expect(await listed()).toEqual(expect.arrayContaining([BADGE, SITE]));
    expect(await listed(world.secrets.globex)).not.toEqual(expect.arrayContaining([BADGE]));
    await schemasOf().declare(globex, { ...badge, attributes: [attribute('code', { type: 'integer' })] }, byTest);
    expect((await get(`/Schemas/${BADGE}`)).json.attributes).toHaveLength(1);
    expect((await world.get(`/Users/${id}`)).json[BADGE]).toEqual({ code: 'B' });
  });

  test('discovery: with a credential of the organisation also its own, without one or with a refused one the standard', async () => {
    const own = (await world.get('/Schemas')).json.Resources;
    expect(own.map(({ id }: Json) => id)).toEqual([CORE, ENTERPRISE, PERSON, FURLOUGH, BADGE, SITE, GROUP, DEPARTMENT]);
    const described = own.find(({ id }: Json) => id === BADGE);
    expect(described).toMatchObject({ name: 'Badge', meta: { location: `${world.base}/Schemas/${BADGE}` } });
    expect(described.attributes[1]).toEqual({
      name: 'level',
      type: 'integer',
      multiValued: false,
      description: '',
      required: false,
      caseExact: false,
      mutability: 'readWrite',
      returned: 'default',
      uniqueness: 'none',
    });
    expect((await world.get(`/Schemas/${BADGE.toLowerCase()}`)).json).toEqual(described);
    const types = (await world.get('/ResourceTypes')).json.Resources;
    const extensions = (type: Json) => type.schemaExtensions.map(({ schema }: Json) => schema);
    expect(types.map(extensions)).toEqual([[ENTERPRISE, PERSON, FURLOUGH, BADGE, SITE], [SITE], []]);
    for (const Authorization of ['', 'Bearer nobody-knows-this-one']) {
      const see = (path: string) => world.send({ method: 'GET', path, headers: { Authorization } });
      expect((await see('/Schemas')).json.totalResults).toBe(6);
      expect((await see(`/Schemas/${BADGE}`)).status).toBe(404);
      expect(extensions((await see('/ResourceTypes/User')).json)).toEqual([ENTERPRISE, PERSON, FURLOUGH]);
    }
  });

  test('a strict connection lists its schemas, names them in full and sends no text for a number or a boolean', async () => {
    const { strict } = world.secrets;
    const unlisted = await world.post('/Users', { schemas: [CORE, `${BADGE}x`], userName: 's@acme.test' }, strict);
    expect(unlisted.json.scimType).toBe('invalidSyntax');
    const made = await hire('s@acme.test', { [BADGE]: { code: 'S', tags: ['x'] } }, strict);
    expect(made.status).toBe(201);
    const patch = (operation: object) => world.patch(made.json.id, [operation], strict);
    expect((await patch({ op: 'replace', path: 'level', value: 1 })).json.scimType).toBe('invalidPath');
    expect((await patch({ op: 'replace', path: `${BADGE}.level`, value: 1 })).json.scimType).toBe('invalidPath');
    expect((await patch({ op: 'replace', path: `${BADGE}:remote`, value: 'true' })).json.scimType).toBe('invalidValue');
    expect((await patch({ op: 'replace', path: `${BADGE}:level`, value: 1 })).json[BADGE].level).toBe(1);
  });

  test('a change is seen at once where it was made; an attribute that is added has no value until it is written', async () => {
    const { id } = await hired('a@acme.test', { [SITE]: { city: 'Nara' } });
    const wider = { ...site, attributes: [...site.attributes, attribute('country', { caseExact: true })] };
    await schemasOf().replace(acme, wider, byTest);
    expect((await world.get(`/Users/${id}`)).json[SITE]).toEqual({ city: 'Nara' });
    expect((await patched(id, [{ op: 'add', path: `${SITE}:country`, value: 'JP' }]))[SITE].country).toBe('JP');
  });

  test('another node sees a change within two seconds, and reads nothing for a request in between', async () => {
    const clock = { now: world.clock.now };
    let reads = 0;
    const storage = {
      ...world.storage,
      records: ((kind: Parameters<typeof world.storage.records>[0]) => {
        const store = world.storage.records(kind);
        if (kind.name !== 'customSchemas') return store;
        return {
          ...store,
          get: (wanted: string, now: number) => {
            reads += 1;
            return store.get(wanted, now);
          },
        };
      }) as typeof world.storage.records,
    };
    const other = createProvisioning({
      storage,
      now: () => clock.now,
      randomBytes,
      nameKey: new Uint8Array(32),
      wakeRelay: () => undefined,
      continueLater: (work) => void work(),
      reportTrouble: () => undefined,
    });
    const seen = async () => (await other.customSchemas.read(acme)).declared.map(({ name }) => name);
    expect(await seen()).toEqual(['Badge', 'Site']);
    await schemasOf().replace(acme, { ...site, name: 'Place' }, byTest);
    expect(await seen()).toEqual(['Badge', 'Site']);
    expect(reads).toBe(1);
    clock.now += 2_000;
    expect(await seen()).toEqual(['Badge', 'Place']);
    const same = await other.customSchemas.read(acme);
    clock.now += 2_000;
    expect(await other.customSchemas.read(acme)).toBe(same);
    expect(reads).toBe(3);
  });

  test('values are bounded: elements of one attribute, and characters of all together', async () => {
    const { id } = await hired('a@acme.test', { [BADGE]: { code: 'B' } });
    const many = Array.from({ length: 1_001 }, (_, at) => `t${at}`);
    const refused = await world.patch(id, [{ op: 'add', path: `${BADGE}:tags`, value: many }]);
    expect([refused.status, refused.json.scimType]).toEqual([400, 'tooMany']);
    const long = await world.patch(id, [{ op: 'add', path: `${BADGE}:code`, value: 'x'.repeat(65_537) }]);
    expect([long.status, long.json.scimType]).toEqual([400, 'tooMany']);
    expect((await world.get(`/Users/${id}`)).json[BADGE]).toEqual({ code: 'B' });
    const most = await patched(id, [{ op: 'add', path: `${BADGE}:tags`, value: many.slice(0, 1_000) }]);
    expect(most[BADGE].tags).toHaveLength(1_000);
  });

  test('names that could reach a prototype are ignored in a custom value as anywhere', async () => {
    const answer = await world.send({
      method: 'POST',
      path: '/Users',
      body: `{"schemas":["${CORE}"],"userName":"a@acme.test","${BADGE}":{"code":"B","__proto__":{"x":1},"constructor":1,"home":{"room":"r","__proto__":{"x":1}}}}`,
    });
    expect(answer.json[BADGE]).toEqual({ code: 'B', home: { room: 'r' } });
    expect(({} as Json).x).toBeUndefined();
  });

  test('storage away: what SCIM reads by is part of the outage, not a schema that is missing', async () => {
    const { id } = await hired('a@acme.test', { [BADGE]: { code: 'B' } });
    world.clock.now += 10_000;
    await world.storage.close();
    expect((await world.get(`/Users/${id}`)).status).toBe(503);
    expect((await world.get('/Schemas')).status).toBe(503);
    expect((await world.send({ method: 'GET', path: '/Schemas', headers: { Authorization: '' } })).status).toBe(200);
  });
});
