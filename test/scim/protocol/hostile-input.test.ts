// Random and hostile input: an answer or a refusal in SCIM's own words, never another error, nothing left behind on
// Object.prototype. And the independent oracle: scim2-parse-filter, on the part of the grammar where it is right.

import fc from 'fast-check';
import { filter as oracleFilter, parse as oracleParse } from 'scim2-parse-filter';

import { bindFilter, matchesFilter } from '#scim/protocol/filter-evaluation.ts';
import { collectEqualities } from '#scim/protocol/filter-narrowing.ts';
import { parseFilter } from '#scim/protocol/filter-tree.ts';
import { parseJsonDocument } from '#scim/protocol/json-document.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '#scim/protocol/json-value.ts';
import { applyPatch } from '#scim/protocol/patch-application.ts';
import { parsePatchPath } from '#scim/protocol/patch-path.ts';
import { parsePatchRequest } from '#scim/protocol/patch-request.ts';
import { parseProjection, projectResource } from '#scim/protocol/projection.ts';
import { validateResource } from '#scim/protocol/schema-validation.ts';
import { promptly } from '../../harness/loop-stall.ts';
import { runs } from '../../harness/test-scale.ts';
import { ann, ENTERPRISE, freeze, prototypeKeys, refusal, USER, userSchema } from './fixtures.ts';

const names =
  'userName emails emails.value type value active name.familyName password id meta.created schemas groups manager';
const traps = '__proto__ constructor prototype $where (a+)+$ .* あ';
const syntax =
  'eq ne co sw ew gt le pr and or not AND Eq ( ) [ ] ]. .value "work" "x "\\" "\\u0000" true False null 1 -1.5e9';
const words = [
  ...`${names} ${traps} ${syntax}`.split(' '),
  `${ENTERPRISE}:manager`,
  `${USER}:`,
  '\u0000',
  '\ud800',
  ' ',
  '',
];
const grammarText = fc.array(fc.constantFrom(...words), { maxLength: 14 }).map((parts) => parts.join(' '));
const anyText = fc.oneof(
  grammarText,
  fc.string(),
  fc.string({ unit: 'binary' }),
  grammarText.map((text) => text.replaceAll(' ', '')),
);

const scalar = fc.oneof(
  fc.constantFrom<JsonValue>(
    'True',
    'false',
    '',
    null,
    true,
    'u-Ann',
    'a\u0000',
    '2026-01-01T00:00:00Z',
    1e300,
    -1,
    'work',
  ),
  fc.string(),
);
const bodyNames =
  'userName NAME emails value type primary active name.givenName familyName $ref addresses x509Certificates roles ' +
  '__proto__ constructor prototype $gt $where id meta groups manager password schemas';
const keys = fc.oneof(
  fc.constantFrom(
    ...bodyNames.split(' '),
    'emails[type eq "work"].value',
    ENTERPRISE,
    `${ENTERPRISE}:department`,
    USER,
  ),
  fc.string(),
);
const anyJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(keys, tie('value')), { maxLength: 5 }).map((entries) => parseEntries(entries)),
  ),
})).value;

/** Makes own properties even of `__proto__`, as JSON.parse does. */
function parseEntries(entries: readonly (readonly [string, JsonValue])[]): JsonObject {
  const text = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
  return JSON.parse(`{${text}}`) as JsonObject;
}

const operation = fc.record(
  { op: fc.constantFrom('add', 'Replace', 'remove', 'x'), path: fc.oneof(anyText, keys), value: anyJson },
  { requiredKeys: ['op'] },
);

function refusedProperly(run: () => unknown, allowed: RegExp): void {
  const outcome = promptly(() => refusal(run));
  if (outcome !== 'accepted' && !allowed.test(outcome)) throw new Error(`answered ${outcome}`);
}

const before = prototypeKeys();
afterEach(() => {
  expect(prototypeKeys()).toBe(before);
});

describe('any input is answered', () => {
  test('F01 F02 any text as a filter: a result or 400 invalidFilter', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        refusedProperly(() => matchesFilter(bindFilter(parseFilter(text), userSchema), ann), /^400 invalidFilter$/);
      }),
      { numRuns: runs(10_000, 1_000_000) },
    );
  });

  test('F03 any text as a PATCH path: a path or 400 invalidPath or invalidFilter', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        refusedProperly(() => parsePatchPath(text, userSchema), /^400 invalid(Path|Filter)$/);
      }),
      { numRuns: runs(4000, 200_000) },
    );
  });

  test('F03 any operations as a PATCH: a resource or 400; the original untouched, no foreign key stored', () => {
    freeze(ann);
    const known = new Set(Object.keys(validateKeys()));
    fc.assert(
      fc.property(fc.array(operation, { minLength: 1, maxLength: 4 }), fc.boolean(), (operations, strict) => {
        refusedProperly(() => {
          const body = {
            schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
            Operations: operations as JsonValue[],
          };
          const after = applyPatch(ann, parsePatchRequest(body, { strict }), userSchema, { strict });
          for (const key of Object.keys(after)) if (!known.has(key)) throw new Error(`stored ${key}`);
        }, /^400 /);
      }),
      { numRuns: runs(4000, 200_000) },
    );
  });

  test('F03 any JSON as a PATCH or POST body: a result or 400; a valid result is valid again', () => {
    fc.assert(
      fc.property(anyJson, fc.boolean(), (body, strict) => {
        refusedProperly(() => parsePatchRequest(body, { strict }), /^400 /);
        const full = isJsonObject(body) ? body : {};
        refusedProperly(() => {
          const resource = validateResource({ userName: 'x', ...full, schemas: [USER] }, userSchema, { strict });
          expect(validateResource(resource, userSchema, { strict })).toEqual(resource);
          expect(projectResource(resource, userSchema, parseProjection({}, userSchema))).toEqual(resource);
        }, /^400 /);
      }),
      { numRuns: runs(2000, 100_000) },
    );
  });

  test('any text as a request body: a value or 400 invalidSyntax', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), anyText), (text) => {
        refusedProperly(() => parseJsonDocument(text), /^400 invalidSyntax$/);
      }),
      { numRuns: runs(3000, 100_000) },
    );
  });

  test.each([
    ['F02 (a+)+$', `userName eq "(a+)+$${'a'.repeat(4000)}!"`],
    ['F02 quotes', `userName eq "${'\\"'.repeat(2000)}"`],
    ['F02 backslashes', `userName eq "${'\\'.repeat(4000)}`],
    ['F02 blanks', `userName${' '.repeat(4000)}`],
    ['F02 brackets', '[('.repeat(2000)],
    ['F02 dots', `a${'.a'.repeat(2000)} pr`],
    ['F02 colons', `urn${':a'.repeat(2000)} pr`],
  ])('%s is answered at once', (_, text) => {
    refusedProperly(() => matchesFilter(bindFilter(parseFilter(text), userSchema), ann), /^400 invalidFilter$/);
  });
});

function validateKeys(): JsonObject {
  const names = [...userSchema.core.attributes.values()].map(({ name }) => [name, null] as const);
  return { ...Object.fromEntries(names), [ENTERPRISE]: null };
}

describe('agreement', () => {
  const flat = ['userName', 'title', 'nickName', 'displayName', 'userType'];
  const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c', ' ', 'あ'), maxLength: 3 });
  const person = fc.record(
    { userName: value, title: value, nickName: value, displayName: value, userType: value },
    { requiredKeys: flat as ('userName' | 'title' | 'nickName' | 'displayName' | 'userType')[] },
  );
  const term = fc
    .tuple(fc.constantFrom(...flat), fc.constantFrom('eq', 'ne', 'co', 'sw', 'ew', 'gt', 'ge', 'lt', 'le'), value)
    .map(([name, operator, text]) => `${name} ${operator} ${JSON.stringify(text)}`);
  const expression: fc.Arbitrary<string> = fc.letrec<{ any: string }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 4 },
      term,
      fc.tuple(tie('any'), fc.constantFrom('and', 'or'), tie('any')).map((parts) => parts.join(' ')),
      tie('any').map((inner) => `(${inner})`),
      tie('any').map((inner) => `not (${inner})`),
    ),
  })).any;

  test('with scim2-parse-filter on precedence, grouping and comparison of flat text', () => {
    fc.assert(
      fc.property(expression, person, (text, resource) => {
        const ours = matchesFilter(bindFilter(parseFilter(text), userSchema), resource);
        expect(ours).toBe(oracleFilter(oracleParse(text))(resource));
      }),
      { numRuns: runs(4000, 200_000) },
    );
  });

  test('whatever matches meets every equality handed to the stores', () => {
    fc.assert(
      fc.property(expression, person, (text, resource) => {
        const bound = bindFilter(parseFilter(text), userSchema);
        if (!matchesFilter(bound, resource)) return;
        for (const { attributePath, value: wanted } of collectEqualities(bound)) {
          expect(Reflect.get(resource, attributePath[0] ?? '')).toBe(wanted);
        }
      }),
      { numRuns: runs(2000, 100_000) },
    );
  });
});
