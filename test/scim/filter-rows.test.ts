// The same filter gives the same rows wherever people are kept: what each store answers through its indexes, by whatever page, is what evaluating
// the filter on every person in memory gives. People and filters are generated; every type of attribute has its operators.

import fc from 'fast-check';
import { bindFilter, matchesFilter } from '#scim/protocol/filter-evaluation.ts';
import { parseFilter } from '#scim/protocol/filter-tree.ts';
import type { JsonObject } from '#scim/protocol/json-value.ts';
import { userResourceSchema } from '#scim/user-schema.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { runsOn } from '../harness/test-scale.ts';
import { startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const FURLOUGH = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:User';
const PERSON = 'urn:ietf:params:scim:schemas:extension:furlough:2.0:Person';

/** Letters that case folding, normalisation and JSON treat in their own ways. */
const words = [
  'ann',
  'Ann',
  'ANN',
  'ben',
  'straße',
  'STRASSE',
  'ı',
  'İ',
  'Σ',
  'ς',
  'か',
  'が',
  '"',
  '\\',
  "O'Hara",
  '%',
  '_',
  '100',
  'a b',
];
const word = fc.constantFrom(...words);
const address = fc.tuple(word, fc.constantFrom('a.test', 'B.test')).map(([name, host]) => `${name}@${host}`);
const kind = fc.constantFrom('work', 'home', 'Work');

const person = fc.record(
  {
    displayName: word,
    externalId: word,
    title: word,
    active: fc.boolean(),
    name: fc.record({ givenName: word, familyName: word }, { requiredKeys: [] }),
    emails: fc.uniqueArray(fc.record({ value: address, type: kind }, { requiredKeys: ['value'] }), {
      selector: ({ value }) => value.toLowerCase(),
      minLength: 1,
      maxLength: 3,
    }),
    roles: fc.array(fc.record({ value: word, display: word }, { requiredKeys: ['value'] }), { maxLength: 2 }),
    [PERSON]: fc.record(
      { displayOrder: fc.integer({ min: -3, max: 3 }), hireDate: fc.constantFrom('2026-04-01', '2025-12-31') },
      { requiredKeys: ['displayOrder'] },
    ),
    [ENTERPRISE]: fc.record(
      { department: word, manager: fc.record({ value: word }) },
      { requiredKeys: ['department'] },
    ),
  },
  { requiredKeys: ['active'] },
);

const quoted = (value: string): string => JSON.stringify(value);
const textOperators = fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le', 'EQ');
const texts = fc.constantFrom(
  'userName',
  'USERNAME',
  'displayName',
  'externalId',
  'title',
  'name.givenName',
  'name.familyName',
  'emails',
  'emails.value',
  'emails.type',
  'roles.value',
  'roles.display',
  `${ENTERPRISE}:department`,
  'department',
  `${ENTERPRISE}:manager.value`,
  `${PERSON}:hireDate`,
  `${FURLOUGH}:status`,
  `${FURLOUGH}:holds.kind`,
);
const anyValue = fc.oneof(word, address, kind, fc.constantFrom('inactive', 'active', 'idp', 'p1@a.test', ''));

const textTerm = fc
  .tuple(texts, textOperators, anyValue)
  .map(([name, operator, value]) => `${name} ${operator} ${quoted(value)}`);
const presence = fc.tuple(texts, fc.constantFrom('pr', 'PR')).map((parts) => parts.join(' '));
const truth = fc
  .tuple(fc.constantFrom('active', 'emails.primary'), fc.constantFrom('eq', 'ne'), fc.boolean())
  .map((parts) => parts.join(' '));
const number = fc
  .tuple(
    fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'),
    fc.constantFrom('-3', '0', '1', '1.0', '2.5', '1e0', '-1E0'),
  )
  .map(([operator, value]) => `${PERSON}:displayOrder ${operator} ${value}`);
/** Around the instants at which the people were made, with and without an offset. */
const instant = fc
  .tuple(fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), fc.integer({ min: 0, max: 400 }), fc.boolean())
  .map(([operator, after, away]) => {
    const at = new Date(Date.parse('2027-01-12T01:00:00Z') + after + (away ? 9 * 3_600_000 : 0)).toISOString();
    return `meta.created ${operator} "${away ? at.replace('Z', '+09:00') : at}"`;
  });
const inner = fc.oneof(
  fc
    .tuple(fc.constantFrom('value', 'type', 'display'), textOperators, anyValue)
    .map(([name, op, value]) => `${name} ${op} ${quoted(value)}`),
  fc.constantFrom('value pr', 'type pr', 'not (type eq "work")'),
);
const joined = fc.constantFrom('and', 'or');
const element = fc
  .tuple(fc.constantFrom('emails', 'roles'), inner, joined, inner)
  .map(([name, left, operator, right]) => `${name}[${left} ${operator} ${right}]`);

const expression: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    textTerm,
    presence,
    truth,
    number,
    instant,
    element,
    fc.tuple(tie('any'), joined, tie('any')).map((parts) => parts.join(' ')),
    fc.tuple(tie('any'), joined, tie('any')).map((parts) => `(${parts.join(' ')})`),
    tie('any').map((term) => `not (${term})`),
  ),
})).any;

describeOnBothStorages('rows of a filter', (open, storage) => {
  let world: ScimWorld;
  let everybody: readonly JsonObject[];
  beforeEach(async () => {
    world = await startScimWorld(await open());
    const people = fc.sample(person, { numRuns: 60, seed: 4 });
    // Active at first: a POST that finds an inactive person of the same externalId means that person.
    const made: { readonly id: string; readonly active: boolean }[] = [];
    for (const [n, { active, ...parts }] of people.entries())
      made.push({ id: (await world.create(`p${n}@a.test`, parts)).id, active });
    for (const { id, active } of made) {
      if (!active) await world.patch(id, [{ op: 'replace', path: 'active', value: false }]);
    }
    await world.post('/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'ann',
      members: [{ value: (await world.get('/Users?count=1')).json.Resources[0].id }],
    });
    everybody = (await world.get('/Users?count=200')).json.Resources;
    expect(everybody).toHaveLength(60);
  }, 60_000);
  afterEach(() => world.stop());

  const idsInMemory = (text: string): readonly unknown[] => {
    const bound = bindFilter(parseFilter(text), userResourceSchema);
    return everybody.filter((resource) => matchesFilter(bound, resource)).map(({ id }) => id);
  };
  const rows = async (query: string): Promise<{ total: number; ids: readonly unknown[] }> => {
    const { status, json }: Json = await world.get(`/Users?${query}&attributes=id`);
    expect([query, status]).toEqual([query, 200]);
    return { total: json.totalResults, ids: json.Resources.map(({ id }: Json) => id) };
  };

  const numRuns = runsOn(storage, storage === 'sqlite' ? 30 : 8, 5_000);

  test('are those that evaluation in memory gives, in the order of creation, page by page', async () => {
    // A generator whose filters match all or nothing would show nothing.
    const some = fc.sample(expression, 400).filter((text) => {
      const { length } = idsInMemory(text);
      return length > 0 && length < everybody.length;
    });
    expect(some.length).toBeGreaterThan(100);
    await fc.assert(
      fc.asyncProperty(
        expression,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 0, max: 20 }),
        async (text, start, count) => {
          const expected = idsInMemory(text);
          const filter = `filter=${encodeURIComponent(text)}`;
          expect(await rows(`${filter}&count=200`)).toEqual({ total: expected.length, ids: expected });
          expect(await rows(`${filter}&startIndex=${start}&count=${count}`)).toEqual({
            total: expected.length,
            ids: expected.slice(start - 1, start - 1 + count),
          });
        },
      ),
      { numRuns },
    );
  }, 600_000);

  test('by every key that a store looks up, with a letter changed in case, alone and joined', async () => {
    let found = 0;
    for (const { id, userName, displayName, externalId, emails } of everybody as readonly Json[]) {
      const [first] = emails ?? [];
      const equalities = [
        `id eq ${quoted(id)}`,
        `userName eq ${quoted(userName.toUpperCase())}`,
        ...(displayName === undefined ? [] : [`displayName eq ${quoted(displayName.toUpperCase())}`]),
        ...(externalId === undefined ? [] : [`externalId eq ${quoted(externalId)}`]),
        ...(first === undefined
          ? []
          : [`emails.value eq ${quoted(first.value)}`, `emails[value eq ${quoted(first.value)}]`]),
        ...(first?.type === undefined
          ? []
          : [`emails[type eq ${quoted(first.type)} and value eq ${quoted(first.value.toUpperCase())}]`]),
      ];
      for (const text of [
        ...equalities,
        `${equalities.at(-1)} and active eq true`,
        `active eq true or ${equalities[1]}`,
      ]) {
        const expected = idsInMemory(text);
        if (expected.includes(id)) found += 1;
        expect([text, (await rows(`filter=${encodeURIComponent(text)}`)).ids]).toEqual([text, expected]);
      }
    }
    expect(found).toBeGreaterThan(everybody.length * 4);
  }, 120_000);
});
