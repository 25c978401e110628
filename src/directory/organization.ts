// The organisation: one customer, its state and its policies. Everything belongs to exactly one.

import type { DormancyRule } from './dormancy.ts';
import type { Instant, OrganizationId } from './identifiers.ts';
import type { CardPart } from './person-card.ts';
import type { SeatAlertRule } from './seat-alert.ts';

/** What happens when someone should become active and no seat is free (model.md, "Seats"). */
export type SeatPolicy = 'wait' | 'refuse' | 'allowOver';

/** Whom people of the organisation may ask when they are kept out; shown to them as it is. */
export interface OrganizationContact {
  readonly text?: string;
  readonly email?: string;
}

export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  /** IANA zone in which the organisation's dates are meant. */
  readonly timeZone: string;
  readonly state: 'active' | 'suspended';
  readonly endsAt?: Instant;
  readonly seatPolicy: SeatPolicy;
  /** With `allowOver`: the first local day on which over-use is not allowed any more; absent: until somebody says so. */
  readonly overUntil?: string;
  readonly contact?: OrganizationContact;
  /** What becomes of the seat during a leave that does not say; absent: it is given back. */
  readonly leaveSeat?: 'release' | 'keep';
  /** The local hour at which people are back, where the leave does not say; absent: midnight. */
  readonly returnHour?: number;
  /** From so many days before a return on a seat is kept for it; absent: none is. */
  readonly reserveForReturn?: number;
  /** When people are told of seats that run out; absent: `usualAlerts`. */
  readonly alerts?: SeatAlertRule;
  /** How many days before a return without a free seat it is announced; absent: `usualNoticeDays`. */
  readonly noticeDays?: readonly number[];
  /** Absent: nobody is held for not signing in. */
  readonly dormancy?: DormancyRule;
  /** Of mails to people who have not chosen one; absent: English. */
  readonly language?: 'en' | 'ja';
  /** What people do not see of a colleague who is inactive; absent: they see all. */
  readonly hiddenWhileInactive?: readonly CardPart[];
  readonly createdAt: Instant;
  readonly revision: number;
}

/** Whether the organisation's own state lets its people in at `now`. */
export function isOrganizationOpen(organization: Pick<Organization, 'state' | 'endsAt'>, now: Instant): boolean {
  return organization.state === 'active' && (organization.endsAt === undefined || now < organization.endsAt);
}
