// Which of an HR feed's reports has come into force last. What is ahead when it is reported leaves no mark when its time comes: the schedule edits
// leaves and holds only, so both are looked at. Pure.

import { hasHold } from './hold.ts';
import type { ConnectionId, Instant } from './identifiers.ts';
import type { Leave, LocalDate } from './leave.ts';
import type { User } from './user.ts';

const hourMs = 3_600_000;

interface InForce {
  readonly at: Instant;
  readonly status: string;
}

/** What the feed has said last of what is in force: its mark, or what it had planned and the schedule has carried out since. */
export function lastInForce(
  { feeds, holds, leaves = [] }: Pick<User, 'holds' | 'leaves' | 'feeds'>,
  today: LocalDate,
  connection: ConnectionId,
): InForce | undefined {
  const own = leaves.filter(({ source, state }) => source === connection && state !== 'cancelled');
  const begun = own.filter(({ state, from }) => state !== 'planned' || from <= today);
  // Whose leave is over when they have left is not back.
  const returned = hasHold(holds, 'hr', connection) ? [] : own.flatMap(returnOf);
  const { at, status } = feeds?.[connection] ?? {};
  const marked = at === undefined || status === undefined ? [] : [{ at, status }];
  // Of several at one instant the last one counts.
  return [...returned, ...begun.map(beginningOf), ...marked].toSorted((a, b) => a.at - b.at).at(-1);
}

function beginningOf({ type, startsAt }: Leave): InForce {
  if (type === 'left') return { at: startsAt, status: 'terminated' };
  // It runs from when it was said, and what is reported of a day counts from that day's first hour.
  return type === 'start' ? { at: startsAt - 24 * hourMs, status: 'starts' } : { at: startsAt, status: 'leave' };
}

/** One that was ended early was ended by somebody, not by its plan. */
function returnOf({ type, endsAt, endedAt = -Infinity, returnHour, state }: Leave): readonly InForce[] {
  if (type === 'left' || state !== 'ended' || endsAt === undefined || endedAt < endsAt) return [];
  // From the first hour of that day on; a day may have 25.
  return [{ at: returnHour === 0 ? endsAt : endsAt - (returnHour + 1) * hourMs, status: 'active' }];
}
