// The admin API on a store that fails, or lets something come between, at a chosen moment.

import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { observeStorage, type Observer } from '../gate/observed-storage.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

export const outage = (): Promise<never> => Promise.reject(new StorageError('unavailable', 'planted outage'));

export interface Scene {
  readonly house: AdminHouse;
  /** The store itself, unobserved. */
  readonly storage: Storage;
  /** `act` runs at this moment (`before session.list`), once unless it is to go on; if it throws, in the call's place. */
  when(moment: string, act: () => Promise<unknown>, times?: number): void;
}

export async function openTroubledHouse(storage: Storage, licensed: number | null = 10): Promise<Scene> {
  let observe: Observer = async () => undefined;
  const house = await openAdminHouse(
    observeStorage(storage, (moment) => observe(moment)),
    licensed,
  );
  const when = (moment: string, act: () => Promise<unknown>, times = 1): void => {
    let left = times;
    observe = async (present) => {
      if (present !== moment || left === 0) return;
      left -= 1;
      await act();
    };
  };
  return { house, storage, when };
}

/** What every door would say to this secret. */
export async function authenticate(house: AdminHouse, secret: string): Promise<string> {
  const outcome = await house.context.authentication.authenticate(secret, ['scim', 'hr', 'app', 'admin']);
  return outcome.kind === 'accepted' ? 'accepted' : outcome.reason;
}
