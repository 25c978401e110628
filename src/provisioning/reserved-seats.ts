// Seats that are kept for people who return from leave (docs/decisions/0022): the ledger counts them as used, everybody else as free and not to be had.

import type { OrganizationId } from '#directory/identifiers.ts';
import { displayNameOf, reservedSeatKey, type User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';

/** How many there are. Throws `StorageError`. */
export function countReservedSeats(storage: Storage, organizationId: OrganizationId): Promise<number> {
  return storage.users.countByKey(organizationId, reservedSeatKey);
}

/** Why a free seat is not to be had, in one line; undefined when none is reserved, or only now. */
export async function describeReserved(
  { storage }: { readonly storage: Storage },
  { organizationId, id }: User,
): Promise<string | undefined> {
  const reserved = await storage.users.list(organizationId, { key: reservedSeatKey, limit: 2 });
  const [first, second] = reserved.filter((user) => user.id !== id);
  if (first === undefined) return undefined;
  const name = displayNameOf(first.profile);
  return second === undefined ? `reserved for ${name}'s return` : `reserved for the returns of ${name} and others`;
}
