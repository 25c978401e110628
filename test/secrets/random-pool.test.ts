import { createRandomPool } from '#secrets/random-pool.ts';

test('bytes of any size are fresh, their own, and never come twice', () => {
  const randomBytes = createRandomPool();
  const seen = new Set<string>();
  for (let round = 0; round < 3_000; round += 1) {
    const bytes = randomBytes(16);
    expect(bytes).toHaveLength(16);
    seen.add(Buffer.from(bytes).toString('hex'));
    bytes.fill(0);
  }
  expect(seen.size).toBe(3_000);
  expect(randomBytes(0)).toHaveLength(0);
  const large = randomBytes(10_000);
  expect(large).toHaveLength(10_000);
  expect(new Set(large).size).toBeGreaterThan(200);
});

test('every bit is as often 1 as 0', () => {
  const randomBytes = createRandomPool();
  const counts = Array.from({ length: 8 }, () => 0);
  for (let round = 0; round < 20_000; round += 1) {
    const [byte = 0] = randomBytes(1);
    for (let bit = 0; bit < 8; bit += 1) counts[bit] = (counts[bit] ?? 0) + ((byte >> bit) & 1);
  }
  // Ten standard deviations.
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(710);
});
