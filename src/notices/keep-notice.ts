// Carries out the effect `notice`: the notice is stored under the effect's id, and where mail is configured it is queued to be mailed. Nothing is
// sent here: a mail server that hangs must not keep the relay from its other work.

import type { Effect } from '#directory/effect.ts';
import type { Storage } from '#storage/storage.ts';
import { putMailDue } from './mail-due.ts';
import { keepNoticesMs, noticeRecords } from './notice-records.ts';

/** Throws `StorageError`. */
export async function keepNotice(
  storage: Storage,
  { id, organizationId, at, body }: Effect,
  isMailed = false,
): Promise<void> {
  if (body.kind !== 'notice') return;
  await storage
    .records(noticeRecords)
    .insertOnce({ id, organizationId, expiresAt: at + keepNoticesMs, value: { ...body.notice, at } });
  if (isMailed) await putMailDue(storage, { kind: 'address', id, at });
}
