// Tables and indexes of the embedded store and how they came to be: one migration per version, forward only, in `user_version`.
// Whole values are JSON; what is searched, ordered or guarded by is a column beside it.

import { StorageError } from '../storage-error.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

/** Says in the file's header that it is ours: "Furl". */
const applicationId = 0x4675726c;

const version1 = `
CREATE TABLE organization (
  id TEXT PRIMARY KEY, revision INTEGER NOT NULL, body TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE seat_ledger (
  organization TEXT PRIMARY KEY REFERENCES organization (id),
  licensed INTEGER, used INTEGER NOT NULL, free INTEGER NOT NULL, allowed_over INTEGER NOT NULL, reserved INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- user_name_key is NULL for deleted users, and NULLs never collide: the name is free again.
CREATE TABLE user (
  row INTEGER PRIMARY KEY,
  organization TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, epoch INTEGER NOT NULL,
  active INTEGER NOT NULL, status TEXT NOT NULL, seat TEXT NOT NULL, holds TEXT NOT NULL,
  waiting_since INTEGER, deleted_at INTEGER, user_name_key TEXT, body TEXT NOT NULL,
  UNIQUE (organization, id), UNIQUE (organization, user_name_key)
) STRICT;
CREATE INDEX user_undeleted ON user (organization, id) WHERE status <> 'deleted';
CREATE INDEX user_waiting ON user (organization, waiting_since, id) WHERE status = 'waiting';
CREATE INDEX user_holder ON user (organization) WHERE seat <> 'none';

-- Keys and roles of undeleted users only; roles only of active ones.
CREATE TABLE user_key (
  organization TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
  user INTEGER NOT NULL REFERENCES user (row) ON DELETE CASCADE,
  PRIMARY KEY (organization, kind, value, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX user_key_user ON user_key (user);
CREATE TABLE active_role (
  organization TEXT NOT NULL, role TEXT NOT NULL, user INTEGER NOT NULL REFERENCES user (row) ON DELETE CASCADE,
  PRIMARY KEY (organization, role, user)
) STRICT, WITHOUT ROWID;
CREATE INDEX active_role_user ON active_role (user);

-- How many users are what, kept by triggers, so that counting does not read the users.
CREATE TABLE user_count (
  organization TEXT NOT NULL, status TEXT NOT NULL, holder INTEGER NOT NULL, number INTEGER NOT NULL,
  PRIMARY KEY (organization, status, holder)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER user_count_insert AFTER INSERT ON user BEGIN
  INSERT INTO user_count VALUES (new.organization, new.status, new.seat <> 'none', 1)
    ON CONFLICT DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER user_count_delete AFTER DELETE ON user BEGIN
  UPDATE user_count SET number = number - 1
    WHERE organization = old.organization AND status = old.status AND holder = (old.seat <> 'none');
END;
CREATE TRIGGER user_count_update AFTER UPDATE OF status, seat ON user
  WHEN old.status <> new.status OR (old.seat <> 'none') <> (new.seat <> 'none') BEGIN
  UPDATE user_count SET number = number - 1
    WHERE organization = old.organization AND status = old.status AND holder = (old.seat <> 'none');
  INSERT INTO user_count VALUES (new.organization, new.status, new.seat <> 'none', 1)
    ON CONFLICT DO UPDATE SET number = number + 1;
END;

CREATE TABLE record (
  row INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, id TEXT NOT NULL, organization TEXT NOT NULL, revision INTEGER NOT NULL, expires_at INTEGER, body TEXT NOT NULL,
  UNIQUE (kind, id)
) STRICT;
CREATE INDEX record_organization ON record (kind, organization, id);
CREATE INDEX record_expiry ON record (kind, expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE record_key (
  kind TEXT NOT NULL, organization TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL,
  record INTEGER NOT NULL REFERENCES record (row) ON DELETE CASCADE,
  PRIMARY KEY (kind, organization, key, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_key_record ON record_key (record);

-- A source is the document whose change made the effects. While leased, effects that arrive wait for the claimant.
CREATE TABLE effect_source (
  source TEXT PRIMARY KEY, organization TEXT NOT NULL, claim TEXT, leased INTEGER NOT NULL, due_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX effect_source_due ON effect_source (due_at);
CREATE TABLE effect (
  row INTEGER PRIMARY KEY,
  source TEXT NOT NULL REFERENCES effect_source (source) ON DELETE CASCADE,
  id TEXT NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL,
  UNIQUE (source, id)
) STRICT;

CREATE TABLE audit (
  row INTEGER PRIMARY KEY,
  organization TEXT NOT NULL, seq INTEGER NOT NULL, event_id TEXT NOT NULL, body TEXT NOT NULL,
  UNIQUE (organization, seq), UNIQUE (organization, event_id)
) STRICT;

CREATE TABLE lease (
  name TEXT PRIMARY KEY, holder TEXT, fence INTEGER NOT NULL, until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

const version2 = `
CREATE TABLE directory_group (
  organization TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, deleted_at INTEGER, body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_group_undeleted ON directory_group (organization, id) WHERE deleted_at IS NULL;

-- Keys of undeleted groups only.
CREATE TABLE group_key (
  organization TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (organization, kind, value, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_key_group ON group_key (organization, id);

-- Members stay when their user is deleted, so that they are back when the user is.
CREATE TABLE group_member (
  organization TEXT NOT NULL, group_id TEXT NOT NULL, member TEXT NOT NULL, kind TEXT NOT NULL,
  PRIMARY KEY (organization, group_id, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_member_member ON group_member (organization, member);
`;

const version3 = `
-- When the leaves of an undeleted user ask for something to be done next.
ALTER TABLE user ADD COLUMN next_transition_at INTEGER;
CREATE INDEX user_transition ON user (next_transition_at, id) WHERE next_transition_at IS NOT NULL;
`;

const version4 = `
INSERT OR IGNORE INTO user_key (organization, kind, value, id, user)
  SELECT organization, 'employeeNumber', json_extract(body, '$.profile.enterprise.employeeNumber'), id, row FROM user
  WHERE deleted_at IS NULL AND json_type(body, '$.profile.enterprise.employeeNumber') = 'text';
`;

// Who is on leave stands in line for a seat, too; and reserved seats are counted where they are held.
const version5 = `
DROP INDEX user_waiting;
CREATE INDEX user_queue ON user (organization, waiting_since, id) WHERE waiting_since IS NOT NULL AND status IN ('waiting', 'onLeave');
ALTER TABLE seat_ledger DROP COLUMN reserved;
`;

// Every change leaves effects and has them carried out: one row for it is written and gone again, instead of one and one more for each effect.
const version6 = `
CREATE TABLE outbox (
  row INTEGER PRIMARY KEY,
  source TEXT NOT NULL UNIQUE, organization TEXT NOT NULL, claim TEXT, leased INTEGER NOT NULL, has_unseen INTEGER NOT NULL,
  due_at INTEGER NOT NULL, effects TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at);
INSERT INTO outbox (source, organization, leased, has_unseen, due_at, effects)
  SELECT source, organization, 0, 1, 0, (
    SELECT group_concat(json_set(body, '$.attempts', attempts), char(10)) FROM (
      SELECT attempts, body FROM effect WHERE effect.source = effect_source.source ORDER BY effect.row))
  FROM effect_source WHERE source IN (SELECT source FROM effect);
DROP TABLE effect;
DROP TABLE effect_source;
`;

// The history of seats grows by a row with every coming and going: a table of its own, with the three ways it is read and nothing else.
const version7 = `
CREATE TABLE seat_event (
  organization TEXT NOT NULL, id TEXT NOT NULL, day TEXT NOT NULL, user TEXT, body TEXT NOT NULL,
  PRIMARY KEY (organization, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX seat_event_day ON seat_event (organization, day, id);
CREATE INDEX seat_event_user ON seat_event (organization, user, id) WHERE user IS NOT NULL;
INSERT INTO seat_event SELECT organization, id, json_extract(body, '$.day'), json_extract(body, '$.userId'), body
  FROM record WHERE kind = 'seatEvent';
DELETE FROM record WHERE kind = 'seatEvent';
`;

// Budgets of departments. A limit of NULL is a budget that was removed while people are charged to it still; a basis of NULL is no budgets at all.
const version8 = `
CREATE TABLE seat_budget (
  organization TEXT NOT NULL REFERENCES seat_ledger (organization),
  department TEXT NOT NULL, seat_limit INTEGER, used INTEGER NOT NULL,
  PRIMARY KEY (organization, department)
) STRICT, WITHOUT ROWID;
ALTER TABLE seat_ledger ADD COLUMN basis TEXT;
ALTER TABLE seat_ledger ADD COLUMN charged_at INTEGER;
CREATE INDEX seat_ledger_basis ON seat_ledger (basis) WHERE basis IS NOT NULL;
ALTER TABLE user ADD COLUMN charge TEXT;
CREATE INDEX user_charge ON user (organization, charge) WHERE charge IS NOT NULL;
`;

// Who is there does not change with their status: an index that names it is written anew with every change of status.
const version9 = `
DROP INDEX user_undeleted;
CREATE INDEX user_undeleted ON user (organization, id) WHERE deleted_at IS NULL;
`;

// What the forecast reads of people with leaves ahead, ready in the index: out of ten thousand bodies all over the file it took most of the time.
const version10 = `
CREATE INDEX user_leaves_ahead ON user (organization, id, json_array(id, seat, json(holds), json_extract(body, '$.leaves'),
  coalesce(json_extract(body, '$.profile.displayName'), json_extract(body, '$.profile'))) || '')
  WHERE next_transition_at IS NOT NULL;
-- By which scheme the side tables of a user were written; 0: by an earlier program, which may have known fewer keys.
ALTER TABLE user ADD COLUMN key_scheme INTEGER NOT NULL DEFAULT 0;
`;

const version11 = `
-- Of what is due at one instant, who is active comes first: a seat is free before a return needs it.
DROP INDEX user_transition;
CREATE INDEX user_transition ON user (next_transition_at, active DESC, id) WHERE next_transition_at IS NOT NULL;
`;

/** One step per version; a step that was released is never changed. */
export const migrations: readonly string[] = [
  version1,
  version2,
  version3,
  version4,
  version5,
  version6,
  version7,
  version8,
  version9,
  version10,
  version11,
];

/** The version this code writes. */
export const schemaVersion = migrations.length;

/**
 * Brings the file to this version. Throws `StorageError('incompatible')`, having changed nothing, when the file belongs to
 * another program or was written by a newer version.
 */
export async function migrateSchema(connection: SqliteConnection): Promise<void> {
  await connection.read(() => readVersion(connection));
  await connection.read(() => connection.exec('PRAGMA journal_mode = WAL'));
  // The log is flushed by whoever writes to it (sqlite-log-flush.ts), beside the event loop; SQLite itself flushes before it writes the log back.
  connection.exec('PRAGMA synchronous = NORMAL');
  // Pages of the log before they are written back, and pages kept in memory: with the defaults, one in a hundred changes pays for the others.
  connection.exec('PRAGMA wal_autocheckpoint = 4000');
  connection.exec('PRAGMA cache_size = -8000');
  // What a savepoint may have to put back is kept in memory, too; by itself SQLite makes a file for it.
  connection.exec('PRAGMA temp_store = MEMORY');
  connection.exec('PRAGMA foreign_keys = ON');
  if ((await connection.read(() => readVersion(connection))) === schemaVersion) return;
  await connection.write(() => {
    // Read again under the lock: two processes may start on a new file at the same time.
    for (const migration of migrations.slice(readVersion(connection))) connection.exec(migration);
    connection.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
  });
}

function readVersion(connection: SqliteConnection): number {
  const pragma = (name: string): number =>
    Object.values(connection.prepare<Record<string, number>>(`PRAGMA ${name}`).get() ?? {})[0] ?? 0;
  const owner = pragma('application_id');
  const version = pragma('user_version');
  const tables =
    connection.prepare<{ number: number }>('SELECT count(*) AS number FROM sqlite_schema').get()?.number ?? 0;
  if (owner !== applicationId && (owner !== 0 || tables > 0)) {
    throw new StorageError('incompatible', 'The database file belongs to another program.');
  }
  if (version > schemaVersion) {
    throw new StorageError(
      'incompatible',
      `The database file was written by a newer version (schema ${version}, this version knows ${schemaVersion}).`,
    );
  }
  return version;
}
