// What the dates of a leave mean: local dates in a zone, as instants (console.md 4, "Time"). `from` begins at midnight, `until` is the first day
// back and begins at the hour of return. A local time that daylight saving skips moves forward by the gap, of a doubled one it is the first.

import { DirectoryError } from '#directory/directory-error.ts';
import type { Instant } from '#directory/identifiers.ts';
import type { LocalDate } from '#directory/leave.ts';
import { Temporal } from 'temporal-polyfill';

/** The instant at which it is `hour` o'clock on that day there. Throws `DirectoryError` `invalidValue` for what is no date, naming `field`. */
export function toInstant(date: LocalDate, hour: number, zone: string, field: string): Instant {
  return readDate(date, field).toZonedDateTime({ timeZone: zone, plainTime: { hour } }).epochMilliseconds;
}

/** So many days later; earlier where `days` is negative. */
export function daysAfter(date: LocalDate, days: number): LocalDate {
  return readDate(date, 'date').add({ days }).toString();
}

/** Days that were asked for lately, by zone: nearly every question is about today. */
const lately = new Map<string, { readonly from: Instant; readonly until: Instant; readonly date: LocalDate }>();
const mostZones = 1_000;

/** Which day it is there. */
export function toLocalDate(instant: Instant, zone: string): LocalDate {
  const known = lately.get(zone);
  if (known !== undefined && instant >= known.from && instant < known.until) return known.date;
  const day = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone).toPlainDate();
  const startOf = (date: Temporal.PlainDate): Instant => date.toZonedDateTime(zone).epochMilliseconds;
  const found = { from: startOf(day), until: startOf(day.add({ days: 1 })), date: day.toString() };
  if (lately.size >= mostZones) lately.clear();
  lately.set(zone, found);
  return found.date;
}

function readDate(text: LocalDate, field: string): Temporal.PlainDate {
  try {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) throw new RangeError('a shape that no date has');
    return Temporal.PlainDate.from(text, { overflow: 'reject' });
  } catch {
    throw new DirectoryError('invalidValue', `\`${field}\` must be a date that exists, as 2027-04-01.`, { field });
  }
}
