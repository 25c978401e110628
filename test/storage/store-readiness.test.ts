// Ready means that the store can be written, too: it once meant only that it can be read, and a server on a full disk went on taking requests.

import { createReadinessCheck } from '#storage/store-readiness.ts';
import { StorageError } from '#storage/storage-error.ts';

function scene() {
  const state = { reads: 0, writes: 0, readable: true, writable: true };
  const away = () => new StorageError('unavailable', 'away');
  const check = createReadinessCheck({
    async ping() {
      state.reads += 1;
      if (!state.readable) throw away();
    },
    leases: {
      async acquire() {
        state.writes += 1;
        if (!state.writable) throw away();
        return { fence: 1 };
      },
      async release() {},
    },
  });
  return { state, check };
}

test('a store that can be read and not written is not ready, and is again as soon as it can be written', async () => {
  const { state, check } = scene();
  state.writable = false;
  await expect(check()).rejects.toMatchObject({ code: 'unavailable' });
  state.writable = true;
  await expect(check()).resolves.toBeUndefined();
  state.readable = false;
  await expect(check()).rejects.toMatchObject({ code: 'unavailable' });
});

test('however many ask, the store is asked once at a time', async () => {
  const { state, check } = scene();
  await Promise.all(Array.from({ length: 50 }, check));
  expect(state).toMatchObject({ reads: 1, writes: 1 });
  await check();
  expect(state).toMatchObject({ reads: 2, writes: 2 });
});
