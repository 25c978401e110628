/**
 * A second process on the same database file, for tests: run with the path and what to do, says "ready" and then "done …" on standard
 * output. `serve` holds the serve lock, `lock` the write lock until it is ended; `hire` takes seats for new users; `churn` never stops.
 */
import { DatabaseSync } from '@photostructure/sqlite';
import type { OrganizationId } from '#directory/identifiers.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { randomUUID } from 'node:crypto';

const [path = '', task = '', organization = '', count = '0'] = process.argv.slice(2);
const organizationId = organization as OrganizationId;

if (task === 'lock') {
  const database = new DatabaseSync(path);
  database.exec('BEGIN IMMEDIATE');
  setInterval(() => database.isOpen, 1_000);
  say('ready');
} else {
  const storage = await openSqliteStorage({ path, recordKinds: [], exclusiveServe: task === 'serve' });
  say('ready');
  const hire = async (n: number): Promise<string> => {
    const user = {
      id: `${process.pid}-${n}-${randomUUID()}` as never,
      organizationId,
      revision: 1,
      epoch: 0,
      profile: { userName: randomUUID() },
      holds: [],
      active: true,
      seat: 'none' as const,
      roles: [],
      createdAt: n,
      modifiedAt: n,
      provisionedBy: [],
    };
    const effect = { id: randomUUID() as never, organizationId, at: n, attempts: 0 };
    const body = { kind: 'endSessions' as const, userId: user.id, epoch: 0, cause: 'test' };
    const effects = [{ ...effect, body }];
    return (await storage.users.commit({ user, expectedRevision: null, seat: 'take', effects })).kind;
  };
  if (task === 'hire') {
    let hired = 0;
    for (let n = 0; n < Number(count); n += 1) if ((await hire(n)) === 'committed') hired += 1;
    await storage.close();
    say(`done ${hired}`);
  }
  for (let n = 0; task === 'churn'; n += 1) await hire(n);
  if (task === 'serve') setInterval(() => storage.kind, 1_000);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
