// The driver is synchronous: a loop of awaits alone must not keep the event loop from everybody else.

import { openConnection } from '#storage/sqlite/sqlite-transaction.ts';

const allowedMs = process.env['CI'] === 'true' ? 250 : 50;

test('thousands of writes in a row leave the event loop free', async () => {
  const connection = openConnection(':memory:');
  connection.exec('CREATE TABLE note (text TEXT)');
  const insert = connection.prepare('INSERT INTO note (text) VALUES (?)');
  let longest = 0;
  let turns = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    turns += 1;
  }, 1);
  for (let i = 0; i < 20_000; i += 1) await connection.write(() => insert.run('x'.repeat(200)));
  clearInterval(timer);
  connection.close();
  expect(turns).toBeGreaterThan(3);
  expect(longest).toBeLessThan(allowedMs);
});
