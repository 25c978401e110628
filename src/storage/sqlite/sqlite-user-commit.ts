// The commit on SQLite: user, seat and effects in one transaction, checked first and written after (model.md, "The commit").
// No intents: what is not committed never happened.

import type { DepartmentId, UserId } from '#directory/identifiers.ts';
import { hasFreeSeat, type SeatLedger } from '#directory/seat.ts';
import { usedUpBudget, type Charge } from '#directory/seat-budget.ts';
import { keysOf, type SeatState, type User, type UserKeyKind } from '#directory/user.ts';
import type { CommitOutcome, UserCommit } from '../user-store.ts';
import { type AddEffects, effectSource } from './sqlite-effect-outbox.ts';
import type { SqliteLedger } from './sqlite-seat-ledger-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';
import { toWrittenValues, userNameKeyOf, writtenColumns } from './sqlite-user-row.ts';

/** Raised with every change of what `keysOf` answers for the same user: those written before are looked through at their next change. */
const keyScheme = 1;

/** What is decided by: as stored, or as it must be stored at the revision expected. */
interface Current {
  /** Left out: not looked up. */
  readonly row?: number;
  readonly revision: number;
  readonly seat: SeatState;
  readonly charge: DepartmentId | null;
  readonly user_name_key: string | null;
}

export function createSqliteUserCommit(
  connection: SqliteConnection,
  ledgers: SqliteLedger,
  addEffects: AddEffects,
): (commit: UserCommit) => Promise<CommitOutcome> {
  const current = connection.prepare<Current & { readonly row: number }>(
    'SELECT row, revision, seat, charge, user_name_key FROM user WHERE organization = ? AND id = ?',
  );
  const nameHolder = connection.prepare<{ id: UserId }>(
    'SELECT id FROM user WHERE organization = ? AND user_name_key = ?',
  );
  const insert = connection.prepare<{ row: number }>(
    `INSERT INTO user (${writtenColumns.join(', ')}, user_name_key, deleted_at, organization, id, key_scheme)
     VALUES (${writtenColumns.map(() => '?').join(', ')}, ?, ?, ?, ?, ${keyScheme}) RETURNING row`,
  );
  const setAll = writtenColumns.map((column) => `${column} = ?`).join(', ');
  const update = connection.prepare(
    `UPDATE user SET ${setAll}, key_scheme = ${keyScheme} WHERE organization = ? AND id = ? AND revision = ?`,
  );
  /** For whom the side tables are right as they are. */
  const updateAlone = connection.prepare(
    `UPDATE user SET ${setAll} WHERE organization = ? AND id = ? AND revision = ? AND key_scheme = ${keyScheme}`,
  );
  // A statement of its own: one that names a column rewrites its indexes, pages somewhere in the file, also where the value stays the same. Whoever
  // is deleted has no key, so the two change together.
  const rename = connection.prepare('UPDATE user SET user_name_key = ?, deleted_at = ? WHERE row = ?');
  const writeKeys = createKeyWriter(connection);

  const isNameTaken = ({ organizationId }: User, key: string | null): boolean =>
    key !== null && nameHolder.get(organizationId, key) !== undefined;

  /** Null: by what was read before it is refused, or it is not what is stored any more. */
  function attempt(commit: UserCommit, stored: Current | undefined, isRead: boolean): CommitOutcome | null {
    const { organizationId, id } = commit.user;
    const nameKey = userNameKeyOf(commit.user);
    const nameBefore = stored?.user_name_key ?? null;
    if (nameKey !== nameBefore && isNameTaken(commit.user, nameKey)) return isRead ? { kind: 'userNameTaken' } : null;
    const seatBefore = stored?.seat ?? 'none';
    const seat = seatAfter(seatBefore, commit.seat);
    const moved = Number(seat === 'held') - Number(seatBefore === 'held');
    const isCharged = moved > 0 || (seat === 'held' && commit.seat === 'keep' && commit.charge !== undefined);
    const refusal = isCharged ? refuse(ledgers.read(organizationId), commit.charge, moved > 0) : null;
    if (refusal !== null) return isRead ? refusal : null;

    const chargeBefore = stored?.charge ?? null;
    const charge = isCharged ? (commit.charge?.to ?? null) : moved < 0 ? null : chargeBefore;
    const { charge: _charge, ...rest } = commit.user;
    const charged = charge === null ? rest : { ...rest, charge };
    const user: User = { ...charged, seat, revision: (stored?.revision ?? 0) + 1 };
    const values = toWrittenValues(user);
    const deletedAt = commit.user.deletedAt ?? null;
    const isAlone = !isRead && isFoundTheSame(commit.before, user);
    let row = stored?.row;
    if (stored === undefined) row = insert.get(...values, nameKey, deletedAt, organizationId, id)?.row;
    // The guard: whoever wrote meanwhile has raised the revision, and nothing has been written yet.
    else if ((isAlone ? updateAlone : update).run(...values, organizationId, id, stored.revision) === 0) return null;
    if (moved !== 0) ledgers.move(organizationId, moved);
    if (charge !== chargeBefore) ledgers.charge(organizationId, chargeBefore, charge);
    if (!isAlone) {
      row ??= current.get(organizationId, id)?.row;
      if (row === undefined) throw new Error(`user ${id} was not written`);
      if (stored !== undefined && nameKey !== nameBefore) rename.run(nameKey, deletedAt, row);
      writeKeys(row, user);
    }
    addEffects(effectSource.user(organizationId, id), organizationId, commit.effects);
    return moved < 0 || (chargeBefore !== null && charge !== chargeBefore)
      ? { kind: 'committed', user, freedSeat: true }
      : { kind: 'committed', user };
  }

  return (commit) =>
    connection.write((): CommitOutcome => {
      const { user, before, expectedRevision } = commit;
      const quick = before?.revision === expectedRevision ? attempt(commit, toCurrent(before), false) : null;
      if (quick !== null) return quick;
      const stored = current.get(user.organizationId, user.id);
      if ((stored?.revision ?? null) !== expectedRevision) return { kind: 'conflict' };
      return attempt(commit, stored, true) ?? { kind: 'conflict' };
    });
}

function toCurrent(user: User): Current {
  const { revision, seat, charge = null } = user;
  return { revision, seat, charge, user_name_key: userNameKeyOf(user) };
}

/** Whether the side tables are right for `after` as they are. */
function isFoundTheSame(before: User | undefined, after: User): boolean {
  if (before === undefined || before.deletedAt !== after.deletedAt) return false;
  const [wanted, there] = [namesOf(after), namesOf(before)];
  return wanted.length === there.length && wanted.every((name, place) => name === there[place]);
}

const namesOf = (user: User): readonly string[] => [
  ...keysOf(user).map(nameOf),
  ...(user.active ? user.roles.map((role) => `role ${role}`) : []),
];

const nameOf = (key: { readonly kind: string; readonly value: string }): string => `${key.kind}=${key.value}`;

/** Why a seat cannot be taken or charged so; a seat that is held already is charged to any budget, used up or not. */
function refuse(ledger: SeatLedger | null, charge: Charge | undefined, takes: boolean): CommitOutcome | null {
  if (ledger?.budgets?.basis !== charge?.basis) return { kind: 'staleCharge' };
  if (!takes) return null;
  if (ledger === null || !hasFreeSeat(ledger)) return { kind: 'noSeat' };
  const budget = usedUpBudget(ledger.budgets, charge?.to ?? null);
  return budget === null ? null : { kind: 'noSeat', budget };
}

function seatAfter(before: SeatState, movement: UserCommit['seat']): SeatState {
  if (movement === 'take') return 'held';
  return movement === 'giveBack' ? 'none' : before;
}

/** Keeps the side tables with the user: keys while undeleted, roles while active. Rows that are right already are left alone. */
function createKeyWriter(connection: SqliteConnection): (row: number, user: User) => void {
  const keys = connection.prepare<{ kind: UserKeyKind; value: string }>(
    'SELECT kind, value FROM user_key WHERE user = ?',
  );
  const dropKey = connection.prepare(
    'DELETE FROM user_key WHERE organization = ? AND kind = ? AND value = ? AND id = ?',
  );
  const addKey = connection.prepare(
    'INSERT INTO user_key (organization, kind, value, id, user) VALUES (?, ?, ?, ?, ?)',
  );
  const roles = connection.prepare<{ role: string }>('SELECT role FROM active_role WHERE user = ?');
  const dropRole = connection.prepare('DELETE FROM active_role WHERE organization = ? AND role = ? AND user = ?');
  const addRole = connection.prepare('INSERT INTO active_role (organization, role, user) VALUES (?, ?, ?)');

  return (row, user) => {
    const { organizationId, id } = user;
    const wanted = new Map(user.deletedAt === undefined ? keysOf(user).map((key) => [nameOf(key), key] as const) : []);
    for (const key of keys.all(row)) {
      if (!wanted.delete(nameOf(key))) dropKey.run(organizationId, key.kind, key.value, id);
    }
    for (const { kind, value } of wanted.values()) addKey.run(organizationId, kind, value, id, row);

    const wantedRoles = new Set<string>(user.active && user.deletedAt === undefined ? user.roles : []);
    for (const { role } of roles.all(row)) if (!wantedRoles.delete(role)) dropRole.run(organizationId, role, row);
    for (const role of wantedRoles) addRole.run(organizationId, role, row);
  };
}
