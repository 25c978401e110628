// Keeps the history of seats: the relay brings each step here, days that are over are added up once, and what is asked is read from both.

import type { Effect } from '#directory/effect.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { LocalDate } from '#directory/leave.ts';
import type { Organization } from '#directory/organization.ts';
import { foldSeatDay, noSeats, type SeatChange, type SeatEvent, type SeatLevel } from '#directory/seat-history.ts';
import type { StoredSeatEvent } from '#storage/seat-event-store.ts';
import { seatDayId, seatDayRecords, type StoredSeatDay } from '#storage/seat-history-records.ts';
import type { Storage } from '#storage/storage.ts';
import { daysAfter, toInstant, toLocalDate } from './leave-dates.ts';

const piece = 1_000;
/** A day is added up when it has been over for so long: what is told of it later is rare, and then it is added up again. */
const restDays = 2;

interface HistoryContext {
  readonly storage: Storage;
  readonly now: () => Instant;
}

/** Carries out effects `seat`, all of one organisation in one write; each counts once, by its id. Throws `StorageError`. */
export async function keepSeatEvents(
  context: Pick<HistoryContext, 'storage'>,
  effects: readonly Effect[],
): Promise<void> {
  for (const organizationId of new Set(effects.map((effect) => effect.organizationId))) {
    const own = effects.filter((effect) => effect.organizationId === organizationId);
    await keepEventsOf(context, organizationId, own);
  }
}

async function keepEventsOf(
  { storage }: Pick<HistoryContext, 'storage'>,
  organizationId: OrganizationId,
  effects: readonly Effect[],
): Promise<void> {
  const organization = await storage.organizations.get(organizationId);
  if (organization === null) return;
  const events = effects.flatMap(({ id, at, body }): StoredSeatEvent[] =>
    body.kind === 'seat' ? [{ id, event: toSeatEvent(body.change, at, organization) }] : [],
  );
  await storage.seatEvents.add(organizationId, events);
  // What comes late counts: the days from its own on are added up anew.
  const days = new Set(events.map(({ event }) => event.day));
  for (const day of [...days].toSorted()) {
    if ((await storage.records(seatDayRecords).get(seatDayId(organizationId, day), 0)) === null) continue;
    return forgetDaysFrom(storage, organizationId, day);
  }
}

/** Whoever used a seat earlier in the month, or when it began, is counted already. */
function toSeatEvent(change: SeatChange, at: Instant, { timeZone }: Organization): SeatEvent {
  const day = toLocalDate(at, timeZone);
  if (change.kind !== 'taken') return { ...change, at, day };
  const { lastUsed, ...taken } = change;
  const isFirst = lastUsed === undefined || monthOf(toLocalDate(lastUsed, timeZone)) !== monthOf(day);
  return { ...taken, at, day, ...(isFirst ? { first: true } : {}) };
}

async function forgetDaysFrom(storage: Storage, organizationId: OrganizationId, day: LocalDate): Promise<void> {
  const days = storage.records(seatDayRecords);
  for (;;) {
    const later = await days.list(organizationId, { newestFirst: true, limit: piece }, 0);
    const wrong = later.filter(({ value }) => value.day >= day);
    // The newest first: a crash in between leaves no hole. Until none is left: somebody may be adding up beside this.
    for (const { id } of wrong) await days.delete(id);
    if (wrong.length === 0) return;
  }
}

/** The sweep: adds up the days that have been over for a while, of all organisations. Throws `StorageError`. */
export async function addUpSeatDays(context: HistoryContext): Promise<void> {
  for (const organization of await context.storage.organizations.list()) await addUpDaysOf(context, organization);
}

async function addUpDaysOf(context: HistoryContext, organization: Organization): Promise<void> {
  const { storage } = context;
  const { id, timeZone } = organization;
  const last = daysAfter(toLocalDate(context.now(), timeZone), -restDays);
  const days = storage.records(seatDayRecords);
  let before: string | undefined;
  for await (const { events, ...day } of walkUnsummedDays(context, organization, last)) {
    const dayId = seatDayId(id, day.day);
    // Another node is at it.
    if (!(await days.insertOnce({ id: dayId, organizationId: id, value: day }))) return;
    // A step of that day came while it was added up, or one of an earlier day, and what this day begins with is not so any more.
    const isStale = before !== undefined && (await days.get(before, 0)) === null;
    if (isStale || (await readEvents(storage, id, day.day)).length !== events)
      return forgetDaysFrom(storage, id, day.day);
    before = dayId;
  }
}

/**
 * The days from `from` to `to`, both included, as far as there is a history; today up to now. Nothing of before the history began, and nothing
 * after today. Throws `StorageError`.
 */
export async function readSeatDays(
  context: HistoryContext,
  organization: Organization,
  { from, to }: { readonly from: LocalDate; readonly to: LocalDate },
): Promise<readonly StoredSeatDay[]> {
  const { id, timeZone } = organization;
  const found: StoredSeatDay[] = [];
  for (let after = seatDayId(id, daysAfter(from, -1)); ; ) {
    const page = await context.storage.records(seatDayRecords).list(id, { after, limit: piece }, context.now());
    found.push(...page.map(({ value }) => value).filter(({ day }) => day <= to));
    const next = page.at(-1)?.id;
    if (page.length < piece || next === undefined) break;
    after = next;
  }
  const today = toLocalDate(context.now(), timeZone);
  for await (const { events: _events, ...day } of walkUnsummedDays(context, organization, to < today ? to : today))
    if (day.day >= from) found.push(day);
  return found;
}

/** The days after the last that was added up, until `last`, each from its events. */
async function* walkUnsummedDays(
  { storage, now }: HistoryContext,
  { id, timeZone }: Organization,
  last: LocalDate,
): AsyncGenerator<StoredSeatDay & { readonly events: number }> {
  const [summed] = await storage.records(seatDayRecords).list(id, { newestFirst: true, limit: 1 }, now());
  let level: SeatLevel = summed?.value.end ?? noSeats;
  const first = summed === undefined ? await firstDay(storage, id) : daysAfter(summed.value.day, 1);
  for (let day = first; day !== undefined && day <= last; day = daysAfter(day, 1)) {
    const events = await readEvents(storage, id, day);
    const end = toInstant(daysAfter(day, 1), 0, timeZone, 'day');
    const span = { from: toInstant(day, 0, timeZone, 'day'), until: Math.min(end, now()) };
    const folded = foldSeatDay(level, events, span);
    level = folded.end;
    yield { ...folded, day, events: events.length };
  }
}

async function firstDay(storage: Storage, id: OrganizationId): Promise<LocalDate | undefined> {
  return (await storage.seatEvents.earliest(id))?.day;
}

/** The first day of which something is known; undefined: nothing is. Throws `StorageError`. */
export async function readFirstSeatDay(
  { storage, now }: HistoryContext,
  id: OrganizationId,
): Promise<LocalDate | undefined> {
  const [summed] = await storage.records(seatDayRecords).list(id, { limit: 1 }, now());
  const first = await firstDay(storage, id);
  if (summed === undefined || first === undefined) return summed?.value.day ?? first;
  return summed.value.day < first ? summed.value.day : first;
}

async function readEvents(storage: Storage, id: OrganizationId, day: LocalDate): Promise<readonly SeatEvent[]> {
  const events: StoredSeatEvent[] = [];
  for (let after: string | undefined; ; after = events.at(-1)?.id) {
    const page = { ...(after === undefined ? {} : { after }), limit: piece };
    const some = await storage.seatEvents.ofDay(id, day, page);
    events.push(...some);
    if (some.length < piece) break;
  }
  // Of one instant nobody knows the order: what was taken comes first, so that no peak is missed; none is above the contract in any case.
  const rank = ({ kind }: SeatEvent): number => (kind === 'given' ? 1 : 0);
  return events.map(({ event }) => event).toSorted((a, b) => a.at - b.at || rank(a) - rank(b));
}

/** `2027-04` of `2027-04-01`. */
export function monthOf(day: LocalDate): string {
  return day.slice(0, 7);
}

/** When somebody used a seat; `null`: before the history began, or to this moment. */
export interface SeatPeriod {
  readonly from: Instant | null;
  readonly until: Instant | null;
  readonly takenBy: string | null;
  readonly taken: string | null;
  readonly givenBy: string | null;
  readonly given: string | null;
}

const mostSteps = 1_000;

/** The latest first; at most of the last 1,000 steps. Throws `StorageError`. */
export async function readSeatPeriods(
  storage: Storage,
  organizationId: OrganizationId,
  userId: UserId,
): Promise<readonly SeatPeriod[]> {
  const steps = await storage.seatEvents.ofUser(organizationId, userId, mostSteps);
  const periods: SeatPeriod[] = [];
  let open: SeatPeriod = { from: null, until: null, takenBy: null, taken: null, givenBy: null, given: null };
  let isOpen = false;
  for (const step of steps) {
    if (step.kind === 'taken') {
      periods.push({ ...open, from: step.at, takenBy: step.by, taken: step.cause });
      open = { from: null, until: null, takenBy: null, taken: null, givenBy: null, given: null };
      isOpen = false;
    } else if (step.kind === 'given') {
      if (isOpen) periods.push(open);
      open = { from: null, until: step.at, takenBy: null, taken: null, givenBy: step.by, given: step.cause };
      isOpen = true;
    }
  }
  return isOpen ? [...periods, open] : periods;
}
