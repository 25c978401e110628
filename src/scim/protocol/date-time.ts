// Owns reading an xsd:dateTime as an instant and comparing two of them over offsets and precisions (RFC 7643
// §2.3.5, RFC 7644 §3.4.2.2). The text itself is stored and answered as it was sent.

/** Seconds since the epoch, and the digits of the fraction without trailing zeros. */
export interface Instant {
  readonly seconds: number;
  readonly fraction: string;
}

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,18}))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?$/i;

/** Reads an xsd:dateTime; without an offset it counts as UTC. `undefined` if it is none, or no such day exists. */
export function parseInstant(text: string): Instant | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const fraction = (match[7] ?? '').replace(/0+$/, '');
  return { seconds: date.getTime() / 1000 - offsetSeconds(match[8] ?? 'Z'), fraction };
}

/** Negative, zero or positive, as for sorting. */
export function compareInstants(left: Instant, right: Instant): number {
  if (left.seconds !== right.seconds) return left.seconds - right.seconds;
  if (left.fraction === right.fraction) return 0;
  return left.fraction < right.fraction ? -1 : 1;
}

function offsetSeconds(offset: string): number {
  if (offset.toUpperCase() === 'Z') return 0;
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6));
  return (offset.startsWith('-') ? -60 : 60) * minutes;
}
