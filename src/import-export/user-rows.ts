// Rows of the users' file: who is meant, and what the row makes of them. Status is an administrator's word: Inactive places an `admin` hold on whoever
// is active, Active lifts what an administrator may lift, and whoever is so already is left alone.

import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { placeHold } from '#directory/hold.ts';
import { endLeave, runningLeave } from '#directory/leave.ts';
import { liftByAdministrator, type UserEdit } from '#directory/user-change.ts';
import type { User, UserProfile } from '#directory/user.ts';
import { readStatus, readYes } from './cell-words.ts';
import { isMeantActive, type Cells, type RunScope } from './row-plan.ts';
import { writeCells } from './user-cells.ts';

const longestLogin = 200;

export interface UserRowMeaning {
  readonly edit: UserEdit;
  readonly warnings: readonly string[];
  /** Of somebody new. */
  readonly creates?: { readonly profile: UserProfile; readonly active: boolean };
}

/** Throws `DirectoryError`: `userNotFound`, `invalidValue`. */
export function readUserRow(scope: RunScope, cellOf: Cells, user: User | null, now: number): UserRowMeaning {
  const login = cellOf('login') ?? '';
  const removes = readYes(cellOf('delete') ?? '');
  const status = readStatus(cellOf('status') ?? '');
  if (user === null) return readNewUser(cellOf, login, removes, status);
  if (removes) return { edit: { deletedAt: now }, warnings: [] };
  const renamed = newLoginOf(cellOf, login);
  // The login name keeps its letter case unless a new one is given.
  const profile = writeCells(renamed === undefined ? user.profile : { ...user.profile, userName: renamed }, cellOf);
  const { edit, warnings } = changeStatus(scope, user, status, now);
  return { edit: { ...edit, ...(profile === user.profile ? {} : { profile }) }, warnings };
}

function readNewUser(
  cellOf: Cells,
  login: string,
  removes: boolean,
  status: 'active' | 'inactive' | undefined,
): UserRowMeaning {
  const displayName = cellOf('displayName') ?? '';
  if (removes || displayName === '')
    throw new DirectoryError(
      'userNotFound',
      removes ? 'Nobody has this login name.' : 'Nobody has this login name; a new person needs a display name.',
    );
  const userName = newLoginOf(cellOf, login) ?? login;
  assertLogin(userName);
  const profile = writeCells({ userName }, cellOf);
  return { edit: {}, warnings: [], creates: { profile, active: status !== 'inactive' } };
}

function newLoginOf(cellOf: Cells, login: string): string | undefined {
  const renamed = cellOf('newLogin') ?? '';
  if (renamed === '' || renamed === login) return undefined;
  assertLogin(renamed);
  return renamed;
}

function assertLogin(name: string): void {
  if (name.trim() !== name || name.length > longestLogin)
    throw new DirectoryError(
      'invalidValue',
      `A login name has at most ${longestLogin} characters and no space around it.`,
      { field: 'login' },
    );
}

function changeStatus(
  { by, organization }: RunScope,
  user: User,
  status: 'active' | 'inactive' | undefined,
  now: number,
): UserRowMeaning {
  const isActive = isMeantActive(user);
  if (status === undefined || isActive === (status === 'active')) return { edit: {}, warnings: [] };
  if (status === 'inactive') {
    const hold = { kind: 'admin', source: '', since: now, by: describeActor(by.actor), reason: 'csv.import' } as const;
    return { edit: { holds: placeHold(user.holds, hold) }, warnings: [] };
  }
  const warnings: string[] = [];
  let { holds, leaves } = user;
  const running = runningLeave(leaves ?? []);
  if (running !== undefined) {
    ({ holds, leaves } = endLeave({ leaves: leaves ?? [], holds }, running, now));
    const back = running.until === undefined ? '' : `, planned until ${running.until}`;
    warnings.push(`Ends the leave from ${running.from}${back}.`);
  }
  holds = liftByAdministrator(holds);
  if (holds.some(({ kind }) => kind === 'security'))
    warnings.push(`Stays held for security; an administrator of ${organization.name} lifts that by hand.`);
  return { edit: { holds, ...(leaves === undefined ? {} : { leaves }) }, warnings };
}
