// From a notice to its mails: one for everybody active who has one of its roles. Idempotent: a mail's id names the notice and the person.

import type { Instant, UserId } from '#directory/identifiers.ts';
import type { Storage } from '#storage/storage.ts';
import { queueMail } from './mail-records.ts';
import { noticeRecords } from './notice-records.ts';

const piece = 200;

/** Throws `StorageError`; then it is done again. */
export async function addressNotice(storage: Storage, id: string, now: Instant): Promise<void> {
  const record = await storage.records(noticeRecords).get(id, now);
  if (record === null) return;
  const { organizationId, value } = record;
  const { code, values, roles } = value;
  for (let after: UserId | undefined; ; ) {
    const page = { limit: piece, ...(after === undefined ? {} : { after }) };
    const users = await storage.users.activeWithRoles(organizationId, roles, page);
    for (const user of users)
      await queueMail(storage, now, { id: `${id}.${user.id}`, organizationId, user: user.id, code, values, roles });
    after = users.at(-1)?.id;
    if (users.length < piece) return;
  }
}
