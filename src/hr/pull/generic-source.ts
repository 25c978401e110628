// Any HR system that answers JSON: a page of items at a time, each made into a line of the feed by the connection's mapping. What an item lacks is
// left out of the line, and the feed says what is wrong with it.

import type { GenericMapping, GenericPull } from '#directory/hr-pull.ts';
import { isRecord, PullFailure, type GetJson } from './pull-request.ts';
import { addDays, isDate, type PulledLine, type PullScope, type PullSource } from './pull-source.ts';

const mostPages = 10_000;
const mostItems = 50_000;

/** Positions: the next page's address, or its number. */
export function createGenericSource(pull: GenericPull, get: GetJson, scope: PullScope): PullSource {
  return {
    async read(position) {
      const url = addressOf(pull, scope, position);
      const answer = await get(url);
      const items = pull.itemsAt === undefined ? answer : valueAt(answer, pull.itemsAt);
      if (!Array.isArray(items)) throw new PullFailure(`${new URL(url).host} answered no array where one is expected.`);
      if (items.length > mostItems) throw new PullFailure(`One page has more than ${mostItems} items.`);
      const lines = items.flatMap((item) => toLine(pull.mapping, item, scope.today));
      return { lines, read: items.length, unknown: 0, next: nextOf(pull, url, answer, items.length, position) };
    },
  };
}

function addressOf(pull: GenericPull, { since }: PullScope, position: string | undefined): string {
  if (position !== undefined && pull.paging?.kind === 'next') return position;
  const url = new URL(pull.url);
  if (pull.sinceParameter !== undefined && since !== undefined)
    url.searchParams.set(pull.sinceParameter, new Date(since).toISOString());
  if (pull.paging?.kind === 'page') url.searchParams.set(pull.paging.parameter, position ?? String(pull.paging.first));
  return url.href;
}

function nextOf(
  { paging }: GenericPull,
  url: string,
  answer: unknown,
  count: number,
  position: string | undefined,
): string | null {
  if (paging === undefined) return null;
  if (paging.kind === 'page') {
    const page = position === undefined ? paging.first : Number(position);
    if (page >= mostPages) throw new PullFailure(`There is no end after ${mostPages} pages.`);
    return count === 0 ? null : String(page + 1);
  }
  const next = valueAt(answer, paging.at);
  if (next === undefined || next === null || next === '') return null;
  if (typeof next !== 'string' || !URL.canParse(next, url))
    throw new PullFailure('The address of the next page is none.');
  const { origin, href } = new URL(next, url);
  // Our secret goes to the host it was given for and to no other.
  if (origin !== new URL(url).origin) throw new PullFailure(`The next page is at another host, ${origin}.`);
  if (href === url) throw new PullFailure('The next page is the same page.');
  return href;
}

/** None for a status that means nothing here. */
function toLine(mapping: GenericMapping, item: unknown, today: string): readonly PulledLine[] {
  const said = textAt(item, mapping.status);
  if (said === undefined || !Object.hasOwn(mapping.statuses, said)) return [];
  const status = mapping.statuses[said];
  const isLeave = status === 'leave';
  const members = {
    employeeNumber: textAt(item, mapping.employeeNumber),
    userName: textAt(item, mapping.userName),
    email: textAt(item, mapping.email),
    externalId: textAt(item, mapping.externalId),
    status,
    effectiveAt: textAt(item, mapping.effectiveAt) ?? today,
    until: isLeave ? untilOf(mapping, item) : undefined,
    type: isLeave ? typeOf(mapping, item) : undefined,
    note: textAt(item, mapping.note),
    sequence: sequenceAt(item, mapping.sequence),
  };
  return [{ line: Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) }];
}

function untilOf(mapping: GenericMapping, item: unknown): string | undefined {
  const text = textAt(item, mapping.until);
  return text !== undefined && mapping.untilIs === 'lastDayOff' && isDate(text) ? addDays(text, 1) : text;
}

function typeOf({ type, types = {} }: GenericMapping, item: unknown): string | undefined {
  const text = textAt(item, type);
  if (text === undefined) return undefined;
  return Object.hasOwn(types, text) ? types[text] : 'other';
}

/** Numbers that were sent as text are numbers; what is neither is for the feed to refuse. */
function sequenceAt(item: unknown, place: string | undefined): unknown {
  const value = place === undefined ? undefined : valueAt(item, place);
  if (value === null) return undefined;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
}

function textAt(item: unknown, place: string | undefined): string | undefined {
  const value = place === undefined ? undefined : valueAt(item, place);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function valueAt(item: unknown, place: string): unknown {
  let value = item;
  for (const name of place.split('.')) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}
