// The schedule: leaves begin and end when their time has come, late ones after a downtime in the order in which they were due. Every step reads
// the person anew and is guarded by their revision, so it does not matter how many nodes run it or whether one of them wakes up late.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { applyTransition, dueTransition, type LeaveId, type Transition } from '#directory/leave.ts';
import type { Notice } from '#directory/notice.ts';
import { displayNameOf, nextTransitionAt, type User } from '#directory/user.ts';
import { tellOnce } from '#notices/tell-once.ts';
import type { DueUser } from '#storage/user-store.ts';
import { changeUser } from './change-user.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

const piece = 200;
/** Whoever is the only owner for so long hears of it once more. */
const keepTellingMs = 90 * 86_400_000;
/** What may find no seat. */
const mayWait: ReadonlySet<Transition['kind']> = new Set(['reserved', 'returned']);

/**
 * What became of one transition; for metrics. `waiting`: no seat was free for the return, or to be reserved for it. `refused`: by a rule; tried
 * again each time, told the first time.
 */
export interface TransitionNote {
  readonly kind: Transition['kind'];
  readonly outcome: 'done' | 'waiting' | 'refused';
  /** How long after it was due. */
  readonly lagSeconds: number;
  /** Whose, and which. */
  readonly user: Pick<User, 'id' | 'organizationId' | 'profile'>;
  readonly leave: Transition['leave'];
}

/** Whose leaves were refused in the last run, and which: a refusal may stay for days and is met again every few seconds. Each process tells it once. */
const refusedLast = new WeakMap<ProvisioningContext, ReadonlyMap<string, LeaveId>>();

/**
 * Applies what is due; with `until` only what was due before that instant, and at it what gives seats back. What a rule refuses (the last owner does
 * not go on leave) is reported once while it lasts, tried again each time, and holds up nobody else. Throws `StorageError`.
 */
export async function runLeaves(
  context: ProvisioningContext,
  note: (transition: TransitionNote) => void = () => undefined,
  until = Infinity,
): Promise<void> {
  const refused = new Map<string, LeaveId>();
  for (;;) {
    const limit = piece + refused.size;
    const found = await context.storage.users.dueTransitions(Math.min(context.now(), until), limit);
    const due: DueUser[] = found.filter(({ id }) => !refused.has(id));
    if (due.length === 0) break;
    const last = found.length < limit ? Infinity : (found.at(-1)?.dueAt ?? Infinity);
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      const again = await runOne(context, next, note, until);
      // Active people come first of those at one instant: from here on seats are needed.
      if (again === 'later') return keepRefused(context, refused, until);
      if (typeof again === 'object') refused.set(next.id, again.refused);
      // What is due after the last one that was read comes with the next piece.
      else if (again !== undefined && again <= Math.min(context.now(), until, last))
        insertInOrder(due, { ...next, dueAt: again });
    }
    if (found.length < limit) break;
  }
  keepRefused(context, refused, until);
}

/** A run that does not look at all that is due knows nothing of the rest. */
function keepRefused(context: ProvisioningContext, refused: ReadonlyMap<string, LeaveId>, until: number): void {
  const before = until === Infinity ? [] : (refusedLast.get(context) ?? []);
  refusedLast.set(context, new Map([...before, ...refused]));
}

/** One transition of one person. Answers when the next one of theirs is due, or which leave a rule refused, or that it is not its turn yet. */
async function runOne(
  context: ProvisioningContext,
  { id, organizationId }: DueUser,
  note: (transition: TransitionNote) => void,
  until: number,
): Promise<number | undefined | { readonly refused: LeaveId } | 'later'> {
  const first = await context.storage.users.get(organizationId, id);
  if (first === null || first.deletedAt !== undefined) return undefined;
  const due = dueTransition(first.leaves ?? [], context.now());
  if (due === undefined || due.dueAt > until) return undefined;
  if (due.dueAt === until && !first.active) return 'later';
  let applied: Transition[] = [];
  const edit = ({ leaves = [], holds }: User) => {
    applied = [];
    let edited = { leaves, holds };
    let next = dueTransition(leaves, context.now());
    // Somebody else has done it, or changed the plan, since it was read.
    if (next?.leave.id !== due.leave.id || next.kind !== due.kind) return {};
    // Of two leaves that touch nobody is let in between: what is due at one instant is one change.
    for (; next?.dueAt === due.dueAt; next = dueTransition(edited.leaves, context.now())) {
      edited = applyTransition(edited, next, context.now());
      applied.push(next);
    }
    return edited;
  };
  const lagSeconds = Math.max(0, context.now() - due.dueAt) / 1000;
  try {
    const by = bySchedule(context, due);
    // What a system planned is obeyed as if it came today, though it takes the last owner.
    const options = { ifNoSeat: 'wait', mayTakeLastOwner: due.leave.source !== '' } as const;
    const { user, changed } = await changeUser(context, organizationId, id, edit, by, options);
    const isWaiting = user.waitingSince !== undefined;
    for (const { kind, leave } of changed ? applied : [])
      note({ kind, outcome: mayWait.has(kind) && isWaiting ? 'waiting' : 'done', lagSeconds, user, leave });
    return nextTransitionAt(user);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    // Deleted meanwhile: there is nobody left to whom it could happen.
    if (error.code === 'userNotFound') return undefined;
    if (error.code === 'lastOwner') await tellOwners(context, first, due);
    if (refusedLast.get(context)?.get(id) !== due.leave.id) {
      note({ kind: due.kind, outcome: 'refused', lagSeconds, user: first, leave: due.leave });
      context.reportTrouble(`a leave could not be carried out: ${due.leave.id}`, error);
    }
    return { refused: due.leave.id };
  }
}

/** Once for a leave, however often it is tried. */
async function tellOwners(context: ProvisioningContext, user: User, { leave }: Transition): Promise<void> {
  const values = { name: displayNameOf(user.profile), type: leave.type, date: leave.from };
  const about = { kind: 'user', id: user.id };
  const notice: Notice = { code: 'leaveNotStarted', level: 'important', values, roles: ['owner'], about };
  await tellOnce(context, user.organizationId, `leaveNotStarted/${leave.id}`, notice, context.now() + keepTellingMs);
}

function insertInOrder(due: DueUser[], user: DueUser): void {
  const place = due.findIndex(({ dueAt }) => dueAt > user.dueAt);
  due.splice(place === -1 ? due.length : place, 0, user);
}

function bySchedule(context: ProvisioningContext, { kind, leave, dueAt }: Transition): ChangeContext {
  const late = Math.floor((context.now() - dueAt) / 60_000);
  const reason = `leave.${kind} ${leave.id}${late < 1 ? '' : `, ${late} minutes late`}`;
  return { actor: { kind: 'system', name: 'leaves' }, mouth: 'schedule', reason };
}
