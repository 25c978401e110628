// Works off what is to be mailed: finds a notice's readers, sends to each of them, tries again later and later for three days. Each mail is claimed by
// its revision, so that of several nodes one sends it; a node that dies between the mail server's word and the note of it sends that one again,
// under the same Message-ID. Nothing waits for it but the next mail.

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import { isMailAddress } from '#config/mail-address.ts';
import { createTranslator } from '#messages/translator.ts';
import type { Storage } from '#storage/storage.ts';
import { addressNotice } from './address-notice.ts';
import { listMailDue, moveMailDue, type MailDue, type StoredMailDue } from './mail-due.ts';
import { noticeMailRecords, type MailCode, type NoticeMail, type StoredMail } from './mail-records.ts';
import { MailError, type Mailer } from './mailer.ts';
import { languageOf, writeMail } from './notice-text.ts';

export interface MailPlace {
  readonly storage: Storage;
  readonly now: () => Instant;
  readonly mailer: Mailer;
  readonly baseUrl: string;
  /** What became of a try; for metrics. */
  readonly note: (outcome: 'delivered' | 'failed' | 'dead' | 'dropped') => void;
  readonly reportTrouble: (message: string, error: unknown) => void;
}

/** Longer than a try can take. */
const claimMs = 180_000;
const pageSize = 50;
const firstDelayMs = 30_000;
const longestDelayMs = 1_800_000;

/** Everything that is due, once; ends early when the mail server is away. Throws `StorageError`. */
export async function deliverMails(place: MailPlace): Promise<void> {
  // The readers of new notices first: their mails are due at once.
  await workOff(place, 'address', async (due) => {
    await address(place, due);
    return true;
  });
  await workOff(place, 'send', async (due) => (await deliverOne(place, due)) !== 'away');
}

/** `work` answers whether to go on. */
async function workOff(
  { storage, now }: MailPlace,
  kind: MailDue['kind'],
  work: (due: StoredMailDue) => Promise<boolean>,
): Promise<void> {
  for (let after: string | undefined; ; ) {
    const dues = await listMailDue(storage, kind, now(), pageSize, after);
    for (const due of dues) if (!(await work(due))) return;
    after = dues.at(-1)?.id;
    if (dues.length < pageSize) return;
  }
}

async function address({ storage, now }: MailPlace, due: StoredMailDue): Promise<void> {
  await addressNotice(storage, due.value.id, now());
  await moveMailDue(storage, due, null);
}

async function deliverOne(place: MailPlace, due: StoredMailDue): Promise<'done' | 'away'> {
  const { storage, now } = place;
  const records = storage.records(noticeMailRecords);
  const record = await records.get(due.value.id, now());
  if (record?.value.state !== 'waiting') await moveMailDue(storage, due, null);
  // Somebody is at it, or it was put off: its own word counts.
  else if (record.value.nextAt > now()) await moveMailDue(storage, due, record.value.nextAt);
  else {
    const claimed = { ...record.value, nextAt: now() + claimMs };
    if (!(await records.replace({ ...record, value: claimed }))) return 'done';
    const { mail, isAway } = await tryOnce(place, record.organizationId, { ...record, value: claimed });
    place.note(mail.state === 'sent' ? 'delivered' : mail.state === 'waiting' ? 'failed' : mail.state);
    if (await records.replace({ ...record, revision: record.revision + 1, value: mail }))
      await moveMailDue(storage, due, mail.state === 'waiting' ? mail.nextAt : null);
    return isAway ? 'away' : 'done';
  }
  return 'done';
}

async function tryOnce(
  place: MailPlace,
  organizationId: OrganizationId,
  { id, value: mail }: StoredMail,
): Promise<{ readonly mail: NoticeMail; readonly isAway: boolean }> {
  const [user, organization] = await Promise.all([
    place.storage.users.get(organizationId, mail.user),
    place.storage.organizations.get(organizationId),
  ]);
  const address = user === null ? undefined : addressOf(user);
  const fault = faultOf(mail, user, address);
  if (fault !== null || user === null || organization === null || address === undefined)
    return { mail: { ...mail, state: 'dropped', error: fault ?? 'gone' }, isAway: false };
  const attempts = mail.attempts + 1;
  try {
    await sendTo(place, { id, organization, user, address, code: mail.code, values: mail.values });
    const { error: _error, ...rest } = mail;
    return { mail: { ...rest, attempts, state: 'sent', sentAt: place.now() }, isAway: false };
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    return {
      mail: afterFailure(place, { ...mail, attempts, error: error.message }, error),
      isAway: error.kind === 'away',
    };
  }
}

function afterFailure(place: MailPlace, mail: NoticeMail, error: MailError): NoticeMail {
  const now = place.now();
  if (error.kind === 'refused' || now >= mail.giveUpAt) {
    place.reportTrouble(`a mail was given up after ${mail.attempts} tries`, error);
    return { ...mail, state: 'dead' };
  }
  const delay = Math.min(firstDelayMs * 2 ** Math.min(mail.attempts - 1, 10), longestDelayMs);
  return { ...mail, nextAt: Math.min(now + Math.round(delay * (0.75 + Math.random() / 2)), mail.giveUpAt) };
}

export interface AddressedMail {
  readonly id: string;
  readonly organization: Organization;
  readonly user: User;
  readonly address: string;
  readonly code: MailCode | 'test';
  readonly values: Readonly<Record<string, string>>;
}

/** Writes and sends one, in the person's language. Throws `MailError`. */
export async function sendTo(
  { mailer, baseUrl }: Pick<MailPlace, 'mailer' | 'baseUrl'>,
  { id, organization, user, address, code, values }: AddressedMail,
): Promise<void> {
  const translator = createTranslator(languageOf(user.profile, organization));
  const { title, text } = writeMail(translator, code, values, { organization: organization.name, baseUrl });
  const to = { name: displayNameOf(user.profile), address };
  await mailer.send({ id, to, language: translator.language, subject: title, text });
}

function faultOf(mail: NoticeMail, user: User | null, address: string | undefined): string | null {
  if (user === null || !user.active) return 'inactive';
  if (mail.roles.length > 0 && !mail.roles.some((role) => user.roles.includes(role))) return 'not this role any more';
  return address === undefined ? 'no e-mail address' : null;
}

/** The primary address, else the one at work, else the first; of those only that can be an address. */
export function addressOf({ profile }: Pick<User, 'profile'>): string | undefined {
  const emails = (profile.emails ?? []).filter(({ value }) => typeof value === 'string' && isMailAddress(value));
  const chosen =
    emails.find(({ primary }) => primary === true) ?? emails.find(({ type }) => type === 'work') ?? emails[0];
  return chosen?.['value'] as string | undefined;
}
