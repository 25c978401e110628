// The rule of dormancy, once a day and organisation: a walk over its people in pieces, whose place is stored, so that a crash or another node goes on
// where it was left. Whoever has not signed in for long is warned, later held by `dormant`, never the last owner; administrators hear of it once a day.
// Nothing is read of people who are held already: their time does not count, and begins anew with the lift.

import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { dormancyStep, idleSince, type DormancyRule, type DormancyWarning } from '#directory/dormancy.ts';
import { toEffects } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { hasHold, placeHold, type Hold } from '#directory/hold.ts';
import type { Instant, UserId } from '#directory/identifiers.ts';
import type { Notice } from '#directory/notice.ts';
import { isOrganizationOpen, type Organization } from '#directory/organization.ts';
import { daysBetween } from '#directory/seat-alert.ts';
import type { User } from '#directory/user.ts';
import { queueMail } from '#notices/mail-records.ts';
import { lastSeenId, lastSeenRecords } from '#storage/last-seen-records.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import { changeUser } from './change-user.ts';
import { toLocalDate } from './leave-dates.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** The walk of a day. `done`: all have been looked at. */
export interface DormancyWalk {
  readonly day: string;
  readonly after?: UserId;
  readonly warned: number;
  readonly held: number;
  readonly done: boolean;
}

export const dormancyWalkRecords: RecordKind<DormancyWalk> = {
  name: 'dormancyWalk',
  carriesEffects: true,
  keysOf: () => [],
};

export const dormancyWarningRecords: RecordKind<DormancyWarning> = { name: 'dormancyWarning', keysOf: () => [] };

const piece = 200;
const piecesPerRun = 50;
const dayMs = 86_400_000;
const by: ChangeContext = { actor: { kind: 'system', name: 'dormancy' }, mouth: 'schedule', reason: 'dormant' };

/** The sweep: goes on with the walks of today. Where an organisation is suspended nobody can sign in, and nobody is judged by it. Throws `StorageError`. */
export async function runDormancy(context: ProvisioningContext, isMailed: boolean): Promise<void> {
  for (const organization of await context.storage.organizations.list()) {
    const { dormancy: rule } = organization;
    if (rule !== undefined && isOrganizationOpen(organization, context.now()))
      await walk(context, { ...organization, dormancy: rule }, isMailed);
  }
}

type Ruled = Organization & { readonly dormancy: DormancyRule };

async function walk(context: ProvisioningContext, organization: Ruled, isMailed: boolean): Promise<void> {
  const { id, timeZone } = organization;
  const day = toLocalDate(context.now(), timeZone);
  for (let pieces = 0; pieces < piecesPerRun; pieces += 1) {
    const record = await context.storage.records(dormancyWalkRecords).get(id, context.now());
    const begun = record?.value.day === day ? record.value : { day, warned: 0, held: 0, done: false };
    if (begun.done) return;
    const page = { limit: piece, ...(begun.after === undefined ? {} : { after: begun.after }) };
    const users = await context.storage.users.list(id, page);
    const found = await lookAt(context, organization, users, day, isMailed);
    const after = users.at(-1)?.id ?? begun.after;
    const next: DormancyWalk = {
      day,
      ...(after === undefined ? {} : { after }),
      warned: begun.warned + found.warned,
      held: begun.held + found.held,
      done: users.length < piece,
    };
    // Somebody else is at it: they see to the rest.
    if (!(await keepPlace(context, organization, record, next))) return;
    if (next.done) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function keepPlace(
  context: ProvisioningContext,
  { id, dormancy }: Ruled,
  record: StoredRecord<DormancyWalk> | null,
  value: DormancyWalk,
): Promise<boolean> {
  const isTold = value.done && value.warned + value.held > 0;
  const effects = isTold ? toEffects(context, id, [{ kind: 'notice', notice: noticeOf(value, dormancy) }]) : [];
  const store = context.storage.records(dormancyWalkRecords);
  const isKept =
    record === null
      ? await store.insertOnce({ id, organizationId: id, value }, effects)
      : await store.replace({ ...record, value }, effects);
  if (isKept && isTold) context.wakeRelay();
  return isKept;
}

function noticeOf({ warned, held }: DormancyWalk, { afterDays, warnDays }: DormancyRule): Notice {
  const counts = { warned, held, afterDays, warnDays };
  const values = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));
  return {
    code: 'dormancyRun',
    level: held > 0 ? 'warning' : 'information',
    values,
    roles: ['owner', 'administrator'],
  };
}

interface Found {
  readonly warned: number;
  readonly held: number;
}

async function lookAt(
  context: ProvisioningContext,
  organization: Ruled,
  users: readonly User[],
  day: string,
  isMailed: boolean,
): Promise<Found> {
  const { id, dormancy: rule, timeZone } = organization;
  const isOfToday = ({ kind, since }: Hold): boolean => kind === 'dormant' && toLocalDate(since, timeZone) === day;
  let held = users.filter(({ holds }) => holds.some(isOfToday)).length;
  const active = users.filter((user) => user.active);
  const ids = active.map((user) => lastSeenId(id, user.id));
  if (ids.length === 0) return { warned: 0, held };
  const [seen, warnings] = await Promise.all([
    context.storage.records(lastSeenRecords).getMany(ids, context.now()),
    context.storage.records(dormancyWarningRecords).getMany(ids, context.now()),
  ]);
  const seenAt = new Map(seen.map((record) => [record.id, record.value.at]));
  const warnedOf = new Map(warnings.map((record) => [record.id, record]));
  // Counted by what is so, not by who did it: of several nodes at once, or after a crash, one tells of all.
  let warned = 0;
  for (const user of active) {
    const place = lastSeenId(id, user.id);
    const since = idleSince(user, seenAt.get(place));
    const warning = warnedOf.get(place);
    // A warning counts for the idleness it was about.
    const warnedOn = warning?.value.idleSince === since ? warning.value.day : undefined;
    const idleDays = daysBetween(toLocalDate(since, timeZone), day);
    const step = dormancyStep(rule, idleDays, warnedOn === undefined ? undefined : daysBetween(warnedOn, day));
    if (step === 'warn') await warn(context, organization, user, { idleSince: since, day }, warning, isMailed);
    if (step === 'warn' || warnedOn === day) warned += 1;
    if (step === 'hold' && (await hold(context, user, since))) held += 1;
  }
  return { warned, held };
}

async function warn(
  context: ProvisioningContext,
  { id, dormancy }: Ruled,
  user: User,
  value: DormancyWarning,
  before: StoredRecord<DormancyWarning> | undefined,
  isMailed: boolean,
): Promise<void> {
  const store = context.storage.records(dormancyWarningRecords);
  // The mail first, once for this idleness: a crash in between queues it again under its id.
  if (isMailed) {
    const mail = { code: 'dormancyWarning', values: { warnDays: String(dormancy.warnDays) }, roles: [] } as const;
    const mailId = `dormancy.${user.id}.${value.idleSince}`;
    await queueMail(context.storage, context.now(), { id: mailId, organizationId: id, user: user.id, ...mail });
  }
  const expiresAt = context.now() + (dormancy.afterDays + 400) * dayMs;
  if (before !== undefined) {
    await store.replace({ ...before, expiresAt, value });
    return;
  }
  await store.insertOnce({ id: lastSeenId(id, user.id), organizationId: id, expiresAt, value });
}

/** Whether they are held so now; not: they were seen meanwhile, are held by something else, or are the last owner. */
async function hold(context: ProvisioningContext, { organizationId, id }: User, since: Instant): Promise<boolean> {
  const seen = await context.storage.records(lastSeenRecords).get(lastSeenId(organizationId, id), context.now());
  const edit = (user: User) => {
    if (!user.active || idleSince(user, seen?.value.at) !== since) return {};
    const dormant = { kind: 'dormant', source: '', since: context.now(), by: describeActor(by.actor) } as const;
    return { holds: placeHold(user.holds, dormant) };
  };
  try {
    const { user } = await changeUser(context, organizationId, id, edit, by);
    return hasHold(user.holds, 'dormant');
  } catch (error) {
    if (error instanceof DirectoryError && (error.code === 'lastOwner' || error.code === 'userNotFound')) return false;
    throw error;
  }
}
