// Carries out the effect `notice`: the notice is stored under the effect's id.

import type { Effect } from '#directory/effect.ts';
import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import { noticeRecords } from './notice-records.ts';

/** Notices are kept for as long as somebody may still want to look one up. */
const keepMs = 365 * 86_400_000;

/** Throws `StorageError`. */
export async function keepNotice(storage: Storage, { id, organizationId, at, body }: Effect): Promise<void> {
  if (body.kind !== 'notice') return;
  try {
    await storage
      .records(noticeRecords)
      .insert({ id, organizationId, expiresAt: at + keepMs, value: { ...body.notice, at } });
  } catch (error) {
    if (!(error instanceof StorageError) || error.code !== 'duplicate') throw error;
  }
}
