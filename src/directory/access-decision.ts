// The one question: may this person come in now? Asked by every door on every request, with what storage says at that instant.

import { isOrganizationOpen, type Organization } from './organization.ts';
import { statusOf, type User } from './user.ts';
import type { Instant } from './identifiers.ts';

/** Why a known person is kept out. Stable codes: pages, API and logs use them. */
export type HeldReason =
  | 'accountInactive'
  | 'onLeave'
  | 'waitingForSeat'
  | 'notStarted'
  | 'noSuchUser'
  | 'organizationSuspended';

export type AccessDecision = { readonly allowed: true } | { readonly allowed: false; readonly reason: HeldReason };

/** The parts of a user that a door needs. */
export type AccessState = Pick<User, 'id' | 'organizationId' | 'active' | 'epoch' | 'holds' | 'deletedAt' | 'revision'>;

/**
 * Decides for a person of an organisation at `now`. `user` null: there is none, or it was deleted.
 * The stored `active` is the guard; the holds name the reason.
 */
export function decideAccess(
  organization: Pick<Organization, 'state' | 'endsAt'> | null,
  user: Pick<User, 'active' | 'holds' | 'deletedAt'> | null,
  now: Instant,
): AccessDecision {
  if (organization === null) return { allowed: false, reason: 'noSuchUser' };
  if (!isOrganizationOpen(organization, now)) return { allowed: false, reason: 'organizationSuspended' };
  if (user === null) return { allowed: false, reason: 'noSuchUser' };
  const status = statusOf(user);
  switch (status) {
    case 'deleted':
      return { allowed: false, reason: 'noSuchUser' };
    case 'onLeave':
      return { allowed: false, reason: 'onLeave' };
    case 'waiting':
      return { allowed: false, reason: 'waitingForSeat' };
    case 'starting':
      return { allowed: false, reason: 'notStarted' };
    case 'inactive':
      return { allowed: false, reason: 'accountInactive' };
    case 'active':
    case 'scheduled':
      return user.active ? { allowed: true } : { allowed: false, reason: 'accountInactive' };
    default:
      return status satisfies never;
  }
}
