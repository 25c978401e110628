// Random bytes from the system, fetched a page at a time: a change needs a handful of ids, and each call into the system costs as much as a page.

import { randomFillSync } from 'node:crypto';
import type { RandomBytes } from '#directory/identifiers.ts';

const poolBytes = 4_096;

/** As `crypto.randomBytes`. No byte is given twice, and none is kept once it was given. */
export function createRandomPool(): RandomBytes {
  const pool = Buffer.alloc(poolBytes);
  let used = poolBytes;
  return (size) => {
    if (size > poolBytes) return randomFillSync(new Uint8Array(size));
    if (used + size > poolBytes) {
      randomFillSync(pool);
      used = 0;
    }
    const bytes = Uint8Array.prototype.slice.call(pool, used, used + size);
    pool.fill(0, used, used + size);
    used += size;
    return bytes;
  };
}
