// What an app is told about a person, by scope (OpenID Connect Core 1.0 §5.4): who they are, how to reach them, their groups and departments.
// `sub` is the user's id: it never changes and is never given to somebody else.

import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { displayNameOf, type User, type UserProfile } from '#directory/user.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { findOrganizationOfDomain } from '#storage/domain-records.ts';
import { groupsOfPerson } from '../app-access.ts';
import { emailOf } from '../forward-auth/identity-headers.ts';
import type { GateContext } from '../gate-context.ts';

/** The claims of each scope. */
export const claimsOfScope = {
  openid: ['sub'],
  profile: ['name', 'given_name', 'family_name', 'preferred_username', 'updated_at'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
  departments: ['departments'],
} as const;

export type PersonClaims = { readonly sub: string } & Readonly<Record<string, unknown>>;

/** Claims for these scopes, read now. Null when the person vanished. Throws `StorageError`. */
export async function readPersonClaims(
  context: GateContext,
  organizationId: OrganizationId,
  userId: User['id'],
  scopes: ReadonlySet<string>,
): Promise<PersonClaims | null> {
  const user = await context.storage.users.get(organizationId, userId);
  if (user === null) return null;
  return {
    sub: user.id,
    ...(scopes.has('profile') ? profileClaims(user) : {}),
    ...(scopes.has('email') ? await emailClaims(context, user) : {}),
    ...(scopes.has('groups') ? { groups: await groupNames(context, user) } : {}),
    ...(scopes.has('departments') ? { departments: await departmentClaims(context, user) } : {}),
  };
}

function profileClaims({ profile, modifiedAt }: User) {
  const { givenName, familyName } = profile.name ?? {};
  return {
    name: displayNameOf(profile),
    preferred_username: profile.userName,
    ...(givenName === undefined ? {} : { given_name: givenName }),
    ...(familyName === undefined ? {} : { family_name: familyName }),
    updated_at: Math.floor(modifiedAt / 1_000),
  };
}

/** An address counts as verified where its domain was shown to be the organisation's own: else one could vouch for the people of another. */
async function emailClaims(context: GateContext, { organizationId, profile }: User) {
  const email = emailOf(profile);
  if (email === undefined) return {};
  const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
  const owner = await findOrganizationOfDomain(context.storage, domain, context.now());
  return { email, email_verified: owner === organizationId };
}

/** Names, nested groups' too, in alphabetical order. */
async function groupNames(context: GateContext, { organizationId, id }: User): Promise<readonly string[]> {
  const ids = [...(await groupsOfPerson(context.storage, organizationId, id))];
  const names: string[] = [];
  for (let from = 0; from < ids.length; from += 1_000) {
    const groups = await context.storage.groups.getMany(organizationId, ids.slice(from, from + 1_000));
    names.push(...groups.map(({ profile }) => profile.displayName));
  }
  return names.sort();
}

async function departmentClaims(context: GateContext, { organizationId, profile }: User) {
  const memberships = membershipsOf(profile);
  if (memberships.length === 0) return [];
  const reader = createDepartmentReader(context.storage, context.now);
  const found = await reader.getMany(
    organizationId,
    memberships.map(({ value }) => value),
  );
  const known = new Map<DepartmentId, (typeof found)[number]>(found.map((department) => [department.id, department]));
  return memberships.flatMap(({ value, primary, jobTitle }) => {
    const department = known.get(value);
    if (department === undefined) return [];
    const { name, code } = department.profile;
    return [
      {
        id: value,
        name,
        ...(code === undefined ? {} : { code }),
        primary: primary === true,
        ...(jobTitle === undefined ? {} : { title: jobTitle }),
      },
    ];
  });
}

function membershipsOf(profile: UserProfile) {
  return profile.person?.departments ?? [];
}
