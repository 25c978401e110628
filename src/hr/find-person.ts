// Whom a line of a feed means: exactly one person who is not deleted, by every identifier that it gives.

import { foldCase, type OrganizationId } from '#directory/identifiers.ts';
import type { User, UserKey } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import { identifierNames, type IdentifierName, type Identifiers } from './status-line.ts';

export type FoundPerson =
  | { readonly user: User }
  | { readonly code: 'userNotFound' | 'severalUsers' | 'identifiersDisagree'; readonly detail: string };

/** Throws `StorageError`. */
export async function findPerson(
  { users }: Pick<Storage, 'users'>,
  organizationId: OrganizationId,
  identifiers: Identifiers,
): Promise<FoundPerson> {
  let person: User | undefined;
  for (const name of identifierNames) {
    const value = identifiers[name];
    if (value === undefined) continue;
    const [found, ...others] = await users.findByKey(organizationId, keyOf(name, value));
    if (found === undefined) return { code: 'userNotFound', detail: `Nobody has this ${name}.` };
    if (others.length > 0) return { code: 'severalUsers', detail: `Several people have this ${name}.` };
    if (person !== undefined && person.id !== found.id)
      return { code: 'identifiersDisagree', detail: 'The identifiers mean different people.' };
    person = found;
  }
  return person === undefined ? { code: 'userNotFound', detail: 'The line names nobody.' } : { user: person };
}

function keyOf(name: IdentifierName, value: string): UserKey {
  switch (name) {
    case 'userName':
      return { kind: 'userName', value: foldCase(value) };
    case 'email':
      return { kind: 'email', value: foldCase(value) };
    case 'externalId':
    case 'employeeNumber':
      return { kind: name, value };
    default:
      return name satisfies never;
  }
}
