// What doors tell apps about a person, worked out once per revision. Whether the person may come in is never asked here: that decision reads
// storage each time, and names the revision it read. Only what cannot change without the revision may be kept.

import type { AccessState } from '#directory/access-decision.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import { emailOf, toIdentityHeaders, type IdentityHeader } from '../forward-auth/identity-headers.ts';

export interface KnownPerson {
  readonly view: {
    readonly id: string;
    readonly userName: string;
    readonly displayName: string;
    readonly email: string | null;
  };
  readonly headers: Readonly<Record<IdentityHeader, string>>;
}

/** The person of a decision; null when they vanished since. Throws `StorageError`. */
export type KnownPeople = (state: AccessState) => Promise<KnownPerson | null>;

const mostKept = 5_000;

export function createKnownPeople(storage: Pick<Storage, 'users'>): KnownPeople {
  const kept = new Map<string, { readonly revision: number; readonly person: KnownPerson }>();
  return async ({ organizationId, id, revision }) => {
    const key = `${organizationId}/${id}`;
    const known = kept.get(key);
    if (known?.revision === revision) return known.person;
    const user = await storage.users.get(organizationId, id);
    if (user === null) return null;
    const person = toKnownPerson(user);
    if (kept.size >= mostKept) kept.clear();
    kept.set(key, { revision: user.revision, person });
    return person;
  };
}

function toKnownPerson(user: User): KnownPerson {
  const { id, organizationId, profile } = user;
  return {
    view: { id, userName: profile.userName, displayName: displayNameOf(profile), email: emailOf(profile) ?? null },
    // Apps are not told groups yet; the header goes out empty so that a client's own cannot pass.
    headers: toIdentityHeaders(organizationId, user, []),
  };
}
