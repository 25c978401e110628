// Whether the run would refuse a row's new login name. Pure; only a dry run asks, which commits nothing.

import { foldCase } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { FileRow, StepRow } from './import-records.ts';

/** Whether a new name is another’s once the rows above are carried out, for a dry run; a commit sees it by itself. */
export function isNameTaken(people: ReadonlyMap<string, User>, row: FileRow, user: User | null, after: User): boolean {
  const name = foldCase(after.profile.userName);
  if (user !== null && name === foldCase(user.profile.userName)) return false;
  const holder = people.get(name);
  return row.nameIs === 'taken' || (row.nameIs !== 'free' && holder !== undefined && holder.id !== user?.id);
}

/** The row as the run would refuse it. */
export function nameTaken({ line, key }: StepRow, { profile }: User): StepRow {
  const detail = `The userName "${profile.userName}" belongs to another user.`;
  return { line, key, outcome: 'error', done: true, code: 'userNameTaken', detail };
}
