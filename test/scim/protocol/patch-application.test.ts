import { type JsonObject, type JsonValue } from '#scim/protocol/json-value.ts';
import { ann, ENTERPRISE, FURLOUGH, gadgetSchema, groupSchema, patch, refusal, USER } from './fixtures.ts';

const work = { value: 'ann@acme.test', type: 'work', primary: true };
const home = { value: 'ann@home.test', type: 'home' };

/** Runs one operation on Ann and shows one attribute of the outcome. */
function one(operation: JsonValue, attribute: string, strict = false): JsonValue | undefined {
  return patch(ann, [operation], { strict })[attribute];
}

describe('add, replace and remove of singular attributes', () => {
  test.each<[string, JsonObject, string, JsonValue | undefined]>([
    ['replace', { op: 'replace', path: 'title', value: 'Boss' }, 'title', 'Boss'],
    ['replace what holds nothing is add', { op: 'replace', path: 'nickName', value: 'Nia' }, 'nickName', 'Nia'],
    ['add', { op: 'add', path: 'NICKNAME', value: 'Nia' }, 'nickName', 'Nia'],
    ['a core attribute by URN', { op: 'add', path: `${USER}:title`, value: 'Boss' }, 'title', 'Boss'],
    ['remove', { op: 'remove', path: 'title' }, 'title', undefined],
    ['remove what is not there', { op: 'remove', path: 'nickName' }, 'nickName', undefined],
    ['null unassigns', { op: 'replace', path: 'title', value: null }, 'title', undefined],
    ['"" unassigns', { op: 'replace', path: 'title', value: '' }, 'title', undefined],
    [
      'a sub-attribute',
      { op: 'replace', path: 'name.familyName', value: 'Li' },
      'name',
      { givenName: 'Ann', familyName: 'Li' },
    ],
    [
      'a partial complex value keeps the rest',
      { op: 'replace', path: 'name', value: { familyName: 'Li' } },
      'name',
      { givenName: 'Ann', familyName: 'Li' },
    ],
    [
      'null within a complex value',
      { op: 'replace', path: 'name', value: { familyName: null } },
      'name',
      { givenName: 'Ann' },
    ],
    ['null for a complex value', { op: 'replace', path: 'name', value: null }, 'name', undefined],
    ['removing a sub-attribute', { op: 'remove', path: 'name.givenName' }, 'name', { familyName: 'Lee' }],
    [
      'the last attribute of a complex value',
      { op: 'replace', value: { name: { givenName: '', familyName: '' } } },
      'name',
      undefined,
    ],
    ['active as text', { op: 'Replace', path: 'active', value: 'False' }, 'active', false],
    ['active by Add', { op: 'Add', path: 'active', value: 'fAlSe' }, 'active', false],
    ['active without path', { op: 'replace', value: { active: false } }, 'active', false],
    ['active as text without path', { op: 'replace', value: { ACTIVE: 'false' } }, 'active', false],
    [
      'nothing expands to a stored dot',
      { op: 'replace', value: { 'name.givenName': 'Kim' } },
      'name',
      { givenName: 'Kim', familyName: 'Lee' },
    ],
    ['no literal dotted key', { op: 'replace', value: { 'name.givenName': 'Kim' } }, 'name.givenName', undefined],
    ['unknown attributes are ignored', { op: 'replace', value: { shoeSize: 9, title: 'Boss' } }, 'title', 'Boss'],
    ['password is discarded', { op: 'replace', value: { password: 'x', title: 'Boss' } }, 'password', undefined],
    ['the own id is ignored', { op: 'replace', value: { id: 'u-Ann', title: 'Boss' } }, 'title', 'Boss'],
    ['id null is ignored', { op: 'replace', value: { id: null, title: 'Boss' } }, 'title', 'Boss'],
    [
      'meta and schemas are ignored',
      { op: 'replace', value: { meta: { version: 'x' }, schemas: ['y'], title: 'Boss' } },
      'title',
      'Boss',
    ],
    ['a path without path key: null', { op: 'replace', path: null, value: { title: 'Boss' } }, 'title', 'Boss'],
  ])('%s', (_, operation, attribute, expected) => {
    expect(one(operation, attribute)).toEqual(expected);
  });
});

describe('extensions', () => {
  const before = { employeeNumber: '42', department: 'R&D', manager: { value: 'u-Boss', displayName: 'Boss' } };

  test.each<[string, JsonObject, JsonValue | undefined]>([
    [
      'URN path',
      { op: 'replace', path: `${ENTERPRISE}:employeeNumber`, value: '7' },
      { ...before, employeeNumber: '7' },
    ],
    [
      'URN in capitals',
      { op: 'replace', path: `${ENTERPRISE.toUpperCase()}:EMPLOYEENUMBER`, value: '7' },
      { ...before, employeeNumber: '7' },
    ],
    [
      'dot before the attribute',
      { op: 'replace', path: `${ENTERPRISE}.employeeNumber`, value: '7' },
      { ...before, employeeNumber: '7' },
    ],
    ['bare name', { op: 'replace', path: 'employeeNumber', value: '7' }, { ...before, employeeNumber: '7' }],
    [
      'URN key without path',
      { op: 'replace', value: { [`${ENTERPRISE}:employeeNumber`]: '7' } },
      { ...before, employeeNumber: '7' },
    ],
    [
      'whole object without path merges',
      { op: 'replace', value: { [ENTERPRISE]: { employeeNumber: '7' } } },
      { ...before, employeeNumber: '7' },
    ],
    [
      'whole object by path merges',
      { op: 'add', path: ENTERPRISE, value: { employeeNumber: '7' } },
      { ...before, employeeNumber: '7' },
    ],
    [
      'manager as bare id',
      { op: 'Add', path: `${ENTERPRISE}:manager`, value: 'u-2' },
      { ...before, manager: { value: 'u-2' } },
    ],
    [
      'manager without URN, as an array of one',
      { op: 'Add', path: 'manager', value: [{ $ref: '../Users/u-2', value: 'u-2' }] },
      { ...before, manager: { $ref: '../Users/u-2', value: 'u-2' } },
    ],
    [
      'manager.value',
      { op: 'replace', path: `${ENTERPRISE}:manager.value`, value: 'u-2' },
      { ...before, manager: { value: 'u-2' } },
    ],
    ['the same manager keeps the name', { op: 'replace', path: 'manager', value: 'u-Boss' }, before],
    [
      'manager ""',
      { op: 'replace', path: `${ENTERPRISE}:manager`, value: '' },
      { employeeNumber: '42', department: 'R&D' },
    ],
    [
      'manager {value: ""}',
      { op: 'replace', path: 'manager', value: { value: '' } },
      { employeeNumber: '42', department: 'R&D' },
    ],
    ['removing the whole extension', { op: 'remove', path: ENTERPRISE }, undefined],
    ['null for the whole extension', { op: 'replace', value: { [ENTERPRISE]: null } }, undefined],
    [
      'ours is ignored when sent along',
      { op: 'replace', value: { [FURLOUGH]: { status: 'active' }, department: 'R&D' } },
      before,
    ],
  ])('%s', (_, operation, expected) => {
    expect(one(operation, ENTERPRISE)).toEqual(expected);
  });

  test('schemas follows what is present', () => {
    const bare = { id: 'u-2', userName: 'bo', schemas: [USER] };
    expect(patch(bare, [{ op: 'add', path: `${ENTERPRISE}:department`, value: 'HR' }])['schemas']).toEqual([
      USER,
      ENTERPRISE,
    ]);
    expect(one({ op: 'remove', path: ENTERPRISE }, 'schemas')).toEqual([USER]);
  });
});

describe('multi-valued attributes', () => {
  test.each<[string, JsonObject, JsonValue | undefined]>([
    [
      'add one',
      { op: 'add', path: 'emails', value: [{ value: 'c@x', type: 'other' }] },
      [work, home, { value: 'c@x', type: 'other' }],
    ],
    [
      'add a single object',
      { op: 'add', path: 'emails', value: { value: 'c@x', type: 'other' } },
      [work, home, { value: 'c@x', type: 'other' }],
    ],
    [
      'add the same again',
      { op: 'add', path: 'emails', value: [{ value: 'ann@acme.test', type: 'work' }] },
      [work, home],
    ],
    ['add the same without type', { op: 'add', path: 'emails', value: ['ann@home.test'] }, [work, home]],
    [
      'add the same value under another type',
      { op: 'add', path: 'emails', value: [{ value: 'ann@home.test', type: 'other' }] },
      [work, home, { value: 'ann@home.test', type: 'other' }],
    ],
    [
      'add twice in one list',
      { op: 'add', path: 'emails', value: [{ value: 'c@x' }, { value: 'c@x' }] },
      [work, home, { value: 'c@x' }],
    ],
    ['adding nothing', { op: 'add', path: 'emails', value: [] }, [work, home]],
    [
      'adding a primary one clears the other',
      { op: 'add', path: 'emails', value: [{ value: 'p@x', primary: true }] },
      [{ ...work, primary: false }, home, { value: 'p@x', primary: true }],
    ],
    [
      'making one primary by filter',
      { op: 'replace', path: 'emails[type eq "home"].primary', value: 'True' },
      [
        { ...work, primary: false },
        { ...home, primary: true },
      ],
    ],
    ['replace the list', { op: 'replace', path: 'emails', value: [{ value: 'z@x' }] }, [{ value: 'z@x' }]],
    [
      'replace without path',
      { op: 'replace', value: { emails: [{ value: 'z@x', primary: 'true' }] } },
      [{ value: 'z@x', primary: true }],
    ],
    ['replace by nothing', { op: 'replace', path: 'emails', value: [] }, undefined],
    ['remove all', { op: 'remove', path: 'emails' }, undefined],
    ['remove by filter', { op: 'remove', path: 'emails[type eq "work"]' }, [home]],
    ['remove by filter what is not there', { op: 'remove', path: 'emails[type eq "fax"]' }, [work, home]],
    [
      'remove by value array',
      { op: 'Remove', path: 'emails', value: [{ $ref: null, value: 'ANN@acme.test' }] },
      [home],
    ],
    ['remove by bare value', { op: 'remove', path: 'emails', value: 'ann@acme.test' }, [home]],
    ['remove by an empty value array', { op: 'remove', path: 'emails', value: [] }, [work, home]],
    [
      'remove by value array, another type',
      { op: 'remove', path: 'emails', value: [{ value: 'ann@acme.test', type: 'home' }] },
      [work, home],
    ],
    ['remove by type', { op: 'remove', path: 'emails', value: [{ type: 'home' }] }, [work]],
    [
      'value by filter',
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'n@x' },
      [{ ...work, value: 'n@x' }, home],
    ],
    [
      'filter within one element',
      { op: 'replace', path: 'emails[type eq "work" and value co "acme"].value', value: 'n@x' },
      [{ ...work, value: 'n@x' }, home],
    ],
    [
      'quoted boolean in a filter',
      { op: 'replace', path: 'emails[primary eq "True"].value', value: 'n@x' },
      [{ ...work, value: 'n@x' }, home],
    ],
    [
      'all that match',
      { op: 'replace', path: 'emails[value co "ann"].display', value: 'Ann' },
      [
        { ...work, display: 'Ann' },
        { ...home, display: 'Ann' },
      ],
    ],
    [
      'no filter: all elements',
      { op: 'replace', path: 'emails.display', value: 'Ann' },
      [
        { ...work, display: 'Ann' },
        { ...home, display: 'Ann' },
      ],
    ],
    [
      'a partial element keeps the rest',
      { op: 'replace', path: 'emails[type eq "work"]', value: { value: 'n@x' } },
      [{ ...work, value: 'n@x' }, home],
    ],
    [
      'an emptied value takes its element along',
      { op: 'replace', path: 'emails[type eq "work"].value', value: '' },
      [home],
    ],
    ['null for an element', { op: 'replace', path: 'emails[type eq "work"]', value: null }, [home]],
    ['removing the value takes its element along', { op: 'remove', path: 'emails[type eq "work"].value' }, [home]],
    [
      'key with a filter in a value without path',
      { op: 'replace', value: { 'emails[type eq "work"].value': 'n@x' } },
      [{ ...work, value: 'n@x' }, home],
    ],
    [
      'nothing written where nothing matches',
      { op: 'replace', path: 'emails[type eq "fax"].value', value: '' },
      [work, home],
    ],
  ])('%s', (_, operation, expected) => {
    expect(one(operation, 'emails')).toEqual(expected);
  });

  test('Entra: an element is made from the filter, later operations meet it, siblings are kept', () => {
    const after = patch(ann, [
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].display', value: 'cell' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+81 90' },
      { op: 'Replace', path: 'addresses[type eq "work" and primary eq "true"].locality', value: 'Osaka' },
      { op: 'Replace', path: 'name.familyName', value: 'King' },
    ]);
    expect(after['phoneNumbers']).toEqual([{ type: 'mobile', display: 'cell', value: '+81 90' }]);
    expect(after['addresses']).toEqual([{ type: 'work', primary: true, locality: 'Osaka' }]);
    expect(after['name']).toEqual({ givenName: 'Ann', familyName: 'King' });
  });

  test('Entra: a role as JSON text is kept verbatim', () => {
    const text = '{"id":"1","value":"admin","displayName":"Admin"}';
    expect(one({ op: 'add', path: 'roles', value: [text] }, 'roles')).toEqual([{ value: text }]);
    const made = one({ op: 'Add', path: 'roles[primary eq "True"].value', value: text }, 'roles');
    expect(made).toEqual([{ primary: true, value: text }]);
  });

  test('simple lists', () => {
    const gadget = { id: '1', labels: ['a', 'b'] };
    const run = (operation: JsonValue): JsonValue | undefined =>
      patch(gadget, [operation], { schema: gadgetSchema })['labels'];
    expect(run({ op: 'add', path: 'labels', value: ['b', 'c'] })).toEqual(['a', 'b', 'c']);
    expect(run({ op: 'remove', path: 'labels[value eq "a"]' })).toEqual(['b']);
    expect(run({ op: 'remove', path: 'labels', value: ['a'] })).toEqual(['b']);
    expect(run({ op: 'replace', path: 'labels[value eq "a"]', value: 'z' })).toEqual(['z', 'b']);
  });
});

describe('group members', () => {
  const group = {
    id: 'g',
    displayName: 'Staff',
    members: [{ value: 'a', type: 'User', display: 'A' }, { value: 'b' }],
  };
  const run = (operation: JsonValue, strict = false): JsonValue | undefined =>
    patch(group, [operation], { schema: groupSchema, strict })['members'];

  test.each<[string, JsonObject, string]>([
    ['add', { op: 'Add', path: 'members', value: [{ $ref: null, value: 'c' }] }, 'a b c'],
    ['add who is in', { op: 'add', path: 'members', value: [{ value: 'a', display: 'Other' }] }, 'a b'],
    ['add by bare id', { op: 'add', path: 'members', value: 'c' }, 'a b c'],
    ['letter case of ids matters', { op: 'add', path: 'members', value: ['A'] }, 'a b A'],
    ['remove by filter', { op: 'remove', path: 'members[value eq "a"]' }, 'b'],
    ['remove by value array', { op: 'Remove', path: 'members', value: [{ $ref: null, value: 'a' }] }, 'b'],
    ['remove who is not in', { op: 'remove', path: 'members', value: [{ value: 'z' }] }, 'a b'],
    ['replace', { op: 'replace', path: 'members', value: [{ value: 'z' }] }, 'z'],
    ['remove without filter empties', { op: 'remove', path: 'members' }, ''],
    ['the equal value passes', { op: 'replace', path: 'members[value eq "a"].value', value: 'a' }, 'a b'],
  ])('%s', (_, operation, expected) => {
    const members = (run(operation) ?? []) as readonly { value: string }[];
    expect(members.map(({ value }) => value).join(' ')).toBe(expected);
  });

  test('rewriting a member is refused', () => {
    expect(refusal(() => run({ op: 'replace', path: 'members[value eq "a"].value', value: 'x' }))).toBe(
      '400 mutability',
    );
    expect(refusal(() => run({ op: 'replace', path: 'members[value eq "a"]', value: { value: 'x' } }))).toBe(
      '400 mutability',
    );
  });

  test('a value array that cannot be read removes nobody', () => {
    for (const value of [[{}], [{ display: 'A' }], [null], [7], [{ value: 7 }], ''] as JsonValue[]) {
      expect(refusal(() => run({ op: 'remove', path: 'members', value }))).toBe('400 invalidValue');
    }
  });
});

describe('what is refused', () => {
  test.each<[string, string, JsonObject]>([
    ['remove without path', '400 noTarget', { op: 'Remove', value: { title: 'x' } }],
    ['remove of userName', '400 mutability', { op: 'remove', path: 'userName' }],
    ['userName ""', '400 invalidValue', { op: 'replace', path: 'userName', value: '' }],
    ['userName null', '400 invalidValue', { op: 'replace', value: { userName: null } }],
    ['remove of active', '400 invalidValue', { op: 'remove', path: 'active' }],
    ['active null', '400 invalidValue', { op: 'replace', path: 'active', value: null }],
    ['active "" without path', '400 invalidValue', { op: 'replace', value: { active: '' } }],
    ['active null without path', '400 invalidValue', { op: 'add', value: { active: null } }],
    ['active "yes"', '400 invalidValue', { op: 'replace', path: 'active', value: 'yes' }],
    ['active 1', '400 invalidValue', { op: 'replace', path: 'active', value: 1 }],
    ['active {}', '400 invalidValue', { op: 'replace', path: 'active', value: {} }],
    ['active []', '400 invalidValue', { op: 'replace', path: 'active', value: ['false'] }],
    ['another id', '400 mutability', { op: 'replace', path: 'id', value: 'other' }],
    ['another id without path', '400 mutability', { op: 'replace', value: { id: 'other' } }],
    ['groups', '400 mutability', { op: 'add', path: 'groups', value: [{ value: 'g2' }] }],
    ['groups without path', '400 mutability', { op: 'replace', value: { groups: [] } }],
    ['groups by filter', '400 mutability', { op: 'remove', path: 'groups[value eq "g1"]' }],
    ['meta', '400 mutability', { op: 'replace', path: 'meta.created', value: '2020-01-01T00:00:00Z' }],
    ['our extension', '400 mutability', { op: 'replace', path: `${FURLOUGH}:status`, value: 'active' }],
    ["a manager's displayName", '400 mutability', { op: 'replace', path: 'manager.displayName', value: 'x' }],
    ['remove of schemas', '400 mutability', { op: 'remove', path: 'schemas' }],
    ['the whole core schema', '400 mutability', { op: 'remove', path: USER }],
    ['unknown attribute', '400 invalidPath', { op: 'replace', path: 'shoeSize', value: 1 }],
    ['unknown sub-attribute', '400 invalidPath', { op: 'replace', path: 'name.nick', value: 'x' }],
    [
      'unknown sub-attribute behind a filter',
      '400 invalidPath',
      { op: 'replace', path: 'emails[type eq "work"].nick', value: 'x' },
    ],
    ['unknown URN', '400 invalidPath', { op: 'replace', path: 'urn:example:User:title', value: 'x' }],
    [
      'filter on a singular attribute',
      '400 invalidPath',
      { op: 'replace', path: 'name[familyName eq "Lee"].givenName', value: 'x' },
    ],
    ['broken path', '400 invalidPath', { op: 'replace', path: 'emails[type eq "work"', value: 'x' }],
    ['empty path', '400 invalidPath', { op: 'replace', path: '', value: 'x' }],
    ['path that is no text', '400 invalidPath', { op: 'replace', path: { $gt: '' }, value: 'x' }],
    [
      'unknown attribute in a filter',
      '400 invalidFilter',
      { op: 'replace', path: 'emails[shoe eq "1"].value', value: 'x' },
    ],
    ['no boolean in a filter', '400 invalidFilter', { op: 'remove', path: 'emails[primary gt true]' }],
    ['title as number', '400 invalidValue', { op: 'replace', path: 'title', value: 5 }],
    ['title as query operator', '400 invalidValue', { op: 'replace', path: 'title', value: { $gt: '' } }],
    ['NUL', '400 invalidValue', { op: 'replace', path: 'title', value: 'a\u0000b' }],
    ['half a character', '400 invalidValue', { op: 'replace', path: 'title', value: 'a\ud800' }],
    ['no path and no object', '400 invalidValue', { op: 'replace', value: 'x' }],
    ['no value', '400 invalidValue', { op: 'replace', path: 'title' }],
    ['extension that is no object', '400 invalidValue', { op: 'replace', value: { [ENTERPRISE]: 'x' } }],
    [
      'two primaries',
      '400 invalidValue',
      {
        op: 'add',
        path: 'emails',
        value: [
          { value: 'p', primary: true },
          { value: 'q', primary: true },
        ],
      },
    ],
    ['two primaries by filter', '400 invalidValue', { op: 'replace', path: 'emails[value pr].primary', value: true }],
    ['two managers', '400 invalidValue', { op: 'replace', path: 'manager', value: [{ value: 'a' }, { value: 'b' }] }],
    ['name as text', '400 invalidValue', { op: 'replace', path: 'name', value: 'Ann' }],
    ['bad certificate', '400 invalidValue', { op: 'add', path: 'x509Certificates', value: [{ value: '<pem>' }] }],
    ['no element can be made', '400 noTarget', { op: 'replace', path: 'emails[type co "fax"].value', value: 'x' }],
    [
      'nor from a contradiction',
      '400 noTarget',
      { op: 'replace', path: 'emails[type eq "a" and value sw "b"].display', value: 'x' },
    ],
  ])('%s: %s', (_, expected, operation) => {
    expect(refusal(() => patch(ann, [operation]))).toBe(expected);
  });

  test.each([
    '__proto__',
    'constructor',
    'prototype',
    '__proto__.polluted',
    'name.__proto__',
    'constructor.prototype',
    '$where',
  ])('F03 path %s', (path) => {
    expect(refusal(() => patch(ann, [{ op: 'replace', path, value: 'x' }]))).toBe('400 invalidPath');
  });

  test('a later refusal undoes the earlier operations', () => {
    const operations = [
      { op: 'replace', path: 'title', value: 'B' },
      { op: 'replace', path: 'active', value: false },
      { op: 'remove' },
    ];
    expect(refusal(() => patch(ann, operations))).toBe('400 noTarget');
    expect(ann['title']).toBe('Clerk');
  });

  test('immutable attributes are set once', () => {
    const run = (gadget: JsonObject, operation: JsonValue): string =>
      refusal(() => patch(gadget, [operation], { schema: gadgetSchema }));
    expect(run({ id: '1' }, { op: 'add', path: 'serial', value: 's' })).toBe('accepted');
    expect(run({ id: '1', serial: 's' }, { op: 'replace', path: 'serial', value: 's' })).toBe('accepted');
    expect(run({ id: '1', serial: 's' }, { op: 'replace', path: 'serial', value: 'S' })).toBe('400 mutability');
    expect(run({ id: '1', serial: 's' }, { op: 'remove', path: 'serial' })).toBe('400 mutability');
    expect(run({ id: '1' }, { op: 'add', path: 'stamp', value: ['s'] })).toBe('accepted');
    expect(run({ id: '1', stamp: ['s'] }, { op: 'add', path: 'stamp', value: ['s'] })).toBe('accepted');
    expect(run({ id: '1', stamp: ['s'] }, { op: 'remove', path: 'stamp' })).toBe('400 mutability');
  });

  test('a required sub-attribute stays', () => {
    const gadget = { id: '1', parts: [{ value: 'p', type: 'a' }] };
    const run = (operation: JsonValue): string => refusal(() => patch(gadget, [operation], { schema: gadgetSchema }));
    expect(run({ op: 'remove', path: 'parts[type eq "a"].value' })).toBe('400 mutability');
    expect(run({ op: 'replace', path: 'parts[type eq "a"].value', value: null })).toBe('400 invalidValue');
    expect(run({ op: 'remove', path: 'parts[type eq "a"].type' })).toBe('accepted');
  });
});

describe('nothing changed, nothing made', () => {
  test.each<[string, JsonObject]>([
    ['the same value', { op: 'replace', path: 'title', value: 'Clerk' }],
    ['active as it is', { op: 'Replace', path: 'active', value: 'True' }],
    ['an element that is there', { op: 'add', path: 'emails', value: [home] }],
    ['password', { op: 'replace', value: { password: 'x' } }],
    ['removing what is not there', { op: 'remove', path: 'nickName' }],
    ['the whole user sent back', { op: 'replace', value: ann }],
  ])('%s gives the very same object', (_, operation) => {
    expect(patch(ann, [operation])).toBe(ann);
  });
});

describe('strict', () => {
  test.each<[string, string, JsonObject]>([
    ['boolean as text', '400 invalidValue', { op: 'replace', path: 'active', value: 'False' }],
    ['dotted key', '400 invalidSyntax', { op: 'replace', value: { 'name.givenName': 'x' } }],
    ['attribute URN as key', '400 invalidSyntax', { op: 'replace', value: { [`${ENTERPRISE}:department`]: 'x' } }],
    ['key with a filter', '400 invalidSyntax', { op: 'replace', value: { 'emails[type eq "work"].value': 'x' } }],
    [
      'filter that matches nothing',
      '400 noTarget',
      { op: 'replace', path: 'addresses[type eq "work"].locality', value: 'X' },
    ],
    [
      'add by a filter that matches nothing',
      '400 noTarget',
      { op: 'add', path: 'emails[type eq "fax"].value', value: 'X' },
    ],
    [
      'remove with a value array',
      '400 invalidSyntax',
      { op: 'remove', path: 'emails', value: [{ value: 'ann@acme.test' }] },
    ],
    ['manager as text', '400 invalidValue', { op: 'add', path: `${ENTERPRISE}:manager`, value: 'u-2' }],
    ['manager as array', '400 invalidValue', { op: 'add', path: `${ENTERPRISE}:manager`, value: [{ value: 'u-2' }] }],
    ['manager without URN', '400 invalidPath', { op: 'add', path: 'manager', value: { value: 'u-2' } }],
    ['dot before the attribute', '400 invalidPath', { op: 'add', path: `${ENTERPRISE}.department`, value: 'x' }],
    ['an op in capitals', '400 invalidSyntax', { op: 'Replace', path: 'title', value: 'x' }],
    ['userName ""', '400 invalidValue', { op: 'replace', path: 'userName', value: '' }],
    ['without path', 'accepted', { op: 'replace', value: { active: false } }],
    ['whole extension object', 'accepted', { op: 'replace', value: { [ENTERPRISE]: { department: 'x' } } }],
    ['URN path', 'accepted', { op: 'replace', path: `${ENTERPRISE}:department`, value: 'x' }],
  ])('%s: %s', (_, expected, operation) => {
    expect(refusal(() => patch(ann, [operation], { strict: true }))).toBe(expected);
  });

  test('"" is stored', () => {
    expect(one({ op: 'replace', path: 'title', value: '' }, 'title', true)).toBe('');
    expect(one({ op: 'replace', path: 'emails[type eq "home"].value', value: '' }, 'emails', true)).toEqual([
      work,
      { ...home, value: '' },
    ]);
  });
});
