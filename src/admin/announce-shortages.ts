// Tells ahead what the forecast knows: the first shortage within so many days, once and again when it changes; and each return (or start) for which
// there will be no seat, some days before and on the day, as long as that is so. The schedule of leaves tells of the return itself.

import type { Organization } from '#directory/organization.ts';
import { seatRoles } from '#directory/notices-between.ts';
import { isSame } from '#directory/same-value.ts';
import { daysBetween, dueNotice, usualAlerts, usualNoticeDays } from '#directory/seat-alert.ts';
import { tellOnce } from '#notices/tell-once.ts';
import { toLocalDate } from '#provisioning/leave-dates.ts';
import { changeAlerts } from '#provisioning/seat-alerts.ts';
import type { AdminContext } from './admin-operation.ts';
import { readForecast } from './seat-forecast.ts';

type Forecast = Awaited<ReturnType<typeof readForecast>>;

const dayMs = 86_400_000;

/** The sweep over all organisations. Throws `StorageError`. */
export async function announceShortages(context: AdminContext): Promise<void> {
  for (const organization of await context.storage.organizations.list()) {
    const { alerts = usualAlerts, noticeDays = usualNoticeDays } = organization;
    // A day is up to 25 hours long, and a return may be late in its day.
    const days = Math.max(alerts.shortageDays, ...noticeDays, 0) + 2;
    const forecast = await readForecast(context, organization, days);
    await keepShortage(context, organization, forecast);
    await tellOfShortage(context, organization, forecast);
    await announceReturns(context, organization, forecast);
  }
}

/** For the metrics. */
function keepShortage(context: AdminContext, { id }: Organization, { firstShortage }: Forecast): Promise<void> {
  const after = firstShortage === null ? {} : { shortage: { date: firstShortage.date, short: firstShortage.short } };
  return changeAlerts(context, id, 'ahead', () => Promise.resolve({ after }));
}

async function tellOfShortage(
  context: AdminContext,
  { id, timeZone, alerts = usualAlerts }: Organization,
  { steps, firstShortage }: Forecast,
): Promise<void> {
  const today = toLocalDate(context.now(), timeZone);
  const isSoon = firstShortage !== null && daysBetween(today, firstShortage.date) <= alerts.shortageDays;
  const step = isSoon && alerts.shortageDays > 0 ? steps.find(({ short }) => short > 0) : undefined;
  await changeAlerts(context, id, 'shortage', ({ shortage: told }) => {
    if (step === undefined) return Promise.resolve({ after: {} });
    // One that is there already stays one and the same, whatever day it is and however many wait.
    const isNow = step === steps[0];
    const shortage = isNow ? { date: 'now', short: 0 } : { date: step.date, short: step.short };
    if (isSame(told, shortage)) return Promise.resolve(null);
    const values = {
      date: step.date,
      short: String(step.short),
      needed: String(step.needed),
      licensed: String(step.licensed),
    };
    return Promise.resolve({
      after: { shortage },
      notice: { code: 'seatShortage', level: 'warning', values, roles: seatRoles },
    } as const);
  });
}

async function announceReturns(
  context: AdminContext,
  { id, timeZone, noticeDays = usualNoticeDays }: Organization,
  { steps }: Forecast,
): Promise<void> {
  const today = toLocalDate(context.now(), timeZone);
  for (const { date, needed, used, reserved, licensed, events } of steps) {
    if (needed <= used + reserved) continue;
    const ahead = daysBetween(today, date);
    const due = dueNotice(noticeDays, ahead);
    if (due === undefined) continue;
    for (const { kind, change, waits, user, name, type } of events) {
      // Also whoever stands in line since a seat was to be reserved: of the others of that day nobody knows who comes first.
      if (kind !== 'returns' || (change <= 0 && waits !== true)) continue;
      const values = {
        name,
        type,
        date,
        days: String(ahead),
        needed: String(needed),
        licensed: String(licensed),
      };
      const about = { kind: 'user', id: user };
      const notice = { code: 'returnWithoutSeat', level: 'warning', values, roles: seatRoles, about } as const;
      await tellOnce(context, id, `return/${user}/${date}/${due}`, notice, context.now() + (ahead + 30) * dayMs);
    }
  }
}
