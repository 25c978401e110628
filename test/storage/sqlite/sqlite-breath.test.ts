// The driver is synchronous: a loop of awaits alone must not keep the event loop from everybody else.

import { openConnection } from '#storage/sqlite/sqlite-transaction.ts';
import { watchLoopStall, withoutStall } from '../../harness/loop-stall.ts';

test('thousands of writes in a row leave the event loop free', async () => {
  const connection = openConnection(':memory:');
  connection.exec('CREATE TABLE note (text TEXT)');
  const insert = connection.prepare('INSERT INTO note (text) VALUES (?)');
  let turns = 0;
  const timer = setInterval(() => (turns += 1), 1);
  const stall = watchLoopStall();
  await withoutStall(stall, async () => {
    for (let i = 0; i < 20_000; i += 1) await connection.write(() => insert.run('x'.repeat(200)));
  });
  clearInterval(timer);
  stall.stop();
  connection.close();
  expect(turns).toBeGreaterThan(3);
});
