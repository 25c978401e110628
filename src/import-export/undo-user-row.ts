// Takes back what a row did to a person.

import type { ChangeContext } from '#directory/effects-between.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Organization } from '#directory/organization.ts';
import { isSame } from '#directory/same-value.ts';
import { undoStatusChange } from '#directory/undo-change.ts';
import type { UserEdit } from '#directory/user-change.ts';
import type { ImportMark, User, UserProfile } from '#directory/user.ts';
import type { ImportContext } from './import-context.ts';
import type { RowTrace, StepRow, UndoOutcome } from './import-records.ts';
import { hasMark } from './plan-people.ts';

type UserTrace = Extract<RowTrace, { kind: 'user' }>;
export interface Undone {
  readonly outcome: UndoOutcome;
  readonly detail?: string;
}

type Parts = Readonly<Record<string, unknown>>;

/** Throws `DirectoryError`: `userNotFound`, `lastOwner`, `userNameTaken`. */
export async function undoUserRow(
  context: ImportContext,
  { id: organizationId }: Organization,
  importId: string,
  row: StepRow,
  trace: UserTrace,
  by: ChangeContext,
): Promise<Undone> {
  if (trace.removes === true) return { outcome: 'blocked', detail: 'Deleted people are not brought back by an undo.' };
  const id = trace.user ?? trace.made;
  const user = id === undefined ? null : await context.storage.users.get(organizationId, id);
  // The mark of the way back: a step that is taken again after a crash sees that it was here.
  const mark = { import: importId, line: -row.line };
  if (user !== null && hasMark(user, mark)) return { outcome: 'restored' };
  if (user === null || user.deletedAt !== undefined)
    throw new DirectoryError('userNotFound', 'The person is not there any more.');
  if (trace.user === undefined) return undoCreation(context, user, trace, mark, by);
  let missed: readonly string[] = [];
  let restores = false;
  await context.provisioning.changeUser(
    organizationId,
    user.id,
    (present) => {
      const undone = takeBack(present, trace, context.now());
      missed = undone.missed;
      restores =
        !isSame(undone.edit.profile, present.profile) ||
        !isSame(undone.edit.holds, present.holds) ||
        hasOther(undone.edit, present);
      return restores ? { ...undone.edit, importMark: mark } : {};
    },
    by,
    { ifNoSeat: 'wait' },
  );
  if (missed.length === 0) return { outcome: 'restored' };
  const detail = `Changed since and left as it is: ${missed.join(', ')}.`;
  return { outcome: restores ? 'partly' : 'changedSince', detail };
}

function hasOther({ leaves }: UserEdit, present: User): boolean {
  return !isSame(leaves ?? [], present.leaves ?? []);
}

/** Whoever the import made goes again, if nobody has done anything with them since. */
async function undoCreation(
  context: ImportContext,
  user: User,
  trace: UserTrace,
  importMark: ImportMark,
  by: ChangeContext,
): Promise<Undone> {
  const isUntouched = (present: User): boolean =>
    isSame(present.profile, trace.difference.after) &&
    isSame(
      present.holds.filter(({ kind }) => kind !== 'seat'),
      trace.status.placed,
    ) &&
    present.roles.length === 0 &&
    (present.leaves ?? []).length === 0;
  const changed = { outcome: 'changedSince', detail: 'The person was changed since and stays.' } as const;
  if (!isUntouched(user)) return changed;
  const refuse = new DirectoryError('revisionMismatch', changed.detail);
  try {
    await context.provisioning.removeUser(user.organizationId, user.id, by, {
      importMark,
      precondition: (present) => {
        if (!isUntouched(present)) throw refuse;
      },
    });
  } catch (error) {
    if (error === refuse) return changed;
    throw error;
  }
  return { outcome: 'restored' };
}

/** What the person is without the row, and the parts that somebody has changed since. Pure. */
function takeBack(
  present: User,
  { status, difference }: UserTrace,
  now: number,
): { readonly edit: UserEdit; readonly missed: readonly string[] } {
  const missed: string[] = [];
  const profile: Record<string, unknown> = { ...present.profile };
  const [before, after] = [difference.before ?? {}, difference.after ?? {}] as [Parts, Parts];
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (isSame(profile[name], before[name])) continue;
    if (!isSame(profile[name], after[name])) missed.push(name);
    else if (before[name] === undefined) delete profile[name];
    else profile[name] = before[name];
  }
  const isThere = (hold: (typeof status.placed)[number]): boolean => present.holds.some((own) => isSame(own, hold));
  if (status.placed.some((hold) => !isThere(hold))) missed.push('status');
  for (const { after: leave } of status.leaves)
    if (!(present.leaves ?? []).some((own) => own.id === leave.id && isSame(own, leave))) missed.push('leave');
  const { holds, leaves } = undoStatusChange(present, status, now);
  return {
    edit: {
      holds,
      profile: profile as UserProfile,
      ...(present.leaves === undefined ? {} : { leaves }),
    },
    missed: [...new Set(missed)],
  };
}
