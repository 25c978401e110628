// Users on SQLite, what is read. Every question is answered from an index; counts are kept by triggers (sqlite-schema.ts).
// Commits are in sqlite-user-commit.ts.

import type { UserId } from '#directory/identifiers.ts';
import type { UserStatus } from '#directory/user.ts';
import type { DueUser, UserStore } from '../user-store.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';
import {
  accessColumns,
  type AccessRow,
  personWithLeavesJson,
  toAccessState,
  toPeopleWithLeaves,
  toUser,
  userColumns,
  type UserRow,
} from './sqlite-user-row.ts';

const mostFound = 1_000;
/** As the index says it (sqlite-schema.ts). */
const inQueue = "waiting_since IS NOT NULL AND status IN ('waiting', 'onLeave')";

export function createSqliteUserStore(connection: SqliteConnection, commit: UserStore['commit']): UserStore {
  type Number = { number: number };
  const get = connection.prepare<UserRow>(`SELECT ${userColumns} FROM user WHERE organization = ? AND id = ?`);
  const access = connection.prepare<AccessRow>(`SELECT ${accessColumns} FROM user WHERE organization = ? AND id = ?`);
  const known = connection.prepare<{ id: UserId }>(
    `SELECT id FROM user WHERE organization = ? AND id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL`,
  );
  const found = userColumns.replaceAll(/\w+/g, 'user.$&');
  const find = connection.prepare<UserRow>(
    `SELECT ${found} FROM user_key JOIN user ON user.row = user_key.user
     WHERE user_key.organization = ? AND kind = ? AND value = ? ORDER BY user_key.id LIMIT ${mostFound}`,
  );
  const findMany = connection.prepare<UserRow>(
    `SELECT ${found} FROM user_key JOIN user ON user.row = user_key.user
     WHERE user_key.organization = ? AND kind = ? AND value IN (SELECT value FROM json_each(?)) LIMIT ${mostFound}`,
  );
  const listByKey = connection.prepare<UserRow>(
    `SELECT ${found} FROM user_key JOIN user ON user.row = user_key.user
     WHERE user_key.organization = ? AND kind = ? AND value = ? AND user_key.id > ?
     ORDER BY user_key.id LIMIT 0 + ? OFFSET ?`,
  );
  const countByKey = connection.prepare<Number>(
    'SELECT count(*) AS number FROM user_key WHERE organization = ? AND kind = ? AND value = ?',
  );
  const list = connection.prepare<UserRow>(
    `SELECT ${userColumns} FROM user WHERE organization = ? AND deleted_at IS NULL AND id > ?
     ORDER BY id LIMIT 0 + ? OFFSET ?`,
  );
  const counts = connection.prepare<{ status: UserStatus; holder: number; number: number }>(
    'SELECT status, holder, number FROM user_count WHERE organization = ?',
  );
  const longestWaiting = connection.prepare<UserRow>(
    `SELECT ${userColumns} FROM user
     WHERE organization = ? AND ${inQueue} ORDER BY waiting_since, id LIMIT 1`,
  );
  const queue = connection.prepare<UserRow>(
    `SELECT ${userColumns} FROM user
     WHERE organization = ? AND ${inQueue} AND (waiting_since, id) > (?, ?) ORDER BY waiting_since, id LIMIT 0 + ?`,
  );
  const waitingBefore = connection.prepare<Number>(
    `SELECT count(*) AS number FROM user
     WHERE organization = ? AND ${inQueue} AND (waiting_since, id) < (?, ?)`,
  );
  const due = connection.prepare<DueUser>(
    `SELECT id, organization AS organizationId, next_transition_at AS dueAt FROM user WHERE next_transition_at <= ? ORDER BY next_transition_at, active DESC, id LIMIT 0 + ?`,
  );
  const leavesAhead = connection.prepare<{ people: string | null }>(
    `SELECT group_concat(person, ',') AS people FROM (SELECT ${personWithLeavesJson} AS person FROM user INDEXED BY user_leaves_ahead
       WHERE organization = ? AND id > ? AND next_transition_at IS NOT NULL ORDER BY id LIMIT 0 + ?)`,
  );
  const withRole = connection.prepare<Number>(
    'SELECT count(*) AS number FROM active_role WHERE organization = ? AND role = ?',
  );

  const listByRoles = connection.prepare<UserRow>(
    `SELECT ${userColumns} FROM user WHERE row IN
       (SELECT user FROM active_role WHERE organization = ? AND role IN (SELECT value FROM json_each(?)))
     AND id > ? ORDER BY id LIMIT 0 + ?`,
  );

  const countsOf = async (organizationId: string) => {
    const counted = {
      active: 0,
      inactive: 0,
      onLeave: 0,
      waiting: 0,
      starting: 0,
      deleted: 0,
      scheduled: 0,
      holders: 0,
    };
    for (const { status, holder, number } of await connection.read(() => counts.all(organizationId))) {
      counted[status] += number;
      if (holder === 1) counted.holders += number;
    }
    const { deleted: _deleted, scheduled, ...shown } = counted;
    const active = shown.active + scheduled;
    return { ...shown, active, total: active + shown.inactive + shown.onLeave + shown.waiting + shown.starting };
  };

  return {
    async get(organizationId, id) {
      const row = await connection.read(() => get.get(organizationId, id));
      return row === undefined ? null : toUser(row);
    },
    async accessState(organizationId, id) {
      const row = await connection.read(() => access.get(organizationId, id));
      return row === undefined ? null : toAccessState(row);
    },
    async known(organizationId, ids) {
      const rows = await connection.read(() => known.all(organizationId, JSON.stringify(ids)));
      return rows.map(({ id }) => id);
    },
    async findByKey(organizationId, { kind, value }) {
      return (await connection.read(() => find.all(organizationId, kind, value))).map(toUser);
    },
    countByKey: (organizationId, { kind, value }) =>
      connection.read(() => countByKey.get(organizationId, kind, value)?.number ?? 0),
    async findByKeys(organizationId, kind, values) {
      const rows = await connection.read(() => findMany.all(organizationId, kind, JSON.stringify(values)));
      // Who has several of these keys is found by each.
      return [...new Map(rows.map((row) => [row.id, toUser(row)])).values()];
    },
    async list(organizationId, { key, after, limit, offset }) {
      const place = [after ?? '', limit, offset ?? 0] as const;
      const rows = await connection.read(() =>
        key === undefined
          ? list.all(organizationId, ...place)
          : listByKey.all(organizationId, key.kind, key.value, ...place),
      );
      return rows.map(toUser);
    },
    count: async (organizationId) => (await countsOf(organizationId)).total,
    counts: countsOf,
    commit,
    async longestWaiting(organizationId) {
      const row = await connection.read(() => longestWaiting.get(organizationId));
      return row === undefined ? null : toUser(row);
    },
    async queue(organizationId, { after, limit }) {
      const place = [after?.waitingSince ?? Number.MIN_SAFE_INTEGER, after?.id ?? ''] as const;
      return (await connection.read(() => queue.all(organizationId, ...place, limit))).map(toUser);
    },
    waitingBefore(organizationId, { id, waitingSince }) {
      const since = waitingSince ?? Number.MAX_SAFE_INTEGER;
      return connection.read(() => waitingBefore.get(organizationId, since, id)?.number ?? 0);
    },
    dueTransitions: (now, limit) => connection.read(() => due.all(now, limit)),
    async leavesAhead(organizationId, { after, limit }) {
      const row = await connection.read(() => leavesAhead.get(organizationId, after ?? '', limit));
      return toPeopleWithLeaves(`[${row?.people ?? ''}]`);
    },
    countActiveWithRole: (organizationId, role) =>
      connection.read(() => withRole.get(organizationId, role)?.number ?? 0),
    async activeWithRoles(organizationId, roles, { after, limit }) {
      const place = [JSON.stringify(roles), after ?? '', limit] as const;
      return (await connection.read(() => listByRoles.all(organizationId, ...place))).map(toUser);
    },
  };
}
