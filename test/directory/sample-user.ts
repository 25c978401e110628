// A user to start a test from; every test says only what is special about its own.

import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Hold, HoldKind } from '#directory/hold.ts';
import type { User } from '#directory/user.ts';

export const organizationId = 'acme' as OrganizationId;
export const okta = 'okta' as ConnectionId;
export const entra = 'entra' as ConnectionId;

export function holdOf(kind: HoldKind, source = ''): Hold {
  return { kind, source, since: 1_000, by: 'system:test' };
}

export function sampleUser(parts: Partial<User> = {}): User {
  const holds = parts.holds ?? [];
  return {
    id: '00000000-0000-7000-8000-000000000001' as UserId,
    organizationId,
    revision: 1,
    epoch: 1,
    profile: { userName: 'Aoki@example.com' },
    holds,
    active: holds.length === 0 && parts.deletedAt === undefined,
    seat: holds.length === 0 ? 'held' : 'none',
    roles: [],
    createdAt: 1_000,
    modifiedAt: 1_000,
    provisionedBy: [],
    ...parts,
  };
}
