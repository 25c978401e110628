// Hostile input over HTTP: whatever comes, the answer is 2xx or 4xx in SCIM form, nothing strange is stored, no prototype is touched (F03, F05).

import fc from 'fast-check';
import { recordKinds } from '#record-kinds.ts';
import { ERROR_URN } from '#scim/scim-error.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import type { Storage } from '#storage/storage.ts';
import {
  acme,
  CORE,
  ENTERPRISE,
  FURLOUGH,
  PATCH_OP,
  startScimWorld,
  type ScimWorld,
  type WireAnswer,
} from './scim-world.ts';
import { runs } from '../harness/test-scale.ts';

const numRuns = runs(150, 3_000);
let storage: Storage;
let world: ScimWorld;
let id: string;
beforeAll(async () => {
  storage = await openSqliteStorage({ path: ':memory:', recordKinds });
  world = await startScimWorld(storage);
  ({ id } = await world.create('victim@acme.test', { title: 'Baker', emails: [{ value: 'v@x.io', type: 'work' }] }));
});
afterAll(async () => {
  await world.stop();
  await storage.close();
});

function expectScimForm(answer: WireAnswer): void {
  if (answer.status >= 200 && answer.status < 300) return;
  expect([answer.status >= 400 && answer.status < 500, answer.status, answer.text]).toEqual([
    true,
    answer.status,
    answer.text,
  ]);
  expect(answer.json.schemas).toEqual([ERROR_URN]);
  expect(answer.json.status).toBe(String(answer.status));
  expect(answer.headers['content-type']).toBe('application/scim+json; charset=utf-8');
}

const paths = [
  'active',
  'userName',
  'title',
  'name',
  'name.givenName',
  'emails',
  'emails[type eq "work"].value',
  'emails[primary eq true]',
  'roles[value eq ""]',
  'meta.version',
  'schemas',
  'id',
  'groups',
  'password',
  'x509Certificates',
  ENTERPRISE,
  `${ENTERPRISE}:manager`,
  `${FURLOUGH}:status`,
  '__proto__',
  'constructor.prototype',
  '',
];
const values = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom(
    'True',
    '',
    'False',
    'x'.repeat(5_000),
    '\u0000',
    '\ud800',
    { $gt: '' },
    { $where: '1' },
    [[]],
    [null],
  ),
  fc.dictionary(fc.constantFrom(...paths, '$ref', 'value', 'type', 'primary'), fc.jsonValue({ maxDepth: 2 })),
);
const operations = fc.array(
  fc.record(
    {
      op: fc.constantFrom('add', 'Replace', 'remove', 'REMOVE', 'move', 7),
      path: fc.oneof(fc.constantFrom(...paths), fc.string({ unit: 'binary' }), fc.constant(null)),
      value: values,
    },
    { requiredKeys: [] },
  ),
  { maxLength: 4 },
);
const tokens = 'eq ne co pr gt and or not ( ) [ ] "x" " true 1e999 null \\ + % &'.split(' ');
const words = fc.constantFrom(...paths, ...tokens);
const filters = fc.oneof(
  fc.array(words, { maxLength: 12 }).map((list) => list.join(' ')),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

test('any PATCH: 2xx or 4xx in SCIM form', async () => {
  await fc.assert(
    fc.asyncProperty(operations, async (Operations) => {
      expectScimForm(
        await world.send({ method: 'PATCH', path: `/Users/${id}`, body: { schemas: [PATCH_OP], Operations } }),
      );
    }),
    { numRuns },
  );
});

test('any POST or PUT: 2xx or 4xx in SCIM form, and what was stored is shown again as it was answered', async () => {
  const body = fc.record(
    { schemas: fc.oneof(fc.constant([CORE]), values), userName: fc.oneof(fc.uuid(), values) },
    { requiredKeys: [] },
  );
  const rest = fc.dictionary(fc.oneof(fc.constantFrom(...paths), fc.string()), values);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('POST', 'PUT'), body, rest, async (method, known, others) => {
      const path = method === 'POST' ? '/Users' : `/Users/${id}`;
      const answer = await world.send({ method, path, body: JSON.stringify({ ...others, ...known }) });
      expectScimForm(answer);
      if (answer.json?.id === undefined) return;
      expect((await world.get(`/Users/${answer.json.id}`)).json).toEqual(answer.json);
    }),
    { numRuns },
  );
});

test('any bytes as a body: 2xx or 4xx in SCIM form', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((list) => Buffer.from(list)),
    fc.string(),
    fc.json(),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('/Users', '/Users/.search', '/Bulk', '/Groups', '/Groups/.search'),
      bytes,
      async (path, body) => {
        const answer = await world.send({ method: 'POST', path, body });
        expectScimForm(answer);
      },
    ),
    { numRuns },
  );
});

test('any query: 2xx or 4xx in SCIM form', async () => {
  const query = fc.record(
    {
      filter: filters,
      sortBy: fc.oneof(fc.constantFrom(...paths), fc.string()),
      sortOrder: fc.constantFrom('ascending', 'DESCENDING', 'x'),
      startIndex: fc.oneof(fc.integer().map(String), fc.string()),
      count: fc.oneof(fc.integer().map(String), fc.string()),
      attributes: fc.oneof(fc.constantFrom(...paths), fc.string()),
      excludedAttributes: fc.string(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(query, async (parameters) => {
      const encoded = Object.entries(parameters).map(([name, text]) => `${name}=${encodeURIComponent(text)}`);
      expectScimForm(await world.get(`/Users?${encoded.join('&')}`));
    }),
    { numRuns },
  );
});

test('any request target below the base: 2xx or 4xx in SCIM form', async () => {
  const characters = Array.from("abcUsers%2F%00%zz;:@&=+$,/?#[]!*'()._~-");
  const target = fc.array(fc.constantFrom(...characters), { maxLength: 30 }).map((list) => list.join(''));
  await fc.assert(
    fc.asyncProperty(target, async (text) => {
      expectScimForm(await world.get(`/Users/${text.replaceAll('#', '')}`));
    }),
    { numRuns },
  );
});

test('F03 operators and prototypes in place of values and names are refused or ignored, never stored', async () => {
  for (const name of ['userName', 'displayName', 'externalId', 'locale']) {
    const answer = await world.post('/Users', { schemas: [CORE], userName: 'f03@acme.test', [name]: { $gt: '' } });
    expect([name, answer.status, answer.json.scimType]).toEqual([name, 400, 'invalidValue']);
  }
  const body = `{"schemas":["${CORE}"],"userName":"f03@acme.test","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
    "$where":"1","name":{"__proto__":{"polluted":1},"givenName":"A","$set":1},"urn:x":{"a":1},"userNam\\u0065":"f03@acme.test"}`;
  const created = await world.send({ method: 'POST', path: '/Users', body });
  expect([created.status, created.json.name]).toEqual([201, { givenName: 'A' }]);
  const stored = JSON.stringify(await storage.users.get(acme, created.json.id));
  expect(stored).not.toMatch(/polluted|\$where|\$set|urn:x|__proto__/);
  for (const path of [
    '__proto__',
    '__proto__.polluted',
    'constructor.prototype.polluted',
    'name.__proto__',
    '$where',
    'emails[__proto__ eq 1]',
  ]) {
    const answer = await world.patch(id, [{ op: 'add', path, value: 1 }]);
    expect([path, answer.status]).toEqual([path, 400]);
    expect(['invalidPath', 'invalidFilter']).toContain(answer.json.scimType);
  }
  for (const filter of ['__proto__ pr', 'constructor eq "x"', '$where eq "1"', '{"$gt":""}', 'name.__proto__ pr']) {
    const answer = await world.get(`/Users?filter=${encodeURIComponent(filter)}`);
    expect([filter, answer.status, answer.json.scimType]).toEqual([filter, 400, 'invalidFilter']);
  }
  const dotted = await world.patch(id, [{ op: 'replace', value: { 'name.givenName': 'Dot', '__proto__.x': 1 } }]);
  expect([dotted.json.name, dotted.json['name.givenName']]).toEqual([{ givenName: 'Dot' }, undefined]);
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('F03 of equal keys in a body the last one counts', async () => {
  const body = `{"schemas":["${CORE}"],"userName":"first@acme.test","userName":"last@acme.test"}`;
  expect((await world.send({ method: 'POST', path: '/Users', body })).json.userName).toBe('last@acme.test');
});
