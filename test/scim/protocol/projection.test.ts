import { type JsonObject } from '#scim/protocol/json-value.ts';
import {
  isCustomProjection,
  parseProjection,
  type ProjectionParameters,
  projectResource,
} from '#scim/protocol/projection.ts';
import { ann, ENTERPRISE, freeze, gadgetSchema, refusal, USER, userSchema } from './fixtures.ts';

function project(parameters: ProjectionParameters, resource: JsonObject = ann): JsonObject {
  return projectResource(freeze(resource), userSchema, parseProjection(parameters, userSchema));
}

const minimum = { schemas: [USER], id: 'u-Ann' };

test('everything by default, nothing that is never returned', () => {
  expect(project({}, { ...ann, password: 'x' })).toEqual(ann);
});

test.each<[string, ProjectionParameters, JsonObject]>([
  ['one attribute', { attributes: 'userName' }, { ...minimum, userName: 'Ann@Acme.test' }],
  [
    'any letter case, blanks, URN',
    { attributes: ` USERNAME , ${USER.toUpperCase()}:title ` },
    { ...minimum, userName: 'Ann@Acme.test', title: 'Clerk' },
  ],
  ['a list of names', { attributes: ['userName', 'title'] }, { ...minimum, userName: 'Ann@Acme.test', title: 'Clerk' }],
  ['a sub-attribute', { attributes: 'name.familyName' }, { ...minimum, name: { familyName: 'Lee' } }],
  ['of elements', { attributes: 'emails.type' }, { ...minimum, emails: [{ type: 'work' }, { type: 'home' }] }],
  ['what is never returned', { attributes: 'password,userName' }, { ...minimum, userName: 'Ann@Acme.test' }],
  ['unknown names narrow all the same', { attributes: 'shoeSize' }, minimum],
  [
    'an extension attribute',
    { attributes: `${ENTERPRISE}:department` },
    { ...minimum, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { department: 'R&D' } },
  ],
  [
    'its sub-attribute',
    { attributes: 'manager.value' },
    { ...minimum, schemas: [USER, ENTERPRISE], [ENTERPRISE]: { manager: { value: 'u-Boss' } } },
  ],
  [
    'a whole extension',
    { attributes: ENTERPRISE },
    { ...minimum, schemas: [USER, ENTERPRISE], [ENTERPRISE]: ann[ENTERPRISE] ?? null },
  ],
  [
    'attributes without excluded ones',
    { attributes: 'name,title', excludedAttributes: 'name.givenName' },
    { ...minimum, name: { familyName: 'Lee' }, title: 'Clerk' },
  ],
])('%s', (_, parameters, expected) => {
  expect(project(parameters)).toEqual(expected);
});

test('excluded attributes go, id and schemas never', () => {
  const all = `id,schemas,externalId,userName,name.givenName,displayName,title,active,emails,groups,meta,${ENTERPRISE}`;
  expect(project({ excludedAttributes: all })).toEqual({ ...minimum, name: { familyName: 'Lee' } });
});

test('what is returned on request only', () => {
  const gadget = { id: '1', size: 1, secretNote: 'x' };
  const run = (attributes?: string): JsonObject =>
    projectResource(gadget, gadgetSchema, parseProjection({ attributes }, gadgetSchema));
  expect(run()['secretNote']).toBeUndefined();
  expect(run('secretNote')['secretNote']).toBe('x');
});

test('empty parameters are no parameters; others than names are refused', () => {
  expect(isCustomProjection(parseProjection({ attributes: '', excludedAttributes: ',' }, userSchema))).toBe(false);
  expect(isCustomProjection(parseProjection({ attributes: 'shoeSize' }, userSchema))).toBe(true);
  expect(refusal(() => parseProjection({ attributes: { $gt: '' } }, userSchema))).toBe('400 invalidValue');
  expect(refusal(() => parseProjection({ attributes: 'a,'.repeat(1000) }, userSchema))).toBe('400 invalidValue');
});
