// What an assertion's attributes say of a person, by the connection's mapping or by the names that are usual: those of the LDAP schemas
// (RFC 4519, RFC 4524 as URNs), of Microsoft's claims, and the plain words. Whether any of it counts is decided elsewhere.

import type { AttributeMapping } from '#directory/connection.ts';
import type { ClaimedProfile } from '../connection-strategy.ts';

type Attributes = ReadonlyMap<string, readonly string[]>;

const claims = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/** The first of them that the assertion has is read. `userName` has none: without a mapping the NameID is the name. */
const usualNames: Readonly<Record<Exclude<keyof AttributeMapping, 'userName'>, readonly string[]>> = {
  email: ['email', 'mail', 'urn:oid:0.9.2342.19200300.100.1.3', `${claims}/emailaddress`],
  givenName: ['givenName', 'firstName', 'urn:oid:2.5.4.42', `${claims}/givenname`],
  familyName: ['surname', 'sn', 'lastName', 'urn:oid:2.5.4.4', `${claims}/surname`],
  displayName: [
    'displayName',
    'urn:oid:2.16.840.1.113730.3.1.241',
    'http://schemas.microsoft.com/identity/claims/displayname',
  ],
};

/** A value given twice says nothing. A mapped attribute is read alone: where it is missing no usual name stands in for it. */
export function readProfile(attributes: Attributes, mapping: AttributeMapping = {}): ClaimedProfile {
  const one = (field: keyof AttributeMapping): Record<string, string> => {
    const [value, ...others] = valuesOf(attributes, mapping, field);
    return value === undefined || others.length > 0 ? {} : { [field]: value };
  };
  return {
    ...one('userName'),
    ...one('email'),
    ...one('givenName'),
    ...one('familyName'),
    ...one('displayName'),
  };
}

function valuesOf(attributes: Attributes, mapping: AttributeMapping, field: keyof AttributeMapping): readonly string[] {
  const mapped = mapping[field];
  const names = mapped !== undefined ? [mapped] : field === 'userName' ? [] : usualNames[field];
  const named = names.find((name) => attributes.has(name));
  return (named === undefined ? undefined : attributes.get(named))?.filter((value) => value !== '') ?? [];
}
