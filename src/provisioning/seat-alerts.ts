// Tells of seats that run out as it happens: each threshold once for each crossing upwards, whoever of several nodes sees it first. What was told
// stands in a guarded record, and the notice is stored with it.

import { toEffects } from '#directory/effect.ts';
import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { Notice } from '#directory/notice.ts';
import { seatRoles } from '#directory/notices-between.ts';
import type { Organization } from '#directory/organization.ts';
import { isSame } from '#directory/same-value.ts';
import { crossThresholds, daysBetween, usualAlerts } from '#directory/seat-alert.ts';
import type { TellingPlace } from '#notices/tell-once.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { toLocalDate } from './leave-dates.ts';
import { countReservedSeats } from './reserved-seats.ts';

/** What has been told of an organisation's seats, so that it is told again only when it is new. */
export interface SeatAlerts {
  /** Thresholds that were reached and have not been left since. */
  readonly reached?: readonly number[];
  /** The first shortage ahead: the one that was told of, or the one the forecast saw last. */
  readonly shortage?: { readonly date: string; readonly short: number };
}

/** `ORGANIZATION/thresholds` and `ORGANIZATION/shortage`; `ORGANIZATION/ahead`, of which nobody is told, for the metrics. */
export const seatAlertRecords: RecordKind<SeatAlerts> = { name: 'seatAlert', carriesEffects: true, keysOf: () => [] };

/** The sweep over all organisations. Throws `StorageError`. */
export async function watchSeats(place: TellingPlace): Promise<void> {
  for (const organization of await place.storage.organizations.list()) await tellOfThresholds(place, organization);
}

/** The same for one of them, as soon as its seats have moved. */
export async function watchSeatsOf(place: TellingPlace, id: OrganizationId): Promise<void> {
  const organization = await place.storage.organizations.get(id);
  if (organization !== null) await tellOfThresholds(place, organization);
}

async function tellOfThresholds(place: TellingPlace, { id, alerts = usualAlerts }: Organization): Promise<void> {
  await changeAlerts(place, id, 'thresholds', async ({ reached = [] }) => {
    const [stored, reserved] = await Promise.all([place.storage.seats.read(id), countReservedSeats(place.storage, id)]);
    if (stored === null) return null;
    // As everywhere else: a seat that is reserved is not in use yet.
    const ledger = { ...stored, used: stored.used - reserved };
    const crossing = crossThresholds(alerts.thresholds, reached, ledger);
    const { crossed } = crossing;
    const after = crossing.reached.length === 0 ? {} : { reached: crossing.reached };
    if (crossed === undefined) return { after };
    const values = { threshold: String(crossed), used: String(ledger.used), licensed: String(ledger.licensed) };
    const level = crossed >= 100 ? 'important' : 'warning';
    return { after, notice: { code: 'seatThreshold', level, values, roles: seatRoles } };
  });
}

/** In how many days the first shortage comes, as the forecast saw it last, for those of these organisations that have one. Throws `StorageError`. */
export async function readShortageDays(
  storage: Pick<Storage, 'records'>,
  organizations: readonly Organization[],
  now: Instant,
): Promise<ReadonlyMap<OrganizationId, number>> {
  const days = new Map<OrganizationId, number>();
  for (let at = 0; at < organizations.length; at += piece) {
    const some = new Map(organizations.slice(at, at + piece).map((one) => [one.id, one] as const));
    const names = [...some.keys()].map((id) => `${id}/ahead`);
    for (const { organizationId: id, value } of await storage.records(seatAlertRecords).getMany(names, now)) {
      const [date, zone] = [value.shortage?.date, some.get(id)?.timeZone];
      if (date === undefined || zone === undefined) continue;
      days.set(id, Math.max(0, daysBetween(toLocalDate(now, zone), date)));
    }
  }
  return days;
}

const piece = 500;

interface AlertStep {
  readonly after: SeatAlerts;
  readonly notice?: Notice;
}

const rounds = 20;

/** Reads what was told, lets `decide` say what is to be told now, writes both in one; again where somebody else wrote first. Throws `StorageError`. */
export async function changeAlerts(
  place: TellingPlace,
  id: OrganizationId,
  what: 'thresholds' | 'shortage' | 'ahead',
  decide: (before: SeatAlerts) => Promise<AlertStep | null>,
): Promise<void> {
  const store = place.storage.records(seatAlertRecords);
  for (let round = 0; round < rounds; round += 1) {
    const record = await store.get(`${id}/${what}`, place.now());
    const before = record?.value ?? {};
    const step = await decide(before);
    if (step === null || (step.notice === undefined && isSame(before, step.after))) return;
    const effects = step.notice === undefined ? [] : toEffects(place, id, [{ kind: 'notice', notice: step.notice }]);
    const isKept =
      record === null
        ? await store.insertOnce({ id: `${id}/${what}`, organizationId: id, value: step.after }, effects)
        : await store.replace({ ...record, value: step.after }, effects);
    if (!isKept) continue;
    if (step.notice !== undefined) place.wakeRelay();
    return;
  }
}
