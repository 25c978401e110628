// The brake for mass change: how many people one connection may lock out or delete within a while, and what happens beyond it. Pure; what counts
// is kept in pieces of the window, so the record stays small, and a piece counts until all of it is past: never more than the limit in any window.

import type { ConnectionId, Instant } from './identifiers.ts';
import { isOpen } from './leave.ts';
import type { User } from './user.ts';
import type { Actor, Mouth } from './actor.ts';

export interface BrakeSetting {
  /** `warn`: owners are told. `hold`: they are told, and what is beyond the limit is refused until somebody decides. */
  readonly mode: 'warn' | 'hold';
  readonly atMost: number;
  readonly perMinutes: number;
}

export type BrakeDecision = 'release' | 'keep';

export interface BrakeState {
  readonly connection: ConnectionId;
  /** What was let through, by pieces of the window, oldest first. */
  readonly spent: readonly { readonly from: Instant; readonly count: number }[];
  /** Since when it holds. */
  readonly heldSince?: Instant;
  /** When owners were last told without a hold. */
  readonly warnedAt?: Instant;
  /** Until then nothing is counted; `left`: that many at most. */
  readonly released?: { readonly until: Instant; readonly left?: number };
  /** The last decision, of this hold or of the release after it. */
  readonly decided?: { readonly decision: BrakeDecision; readonly at: Instant; readonly by: string };
}

export interface Taken {
  readonly state: BrakeState;
  readonly granted: number;
  /** Owners are to be told. */
  readonly tells: 'brakeHolds' | 'brakeWarns' | null;
}

/** The doors of systems. People's own doors are never braked, nor are security signals or what was planned before and comes true by the schedule. */
const brakedDoors: ReadonlySet<Mouth> = new Set(['scimPost', 'scimPut', 'scimPatch', 'scimDelete', 'hrFeed']);
const pieces = 20;

/** Who changes, of a change's context. */
export interface BrakedBy {
  readonly actor: Actor;
  readonly mouth: Mouth;
  readonly brake?: BrakeSetting;
}

/** Whether the change counts: somebody loses access, is deleted, or an HR feed plans their absence or end. */
export function isBraked(before: User, after: User, { actor, mouth, brake }: BrakedBy): boolean {
  if (brake === undefined || actor.kind !== 'connection' || !brakedDoors.has(mouth)) return false;
  if (before.active && !after.active) return true;
  if (before.deletedAt === undefined && after.deletedAt !== undefined) return true;
  return before.leaves !== after.leaves && plansAbsence(before, after, actor.connection);
}

/** Otherwise a whole company could be planned out for tomorrow. Who starts later is out already. */
function plansAbsence(before: User, { leaves = [] }: User, connection: ConnectionId): boolean {
  const known = new Set(before.leaves?.map(({ id }) => id));
  return leaves.some(
    (leave) => isOpen(leave) && leave.type !== 'start' && leave.source === connection && !known.has(leave.id),
  );
}

/** How many were let through within the window. */
export function countWithin({ spent }: Pick<BrakeState, 'spent'>, setting: BrakeSetting, now: Instant): number {
  return recent(spent, setting, now).reduce((sum, { count }) => sum + count, 0);
}

/** Whether it refuses, as of now. */
export function isHolding({ heldSince }: BrakeState, { mode }: BrakeSetting): boolean {
  return mode === 'hold' && heldSince !== undefined;
}

/** Lets as many as possible of `wanted` through. The same state back: nothing to store. */
export function takePermits(state: BrakeState, setting: BrakeSetting, wanted: number, now: Instant): Taken {
  if (isHolding(state, setting)) return { state, granted: 0, tells: null };
  const { released } = state;
  if (released !== undefined && now < released.until) {
    const { until, left } = released;
    if (left === undefined) return { state, granted: wanted, tells: null };
    if (left >= wanted)
      return { state: { ...state, released: { until, left: left - wanted } }, granted: wanted, tells: null };
    const { released: _over, ...counted } = state;
    const rest = takePermits(counted, setting, wanted - left, now);
    return { ...rest, granted: rest.granted + left };
  }
  return takeCounted(state, setting, wanted, now);
}

function takeCounted(
  { released: _over, heldSince: _held, decided: _decided, ...state }: BrakeState,
  setting: BrakeSetting,
  wanted: number,
  now: Instant,
): Taken {
  const spent = recent(state.spent, setting, now);
  const free = Math.max(0, setting.atMost - countWithin({ spent }, setting, now));
  const granted = setting.mode === 'hold' ? Math.min(wanted, free) : wanted;
  const next = { ...state, spent: add(spent, setting, granted, now) };
  if (wanted <= free) return { state: next, granted, tells: null };
  if (setting.mode === 'hold') return { state: { ...next, heldSince: now }, granted, tells: 'brakeHolds' };
  const isTold = state.warnedAt !== undefined && now - state.warnedAt < windowOf(setting);
  return { state: isTold ? next : { ...next, warnedAt: now }, granted, tells: isTold ? null : 'brakeWarns' };
}

/** What was let through and did not happen after all. */
export function givePermitsBack(state: BrakeState, count: number): BrakeState {
  let left = count;
  const spent = state.spent.toReversed().map((piece) => {
    const back = Math.min(left, piece.count);
    left -= back;
    return { ...piece, count: piece.count - back };
  });
  return { ...state, spent: spent.toReversed().filter(({ count: kept }) => kept > 0) };
}

/** `release`: counting begins anew when the release is over. `keep`: it goes on refusing; without a hold there is nothing to keep. */
export function decideBrake(
  { heldSince, released: _released, ...state }: BrakeState,
  decision: { readonly decision: BrakeDecision; readonly until: Instant; readonly atMost?: number },
  now: Instant,
  by: string,
): BrakeState {
  const decided = { decision: decision.decision, at: now, by };
  if (decision.decision === 'keep') return { ...state, ...(heldSince === undefined ? {} : { heldSince }), decided };
  const left = decision.atMost === undefined ? {} : { left: decision.atMost };
  return { ...state, spent: [], released: { until: decision.until, ...left }, decided };
}

function recent(spent: BrakeState['spent'], setting: BrakeSetting, now: Instant): BrakeState['spent'] {
  return spent.filter(({ from }) => from + pieceOf(setting) > now - windowOf(setting));
}

function add(spent: BrakeState['spent'], setting: BrakeSetting, count: number, now: Instant): BrakeState['spent'] {
  if (count === 0) return spent;
  const from = Math.floor(now / pieceOf(setting)) * pieceOf(setting);
  const known = spent.find((piece) => piece.from === from);
  const others = spent.filter((piece) => piece !== known);
  return [...others, { from, count: (known?.count ?? 0) + count }].toSorted((a, b) => a.from - b.from);
}

function windowOf({ perMinutes }: BrakeSetting): number {
  return perMinutes * 60_000;
}

function pieceOf(setting: BrakeSetting): number {
  return windowOf(setting) / pieces;
}
