/** No question reads a whole table: the plan of every statement that storage prepares is a search, with the few exceptions named here. */
import { migrateSchema } from '#storage/sqlite/sqlite-schema.ts';
import { personWithLeavesJson } from '#storage/sqlite/sqlite-user-row.ts';
import { createSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { openConnection, type SqliteConnection } from '#storage/sqlite/sqlite-transaction.ts';

/** Small, or asked for whole: all organisations, whether there is one, how many documents have effects waiting; and what a start takes over. */
const readWhole = [
  'SELECT body FROM organization ORDER BY id',
  'SELECT id FROM organization LIMIT 1',
  'SELECT count(*) AS number FROM outbox',
  'UPDATE outbox SET leased = 0, due_at = 0 WHERE leased = 1',
  'UPDATE lease SET until = 0 WHERE until > 0',
];

/** Sorts the few people who have one of some roles. */
const isOfRoles = (sql: string): boolean => sql.includes('FROM active_role WHERE organization = ? AND role IN');

test('every statement but the named ones searches an index, none sorts, and none is planned anew when it is run', async () => {
  const connection = openConnection(':memory:');
  await migrateSchema(connection);
  const prepared: string[] = [];
  const watched: SqliteConnection = {
    ...connection,
    prepare(sql) {
      prepared.push(sql);
      return connection.prepare(sql);
    },
  };
  const storage = createSqliteStorage(watched, { recordKinds: [] });
  expect(prepared.length).toBeGreaterThan(40);
  for (const sql of readWhole) expect(prepared).toContain(sql);
  const slow = prepared.flatMap((sql) => {
    const plan = connection.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all();
    // A list that the caller hands in is read whole, and a row that is no table's.
    const own = plan.filter(({ detail }) => !/^SCAN (?:json_each|CONSTANT ROW$|\(subquery-\d+\)$)/.test(detail));
    const scans = own.filter(({ detail }) => /^SCAN|TEMP B-TREE/.test(detail));
    return scans.length === 0 || readWhole.includes(sql) || isOfRoles(sql)
      ? []
      : [`${sql}: ${scans.map((s) => s.detail).join(', ')}`];
  });
  expect(slow).toEqual([]);
  // SQLite plans such a statement anew for every value it is given, which takes ten times as long as running it.
  expect(prepared.filter((sql) => /LIMIT \?/.test(sql))).toEqual([]);
  await storage.close();
});

test('what a forecast reads of people is in its index, and is not made out of their bodies', async () => {
  const connection = openConnection(':memory:');
  await migrateSchema(connection);
  const ahead = `SELECT ${personWithLeavesJson} AS person FROM user INDEXED BY user_leaves_ahead
    WHERE organization = ? AND id > ? AND next_transition_at IS NOT NULL ORDER BY id LIMIT 0 + ?`;
  const plan = connection.prepare<{ detail: string }>(`EXPLAIN QUERY PLAN ${ahead}`).all();
  expect(plan.map(({ detail }) => detail)).toEqual([expect.stringContaining('INDEX user_leaves_ahead')]);
  const steps = connection.prepare<{ opcode: string; p4: string | null }>(`EXPLAIN ${ahead}`).all();
  expect(steps.filter(({ p4 }) => p4?.startsWith('json') === true)).toEqual([]);
  connection.close();
});
