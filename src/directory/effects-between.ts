// From before and after to the effects that must follow: the audit entry, and the end of sessions when the epoch rose. Pure.

import { describeActor, type Actor, type Mouth } from './actor.ts';
import type { BrakeSetting } from './brake.ts';
import type { AuditEvent, EffectBody } from './effect.ts';
import { seatStepOf } from './seat-history.ts';
import { leaveStepsBetween } from './leave-steps.ts';
import { noticesBetween } from './notices-between.ts';
import { isSame } from './same-value.ts';
import { statusOf, type User } from './user.ts';

/** Who changes, through which mouth, and what the request was called. */
export interface ChangeContext {
  readonly actor: Actor;
  readonly mouth: Mouth;
  readonly requestId?: string;
  readonly reason?: string;
  /** Of the connection that changes, where it has one: asked before somebody loses access. */
  readonly brake?: BrakeSetting;
  /** Id of the change that this one takes back. */
  readonly undoes?: string;
  /** The import that this change is a part of. */
  readonly job?: string;
}

/**
 * The effects of one committed change. `before` null: the user is new; `movement` is what the commit asks of the seats. Nothing differs: no
 * effects.
 */
export function effectsBetween(
  before: User | null,
  after: User,
  context: ChangeContext,
  change: string,
  movement: 'keep' | 'take' | 'giveBack' = 'keep',
): readonly EffectBody[] {
  const difference = differenceBetween(before, after);
  const endsSessions = before !== null && (before.epoch !== after.epoch || (before.active && !after.active));
  const step = seatStepOf(before, after, movement);
  if (difference === null && !endsSessions && step === null) return [];
  const action = difference === null ? 'user.sessionsEnded' : actionOf(before, after);
  const event: AuditEvent = {
    action,
    level: difference === null || isImportant(action, difference) ? 'important' : 'information',
    actor: describeActor(context.actor),
    mouth: context.mouth,
    target: { kind: 'user', id: after.id, name: after.profile.userName },
    ...difference,
    ...leaveStepsBetween(before, after, context.mouth),
    ...(context.reason === undefined ? {} : { reason: context.reason }),
    ...(context.requestId === undefined ? {} : { requestId: context.requestId }),
    change,
    ...(context.undoes === undefined ? {} : { undoes: context.undoes }),
    ...(context.job === undefined ? {} : { job: context.job }),
  };
  const effects: EffectBody[] = difference === null && !endsSessions ? [] : [{ kind: 'audit', event }];
  if (step !== null) {
    const cause = context.reason === undefined ? action : `${action}: ${context.reason}`;
    const { id: userId, profile } = after;
    const { actor: by } = event;
    const since = step === 'given' || before?.seatUsedUntil === undefined ? {} : { lastUsed: before.seatUsedUntil };
    effects.push({ kind: 'seat', change: { kind: step, userId, userName: profile.userName, cause, by, ...since } });
  }
  if (endsSessions) {
    effects.push({ kind: 'endSessions', userId: after.id, epoch: after.epoch, cause: action });
  }
  effects.push(...noticesBetween(before, after));
  return effects;
}

function actionOf(before: User | null, after: User): string {
  if (before === null) return after.active ? 'user.created' : `user.created.${statusOf(after)}`;
  if (after.deletedAt !== undefined && before.deletedAt === undefined) return 'user.deleted';
  if (before.active && !after.active) return 'user.deactivated';
  if (!before.active && after.active) return 'user.reactivated';
  if (
    before.waitingSince !== undefined &&
    after.waitingSince !== undefined &&
    before.waitingSince !== after.waitingSince
  )
    return 'user.movedInQueue';
  if (statusOf(before) !== statusOf(after)) return `user.${statusOf(after)}`;
  return 'user.updated';
}

/** Everything but a profile that was kept up to date. */
function isImportant(action: string, { after }: { readonly after: Comparable }): boolean {
  return action !== 'user.updated' || 'holds' in after || 'roles' in after || 'leaves' in after;
}

export type Comparable = Readonly<Record<string, unknown>>;

/** The parts of both sides that differ, or null when none does: attributes one by one, holds, roles, status. */
export function differenceBetween(before: User | null, after: User): { before?: Comparable; after: Comparable } | null {
  const difference = differingAttributes(before === null ? {} : comparable(before), comparable(after));
  return before === null && difference !== null ? { after: difference.after } : difference;
}

function comparable(user: User): Comparable {
  const { profile, holds, roles, leaves = [], waitingSince } = user;
  const place = waitingSince === undefined ? {} : { waitingSince };
  return { ...profile, status: statusOf(user), holds, roles, ...place, ...(leaves.length === 0 ? {} : { leaves }) };
}

/** The attributes that differ, as they were and as they are; null when none does. */
export function differingAttributes(
  left: Comparable,
  right: Comparable,
): { readonly before: Comparable; readonly after: Comparable } | null {
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(left), ...Object.keys(right)])) {
    if (isSame(left[name], right[name])) continue;
    if (left[name] !== undefined) before[name] = left[name];
    if (right[name] !== undefined) after[name] = right[name];
  }
  return Object.keys(before).length + Object.keys(after).length === 0 ? null : { before, after };
}
