// docs/metrics.md names every metric of ours with its labels, and none that is gone.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics } from '#observability/metrics.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

test('every metric is on the page with its type, and every one on the page is there', async () => {
  const values = { organizations: [], effectBacklog: 0, deadLetters: 0, overdueLeaves: 0 };
  const text = await createMetrics({ version: 'test', readValues: async () => values }).render();
  const shown = [...text.matchAll(/^# TYPE (\S+) (\w+)$/gm)]
    .map(([, name = '', type = '']) => `${name} ${type}`)
    .filter((line) => /^(?:furlough|http_server)_/.test(line));
  const described = [...page.matchAll(/^\| `(\S+)` \| (\w+) \|/gm)].map(
    ([, name = '', type = '']) => `${name} ${type}`,
  );
  expect(described.length).toBeGreaterThan(10);
  expect(described.toSorted()).toEqual(shown.toSorted());
});
