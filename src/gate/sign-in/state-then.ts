// What a door found about a person and their organisation at the moment of its decision, kept with the refusal: holds come and go, and an
// administrator asks about yesterday.

import type { Hold } from '#directory/hold.ts';
import type { Instant } from '#directory/identifiers.ts';
import { isOrganizationOpen, type Organization } from '#directory/organization.ts';
import type { User } from '#directory/user.ts';
import type { GroupDemand } from '../app-access.ts';

export interface StateThen {
  readonly organizationOpen: boolean;
  readonly exists: boolean;
  /** Without notes: they are written for whoever works on the account now, and may be long. */
  readonly holds: readonly Omit<Hold, 'note'>[];
  /** Of an app's refusal: the groups that it asked for. */
  readonly demands?: readonly GroupDemand[];
}

export function toStateThen(
  organization: Organization | null,
  user: Pick<User, 'holds' | 'deletedAt'> | null,
  now: Instant,
): StateThen {
  return {
    organizationOpen: organization !== null && isOrganizationOpen(organization, now),
    exists: user !== null && user.deletedAt === undefined,
    holds: (user?.holds ?? []).map(({ note: _note, ...hold }) => hold),
  };
}
