// Whether two leaves of a person meet, and whether there is room for one more. Pure.

import { DirectoryError } from './directory-error.ts';
import { isOpen, replaceLeave, type Leave, type Leaves } from './leave.ts';

const mostOpen = 20;

/**
 * The open leave whose days meet these, or undefined. Two that touch (one ends on the day the other begins, at whatever hour) do not meet. A planned
 * end meets only another one: people leave while they are away, too. The same goes for the time between an end and a first day that an HR system names.
 */
export function overlapping(
  leaves: Leaves,
  candidate: Pick<Leave, 'id' | 'type' | 'source' | 'from' | 'until' | 'startsAt' | 'endsAt'>,
): Leave | undefined {
  const end = candidate.endsAt ?? Infinity;
  return leaves.find(
    (leave) =>
      isOpen(leave) &&
      leave.id !== candidate.id &&
      classOf(leave) === classOf(candidate) &&
      !follows(leave, candidate) &&
      !follows(candidate, leave) &&
      leave.startsAt < end &&
      candidate.startsAt < (leave.endsAt ?? Infinity),
  );
}

function classOf({ type, source }: Pick<Leave, 'type' | 'source'>): 'end' | 'awaited' | 'absence' {
  if (type === 'left') return 'end';
  return type === 'start' && source !== '' ? 'awaited' : 'absence';
}

/** Whether the one begins on the day on which the other, of earlier days, ends, at whatever hour. */
export function follows(one: Pick<Leave, 'from'>, other: Pick<Leave, 'from' | 'until'>): boolean {
  return one.from === other.until && other.from < one.from;
}

/** Throws `DirectoryError` `leaveOverlaps`, naming the other one. */
export function assertFree(leaves: Leaves, candidate: Leave): void {
  const other = overlapping(leaves, candidate);
  if (other === undefined) return;
  const { id, type, from, until } = other;
  throw new DirectoryError(
    'leaveOverlaps',
    `There is a leave already from ${from}${until === undefined ? '' : ` until ${until}`}.`,
    { leave: { id, type, from, ...(until === undefined ? {} : { until }) } },
  );
}

/** With one more. There is always room for a planned end. Throws `DirectoryError` `leaveOverlaps`, naming the other one; `invalidValue`: too many. */
export function addLeave(leaves: Leaves, leave: Leave): Leaves {
  const ahead = leaves.filter((other) => isOpen(other) && other.type !== 'left');
  if (leave.type !== 'left' && ahead.length >= mostOpen)
    throw new DirectoryError('invalidValue', `A person has at most ${mostOpen} leaves ahead.`, { field: 'from' });
  assertFree(leaves, leave);
  return replaceLeave(leaves, leave);
}
