/** Contract of storage/lease-store.ts: one holder at a time, by the store's clock, under a rising fence. */
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import { eventually } from '../../harness/eventually.ts';
import { atOnce, type OpenStorage } from './contract-world.ts';

const minute = 60_000;

export function describeLeaseStore(open: OpenStorage): void {
  describe('leases', () => {
    let storage: Storage;
    let name: string;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(() => {
      name = `sweep-${randomUUID()}`;
    });
    const acquire = (holder: string, ttlMs = minute) => storage.leases.acquire(name, holder, ttlMs);
    const fenceOf = async (holder: string, ttlMs = minute): Promise<number> => {
      const lease = await acquire(holder, ttlMs);
      if (lease === null) throw new Error(`${holder} was refused`);
      return lease.fence;
    };

    test('a second holder is refused while the first holds', async () => {
      await fenceOf('one');
      expect(await acquire('two')).toBeNull();
      expect(await acquire('two', 0)).toBeNull();
    });

    test('the holder renews under the same fence', async () => {
      const fence = await fenceOf('one');
      expect(await fenceOf('one')).toBe(fence);
      expect(await acquire('two')).toBeNull();
    });

    test('a renewal may shorten the lease, and then it passes', async () => {
      const fence = await fenceOf('one');
      await fenceOf('one', 1);
      const lease = await eventually(() => acquire('two'));
      expect(lease.fence).toBeGreaterThan(fence);
    });

    test('a lease that passed goes to someone else under a higher fence, and the first is refused', async () => {
      const fence = await fenceOf('one', 1);
      const lease = await eventually(() => acquire('two'));
      expect(lease.fence).toBeGreaterThan(fence);
      expect(await acquire('one')).toBeNull();
    });

    test('a released lease is free at once, and the fence still rises', async () => {
      const fences: number[] = [];
      for (const holder of ['one', 'two', 'one', 'three']) {
        fences.push(await fenceOf(holder));
        await storage.leases.release(name, holder);
      }
      expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
    });

    test('only the holder releases', async () => {
      await storage.leases.release(name, 'nobody');
      await fenceOf('one');
      await storage.leases.release(name, 'two');
      expect(await acquire('two')).toBeNull();
      await storage.leases.release(name, 'one');
      await storage.leases.release(name, 'one');
      expect(await acquire('two')).not.toBeNull();
      await storage.leases.release(name, 'one');
      expect(await acquire('three')).toBeNull();
    });

    test('leases of other names are nobody’s business', async () => {
      await fenceOf('one');
      expect(await storage.leases.acquire(`${name}-other`, 'two', minute)).not.toBeNull();
    });

    test('of 20 who ask at once exactly one gets it', async () => {
      const leases = await atOnce(20, (n) => acquire(`holder ${n}`));
      expect(leases.filter((lease) => lease !== null)).toHaveLength(1);
      const winner = leases.findIndex((lease) => lease !== null);
      expect(await fenceOf(`holder ${winner}`)).toBe(leases[winner]?.fence);
    });

    test('20 calls of one holder at once all hold, under one fence', async () => {
      const leases = await atOnce(20, () => acquire('one'));
      expect(new Set(leases.map((lease) => lease?.fence)).size).toBe(1);
      expect(leases).not.toContain(null);
    });
  });
}
