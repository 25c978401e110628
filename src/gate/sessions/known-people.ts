// What doors tell apps about a person, worked out once per revision, and the names of their groups, which change without it: read anew after half
// a minute. Whether the person may come in, and whether a group that a rule asks for has them, is never asked here: that reads storage each time.

import type { AccessState } from '#directory/access-decision.ts';
import type { Instant } from '#directory/identifiers.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import { groupsOfPerson } from '../app-access.ts';
import { chooseTold, emailOf, toIdentityHeaders, type IdentityHeader } from '../forward-auth/identity-headers.ts';

export interface KnownPerson {
  readonly view: {
    readonly id: string;
    readonly userName: string;
    readonly displayName: string;
    readonly email: string | null;
    /** Names of all groups, those too that hold a group they are in, in order. */
    readonly groups: readonly string[];
  };
  /** Of the groups as many as headers can hold. */
  readonly groups: readonly string[];
  /** All but the signed one, which is another for each app. */
  readonly headers: Readonly<Record<Exclude<IdentityHeader, 'X-Furlough-Jwt'>, string>>;
  /** The same as names and values in turn. */
  readonly headersInTurn: readonly string[];
}

/** The person of a decision; null when they vanished since. Throws `StorageError`. */
export type KnownPeople = (state: AccessState) => Promise<KnownPerson | null>;

const mostKept = 5_000;
const groupsKnownForMs = 30_000;

interface Kept {
  readonly revision: number;
  readonly at: Instant;
  readonly person: KnownPerson;
}

export function createKnownPeople(storage: Pick<Storage, 'users' | 'groups'>, now: () => Instant): KnownPeople {
  const kept = new Map<string, Kept>();
  return async ({ organizationId, id, revision }) => {
    const key = `${organizationId}/${id}`;
    const known = kept.get(key);
    const at = now();
    // A clock that was set back makes nothing younger.
    if (known?.revision === revision && at >= known.at && at - known.at < groupsKnownForMs) return known.person;
    const [user, groups] = await Promise.all([
      storage.users.get(organizationId, id),
      readGroupNames(storage, organizationId, id),
    ]);
    if (user === null) return null;
    const person = toKnownPerson(user, groups);
    if (kept.size >= mostKept) kept.clear();
    kept.set(key, { revision: user.revision, at, person });
    return person;
  };
}

async function readGroupNames(
  storage: Pick<Storage, 'groups'>,
  organizationId: User['organizationId'],
  id: User['id'],
): Promise<readonly string[]> {
  const ids = [...(await groupsOfPerson(storage, organizationId, id))].slice(0, 1_000);
  if (ids.length === 0) return [];
  const groups = await storage.groups.getMany(organizationId, ids);
  return groups.map(({ profile }) => profile.displayName).sort();
}

function toKnownPerson(user: User, groups: readonly string[]): KnownPerson {
  const { id, organizationId, profile } = user;
  const told = chooseTold(groups);
  const view = {
    id,
    userName: profile.userName,
    displayName: displayNameOf(profile),
    email: emailOf(profile) ?? null,
    groups,
  };
  const headers = toIdentityHeaders(organizationId, user, told);
  return { view, groups: told, headers, headersInTurn: Object.entries(headers).flat() };
}
