// Counts what rows did, and in a dry run decides what only the rows before them can say: whether an owner is left, and whether a seat is free.

import type { User } from '#directory/user.ts';
import type { ImportJob, Moved, StepRow, Tally } from './import-records.ts';
import type { RowPlan } from './row-plan.ts';

/** One more row. */
export function countRow(tally: Tally, { outcome, action, moved = none }: StepRow): Tally {
  const outcomes = { ...tally.outcomes, [outcome]: tally.outcomes[outcome] + 1 };
  if (outcome !== 'changed') return { ...tally, outcomes };
  const { people } = tally;
  return {
    ...tally,
    outcomes,
    actions: action === undefined ? tally.actions : { ...tally.actions, [action]: (tally.actions[action] ?? 0) + 1 },
    seats: tally.seats + moved.seat,
    people: {
      in: people.in + (moved.active === 1 ? 1 : 0),
      out: people.out + (moved.active === -1 ? 1 : 0),
      waiting: people.waiting + (moved.waits ? 1 : 0),
    },
  };
}

const none: Moved = { active: 0, seat: 0, waits: false };

export interface DryRunFacts {
  readonly seatsBefore: NonNullable<ImportJob['seatsBefore']>;
  readonly over: number;
  readonly refusesAtLimit: boolean;
  readonly activeOwners: number;
}

/** What a row would do after the rows before it, and the tally with it. */
export function foreseeRow(
  tally: Tally,
  { step, foreseen }: RowPlan,
  facts: DryRunFacts,
): { readonly step: StepRow; readonly tally: Tally } {
  const done = { ...step, done: true };
  if (foreseen === undefined) return { step: done, tally: countRow(tally, done) };
  const { before, after, need } = foreseen;
  const losesOwner = before !== null && isActiveOwner(before) && !isActiveOwner(after);
  if (losesOwner && facts.activeOwners - tally.ownersLost <= 1) {
    const detail = `${before.profile.userName} is the only active owner. Make someone else owner first.`;
    const blocked = block(step, 'lastOwner', detail);
    return { step: blocked, tally: countRow(tally, blocked) };
  }
  const isFull = facts.seatsBefore.licensed !== null && facts.seatsBefore.free + facts.over - tally.seats <= 0;
  if (need === 'activate' && isFull && facts.refusesAtLimit) {
    const blocked = block(step, 'noFreeSeat', 'No seat would be free.');
    return { step: blocked, tally: countRow(tally, blocked) };
  }
  const waits = need === 'activate' && isFull;
  if (!waits) {
    const counted = countRow(tally, done);
    return { step: done, tally: losesOwner ? { ...counted, ownersLost: counted.ownersLost + 1 } : counted };
  }
  const warnings = [...(step.warnings ?? []), 'Would wait for a seat.'];
  const waiting: StepRow = { ...done, warnings, moved: { active: 0, seat: 0, waits: true } };
  return { step: waiting, tally: countRow(tally, waiting) };
}

function block({ line, key }: StepRow, code: string, detail: string): StepRow {
  return { line, key, outcome: 'blocked', done: true, code, detail };
}

function isActiveOwner({ active, roles }: User): boolean {
  return active && roles.includes('owner');
}
