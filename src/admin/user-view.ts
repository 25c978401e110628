// A user as administrators see them: with the reasons why they are not active. The entity tag follows the content, not fences and effects.

import { createHash } from 'node:crypto';
import { DirectoryError } from '#directory/directory-error.ts';
import { stableText } from '#directory/same-value.ts';
import type { Hold } from '#directory/hold.ts';
import { displayNameOf, statusOf, type User } from '#directory/user.ts';
import { toIso } from './admin-operation.ts';

export type SeatView = 'held' | 'none' | 'waiting';

/** What a person's seat is: `waiting` in the queue, `none` also while it is on its way back. */
export function seatOf(user: User): SeatView {
  if (user.seat === 'held') return 'held';
  return user.waitingSince === undefined ? 'none' : 'waiting';
}

export function toUserAnswer(user: User) {
  return {
    id: user.id,
    userName: user.profile.userName,
    displayName: displayNameOf(user.profile),
    status: statusOf(user),
    active: user.active,
    holds: user.holds.map(toHoldAnswer),
    seat: seatOf(user),
    roles: user.roles,
    profile: user.profile,
    provisionedBy: user.provisionedBy,
    createdAt: toIso(user.createdAt),
    modifiedAt: toIso(user.modifiedAt),
  };
}

export function toHoldAnswer(hold: Hold) {
  const { source, since, until, ...rest } = hold;
  return {
    ...rest,
    ...(source === '' ? {} : { source }),
    since: toIso(since),
    ...(until === undefined ? {} : { until: toIso(until) }),
  };
}

/** A strong entity tag (RFC 9110 8.8.3) over what an administrator can see. */
export function entityTagOf(user: User): string {
  const { profile, holds, roles, deletedAt } = user;
  return `"${createHash('sha256').update(stableText({ profile, holds, roles, deletedAt })).digest('base64url').slice(0, 22)}"`;
}

/** The precondition of an `If-Match` header: `*` or a list of tags (RFC 9110 13.1.1). Throws `revisionMismatch`. */
export function preconditionOf(ifMatch: string | undefined): { precondition?: (user: User) => void } {
  if (ifMatch === undefined || ifMatch.trim() === '*') return {};
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  return {
    precondition(user) {
      if (!tags.includes(entityTagOf(user)))
        throw new DirectoryError('revisionMismatch', 'The user has changed since it was read.');
    },
  };
}
