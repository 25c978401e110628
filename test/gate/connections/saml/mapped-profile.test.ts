// What an assertion's attributes say of a person: by the connection's mapping, else by the usual names.

import { readProfile } from '#gate/connections/saml/mapped-profile.ts';

const attributes = new Map<string, readonly string[]>([
  ['urn:oid:2.5.4.42', ['Kenji']],
  ['sn', ['Aoki']],
  ['mail', ['aoki@example.com']],
  ['employeeLogin', ['k.aoki']],
  ['cn', ['Aoki K.', '青木']],
]);

test('without a mapping the usual names are read, and no attribute is the user name', () => {
  expect(readProfile(attributes)).toEqual({
    givenName: 'Kenji',
    familyName: 'Aoki',
    email: 'aoki@example.com',
  });
});

test('a mapped attribute is read, and only that one', () => {
  expect(readProfile(attributes, { userName: 'employeeLogin', email: 'otherMail' })).toEqual({
    userName: 'k.aoki',
    givenName: 'Kenji',
    familyName: 'Aoki',
  });
});

test('two values of what there is one of, or an empty one, say nothing', () => {
  expect(readProfile(attributes, { displayName: 'cn' })).not.toHaveProperty('displayName');
  expect(readProfile(new Map([['displayName', ['']]]))).toEqual({});
  expect(readProfile(new Map([['displayName', ['Aoki']]]))).toEqual({ displayName: 'Aoki' });
});
