// Counts what rows did, and in a dry run decides what only the rows before them can say: whether an owner is left, and whether a seat is free. A seat
// that comes free goes to whoever waits first; budgets of departments are not looked at.

import type { User } from '#directory/user.ts';
import type { Moved, SeatsBefore, StepRow, Tally } from './import-records.ts';
import type { RowPlan } from './row-plan.ts';

/** One more row, and the seats that whoever waits has after it. */
export function countRow(tally: Tally, row: StepRow, seats: SeatsBefore): Tally {
  const counted = addRow(tally, row);
  if (seats.licensed === null) return counted;
  const more = Math.min(lineOf(counted, seats), freeOf(counted, seats));
  return more <= 0 ? counted : { ...counted, passedOn: (counted.passedOn ?? 0) + more };
}

/** How many stand in line after the rows so far. */
function lineOf({ people, leftLine = 0, passedOn = 0 }: Tally, { waiting = 0 }: SeatsBefore): number {
  return waiting + people.waiting - leftLine - passedOn;
}

/** How many more can be had after them; below zero where the contract is below the use. */
function freeOf({ seats, passedOn = 0 }: Tally, { free, over = 0 }: SeatsBefore): number {
  return free + over - seats - passedOn;
}

function addRow(tally: Tally, { outcome, action, moved = none }: StepRow): Tally {
  const outcomes = { ...tally.outcomes, [outcome]: tally.outcomes[outcome] + 1 };
  if (outcome !== 'changed') return { ...tally, outcomes };
  const { people } = tally;
  return {
    ...tally,
    outcomes,
    actions: action === undefined ? tally.actions : { ...tally.actions, [action]: (tally.actions[action] ?? 0) + 1 },
    seats: tally.seats + moved.seat,
    ...(moved.leavesLine === true ? { leftLine: (tally.leftLine ?? 0) + 1 } : {}),
    people: {
      in: people.in + (moved.active === 1 ? 1 : 0),
      out: people.out + (moved.active === -1 ? 1 : 0),
      waiting: people.waiting + (moved.waits ? 1 : 0),
    },
  };
}

const none: Moved = { active: 0, seat: 0, waits: false };
const givesBack: Moved = { active: -1, seat: -1, waits: false };

export interface DryRunFacts {
  readonly seats: SeatsBefore;
  readonly refusesAtLimit: boolean;
  readonly activeOwners: number;
}

/** What a row would do after the rows before it, and the tally with it. */
export function foreseeRow(
  tally: Tally,
  { step, foreseen }: RowPlan,
  facts: DryRunFacts,
): { readonly step: StepRow; readonly tally: Tally } {
  const { seats } = facts;
  const done = { ...step, done: true };
  if (foreseen === undefined) return { step: done, tally: countRow(tally, done, seats) };
  const { before, after, need } = foreseen;
  const losesOwner = before !== null && isActiveOwner(before) && !isActiveOwner(after);
  if (losesOwner && facts.activeOwners - tally.ownersLost <= 1) {
    const detail = `${before.profile.userName} is the only active owner. Make someone else owner first.`;
    const blocked = block(step, 'lastOwner', detail);
    return { step: blocked, tally: countRow(tally, blocked, seats) };
  }
  const isFull = freeOf(tally, seats) <= 0;
  if (need === 'activate' && isFull && facts.refusesAtLimit) {
    const blocked = block(step, 'noFreeSeat', 'No seat would be free.');
    return { step: blocked, tally: countRow(tally, blocked, seats) };
  }
  const waits = need === 'activate' && isFull;
  if (!waits) {
    // Nobody stands in line any more: a row above has given this person the seat.
    const served = step.moved?.leavesLine === true && lineOf(tally, seats) <= 0;
    const counted = countRow(tally, served ? { ...done, moved: givesBack } : done, seats);
    return { step: done, tally: losesOwner ? { ...counted, ownersLost: counted.ownersLost + 1 } : counted };
  }
  const warnings = [...(step.warnings ?? []), 'Would wait for a seat.'];
  const waiting: StepRow = { ...done, warnings, moved: { active: 0, seat: 0, waits: true } };
  return { step: waiting, tally: countRow(tally, waiting, seats) };
}

function block({ line, key }: StepRow, code: string, detail: string): StepRow {
  return { line, key, outcome: 'blocked', done: true, code, detail };
}

function isActiveOwner({ active, roles }: User): boolean {
  return active && roles.includes('owner');
}
