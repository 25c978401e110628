// A mail to one person: queued with what it tells, sent until the mail server took it or it was given up, kept for a while so that an administrator
// can see it. The words are chosen when it is sent, in the language the person has then. Who sends it is deliver-mails.ts.

import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { NoticeCode } from '#directory/notice.ts';
import type { Role } from '#directory/user.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { putMailDue } from './mail-due.ts';

/** `dead`: given up, an administrator may try again. `dropped`: the person is inactive, has no address, or not the role any more. */
export type MailState = 'waiting' | 'sent' | 'dead' | 'dropped';

export type MailCode = NoticeCode | 'dormancyWarning';

export interface NoticeMail {
  readonly user: UserId;
  readonly code: MailCode;
  readonly values: Readonly<Record<string, string>>;
  /** The person must have one of them when it is sent; none: it is about themselves. */
  readonly roles: readonly Role[];
  readonly state: MailState;
  readonly queuedAt: Instant;
  /** When it is tried next; while it is being tried, when somebody else may. */
  readonly nextAt: Instant;
  readonly giveUpAt: Instant;
  readonly attempts: number;
  readonly sentAt?: Instant;
  /** Why it was dropped, or what the last try met; for administrators. */
  readonly error?: string;
}

export type StoredMail = StoredRecord<NoticeMail>;

export const noticeMailRecords: RecordKind<NoticeMail> = {
  name: 'noticeMail',
  carriesEffects: true,
  keysOf: ({ state, user }) => [`state=${state}`, `user=${user}`, `user=${user} state=${state}`],
};

const dayMs = 86_400_000;
const tryForMs = 3 * dayMs;
const keepMs = 30 * dayMs;

export interface NewMail extends Pick<NoticeMail, 'user' | 'code' | 'values' | 'roles'> {
  /** What makes it one and the same mail, however often it is queued. */
  readonly id: string;
  readonly organizationId: OrganizationId;
}

/** Queues a mail; once under its id. Throws `StorageError`. */
export async function queueMail(
  storage: Storage,
  now: Instant,
  { id, organizationId, ...mail }: NewMail,
): Promise<void> {
  const value: NoticeMail = {
    ...mail,
    state: 'waiting',
    queuedAt: now,
    nextAt: now,
    giveUpAt: now + tryForMs,
    attempts: 0,
  };
  await storage.records(noticeMailRecords).insertOnce({ id, organizationId, expiresAt: now + keepMs, value });
  await putMailDue(storage, { kind: 'send', id, at: now });
}

export interface MailPage {
  readonly state?: MailState;
  readonly user?: string;
  readonly after?: string;
  readonly limit: number;
}

/** In order of id. */
export function listMails(
  storage: Storage,
  now: Instant,
  organizationId: OrganizationId,
  { state, user, ...page }: MailPage,
): Promise<readonly StoredMail[]> {
  const words = [...(user === undefined ? [] : [`user=${user}`]), ...(state === undefined ? [] : [`state=${state}`])];
  const wanted = words.length === 0 ? page : { ...page, key: words.join(' ') };
  return storage.records(noticeMailRecords).list(organizationId, wanted, now);
}

/** It is tried again now and for three days. Null: there is none, or somebody else wrote first. Throws `StorageError`. */
export async function retryMail(
  storage: Storage,
  now: Instant,
  organizationId: OrganizationId,
  id: string,
): Promise<StoredMail | null> {
  const records = storage.records(noticeMailRecords);
  const record = await records.get(id, now);
  if (record === null || record.organizationId !== organizationId) return null;
  // What was sent is not sent twice, and what waits is tried anyhow.
  if (record.value.state === 'sent' || record.value.state === 'waiting') return record;
  const { error: _error, ...rest } = record.value;
  const value: NoticeMail = { ...rest, state: 'waiting', nextAt: now, giveUpAt: now + tryForMs, attempts: 0 };
  if (!(await records.replace({ ...record, expiresAt: now + keepMs, value }))) return null;
  await putMailDue(storage, { kind: 'send', id, at: now });
  return { ...record, value };
}
