// Groups and their members on SQLite: a change of both is one transaction, so nothing is ever under way and there is nothing to settle.
// Members whose user or group is deleted keep their row, and are shown again when that is restored.

import { groupKeysOf, type Group, type GroupKey, type GroupMember } from '#directory/group.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import type { GroupCommit, GroupStore } from '../group-store.ts';
import { type AddEffects, effectSource } from './sqlite-effect-outbox.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

const mostFound = 1_000;

interface Row {
  readonly organization: OrganizationId;
  readonly id: GroupId;
  readonly revision: number;
  readonly deleted_at: number | null;
  readonly body: string;
}

type MemberRow = { readonly member: string; readonly kind: GroupMember['kind'] };

export function createSqliteGroupStore(connection: SqliteConnection, addEffects: AddEffects): GroupStore {
  const columns = 'g.organization, g.id, g.revision, g.deleted_at, g.body';
  const get = connection.prepare<Row>(
    `SELECT ${columns} FROM directory_group g WHERE organization = ? AND id = ? AND deleted_at IS NULL`,
  );
  const getMany = connection.prepare<Row>(
    `SELECT ${columns} FROM directory_group g
     WHERE organization = ? AND id IN (SELECT value FROM json_each(?)) AND deleted_at IS NULL`,
  );
  const find = connection.prepare<Row>(
    `SELECT ${columns} FROM group_key k JOIN directory_group g ON g.organization = k.organization AND g.id = k.id
     WHERE k.organization = ? AND k.kind = ? AND k.value = ? ORDER BY k.id LIMIT ${mostFound}`,
  );
  const list = connection.prepare<Row>(
    `SELECT ${columns} FROM directory_group g WHERE organization = ? AND deleted_at IS NULL AND id > ?
     ORDER BY id LIMIT 0 + ? OFFSET ?`,
  );
  const count = connection.prepare<{ number: number }>(
    'SELECT count(*) AS number FROM directory_group WHERE organization = ? AND deleted_at IS NULL',
  );
  const all = connection.prepare<MemberRow>(
    'SELECT member, kind FROM group_member WHERE organization = ? AND group_id = ? AND member > ? ORDER BY member LIMIT 0 + ?',
  );
  const undeleted = connection.prepare<MemberRow>(
    `SELECT member, kind FROM group_member m WHERE organization = ? AND group_id = ? AND member > ? AND iif(kind = 'user',
       EXISTS (SELECT 1 FROM user u WHERE u.organization = m.organization AND u.id = m.member AND u.deleted_at IS NULL),
       EXISTS (SELECT 1 FROM directory_group g WHERE g.organization = m.organization AND g.id = m.member AND g.deleted_at IS NULL))
     ORDER BY member LIMIT 0 + ?`,
  );
  const among = connection.prepare<{ member: string }>(
    'SELECT member FROM group_member WHERE organization = ? AND group_id = ? AND member IN (SELECT value FROM json_each(?))',
  );
  const groupsOf = connection.prepare<{ member: string; group_id: GroupId }>(
    'SELECT member, group_id FROM group_member WHERE organization = ? AND member IN (SELECT value FROM json_each(?))',
  );
  const groupsOfOne = connection.prepare<{ group_id: GroupId }>(
    'SELECT group_id FROM group_member WHERE organization = ? AND member = ?',
  );
  const commit = createCommit(connection, addEffects);

  return {
    async get(organizationId, id) {
      const row = await connection.read(() => get.get(organizationId, id));
      return row === undefined ? null : toGroup(row);
    },
    async getMany(organizationId, ids) {
      return (await connection.read(() => getMany.all(organizationId, JSON.stringify(ids)))).map(toGroup);
    },
    async findByKey(organizationId, { kind, value }) {
      return (await connection.read(() => find.all(organizationId, kind, value))).map(toGroup);
    },
    async list(organizationId, { after, offset, limit }) {
      const rows = await connection.read(() => list.all(organizationId, after ?? '', limit, offset ?? 0));
      return rows.map(toGroup);
    },
    count: (organizationId) => connection.read(() => count.get(organizationId)?.number ?? 0),
    commit,
    async members(organizationId, id, { after, limit, withDeleted = false }) {
      const statement = withDeleted ? all : undeleted;
      const rows = await connection.read(() => statement.all(organizationId, id, after ?? '', limit));
      return rows.map(({ member, kind }) => ({ kind, id: member }));
    },
    membersOf: (organizationId, ids, limit) =>
      connection.read(() => {
        const found = new Map<GroupId, readonly GroupMember[]>();
        let left = limit;
        for (const id of ids.toSorted()) {
          const rows = undeleted.all(organizationId, id, '', left + 1);
          if (rows.length > left) break;
          left -= rows.length;
          found.set(
            id,
            rows.map(({ member, kind }) => ({ kind, id: member })),
          );
        }
        return found;
      }),
    async membersAmong(organizationId, id, ids) {
      const rows = await connection.read(() => among.all(organizationId, id, JSON.stringify(ids)));
      return rows.map(({ member }) => member);
    },
    async groupsOf(organizationId, memberIds) {
      // A deleted group has no members any more.
      const [only] = memberIds;
      if (memberIds.length === 1 && only !== undefined) {
        const its = await connection.read(() => groupsOfOne.all(organizationId, only));
        return new Map(its.length === 0 ? [] : [[only, its.map(({ group_id: id }) => id)]]);
      }
      const rows = await connection.read(() => groupsOf.all(organizationId, JSON.stringify(memberIds)));
      const found = new Map<string, GroupId[]>();
      for (const { member, group_id: id } of rows) found.set(member, [...(found.get(member) ?? []), id]);
      return found;
    },
    settle: () => Promise.resolve(),
  };
}

function createCommit(connection: SqliteConnection, addEffects: AddEffects): GroupStore['commit'] {
  const current = connection.prepare<{ revision: number; deleted_at: number | null }>(
    'SELECT revision, deleted_at FROM directory_group WHERE organization = ? AND id = ?',
  );
  const write = connection.prepare(
    `INSERT INTO directory_group (organization, id, revision, deleted_at, body) VALUES (?1, ?2, ?3, ?4, ?5)
     ON CONFLICT (organization, id) DO UPDATE SET revision = ?3, deleted_at = ?4, body = ?5`,
  );
  const keys = connection.prepare<GroupKey>('SELECT kind, value FROM group_key WHERE organization = ? AND id = ?');
  const dropKey = connection.prepare(
    'DELETE FROM group_key WHERE organization = ? AND kind = ? AND value = ? AND id = ?',
  );
  const addKey = connection.prepare('INSERT INTO group_key (organization, kind, value, id) VALUES (?, ?, ?, ?)');
  // One statement for all of them: ten thousand by one statement each would hold the event loop twice as long.
  const add = connection.prepare(
    `INSERT INTO group_member (organization, group_id, member, kind)
     SELECT ?, ?, value ->> 'id', value ->> 'kind' FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`,
  );
  const remove = connection.prepare(
    `DELETE FROM group_member
     WHERE organization = ? AND group_id = ? AND member IN (SELECT value FROM json_each(?))`,
  );
  const removeAll = connection.prepare('DELETE FROM group_member WHERE organization = ? AND group_id = ?');

  const writeKeys = ({ organizationId, id, profile, deletedAt }: Group): void => {
    const nameOf = ({ kind, value }: GroupKey): string => `${kind}=${value}`;
    const wanted = new Map(deletedAt === undefined ? groupKeysOf(profile).map((key) => [nameOf(key), key]) : []);
    for (const key of keys.all(organizationId, id)) {
      if (!wanted.delete(nameOf(key))) dropKey.run(organizationId, key.kind, key.value, id);
    }
    for (const { kind, value } of wanted.values()) addKey.run(organizationId, kind, value, id);
  };

  return ({ group, expectedRevision, add: come, remove: go, effects }: GroupCommit) =>
    connection.write(() => {
      const { organizationId, id } = group;
      const stored = current.get(organizationId, id);
      if ((stored?.revision ?? null) !== expectedRevision || (stored?.deleted_at ?? null) !== null) return 'conflict';
      const { organizationId: _organization, id: _id, revision, deletedAt, ...body } = group;
      write.run(organizationId, id, revision, deletedAt ?? null, JSON.stringify(body));
      writeKeys(group);
      if (deletedAt !== undefined) removeAll.run(organizationId, id);
      else {
        if (go.length > 0) remove.run(organizationId, id, JSON.stringify(go));
        if (come.length > 0) add.run(organizationId, id, JSON.stringify(come));
      }
      addEffects(effectSource.group(organizationId, id), organizationId, effects);
      return 'committed';
    });
}

function toGroup(row: Row): Group {
  type Rest = Omit<Group, 'organizationId' | 'id' | 'revision' | 'deletedAt'>;
  return {
    organizationId: row.organization,
    id: row.id,
    revision: row.revision,
    ...(row.deleted_at === null ? {} : { deletedAt: row.deleted_at }),
    ...(JSON.parse(row.body) as Rest),
  };
}
