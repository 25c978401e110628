// Notices for a reader: newest first, which of them they have read, and how many they have not.

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { Notice, NoticeCode } from '#directory/notice.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { keepNoticesMs, noticeReadingRecords, noticeRecords, type StoredNotice } from './notice-records.ts';

/** A reader's view of an organisation's notices. `reader` is a user's or a credential's id, without a slash. */
export interface NoticeDesk {
  readonly storage: Storage;
  readonly now: Instant;
  readonly organizationId: OrganizationId;
  readonly reader: string;
}

export interface NoticePage {
  readonly code?: NoticeCode;
  readonly level?: Notice['level'];
  readonly unread?: boolean;
  readonly after?: string;
  readonly limit: number;
}

export interface ListedNotice extends StoredNotice {
  readonly id: string;
  readonly isRead: boolean;
}

export interface NoticeList {
  readonly items: readonly ListedNotice[];
  /** The id to go on after; null: there are no more. */
  readonly next: string | null;
}

/** More than a bell shows, and as many marks as are read at once. */
const mostUnread = 1_000;
/** A page of unread ones passes over so many that are read, at most; the next page goes on. */
const mostRead = 1_000;

/** Throws `StorageError`. */
export async function listNotices(
  desk: NoticeDesk,
  { code, level, unread, after, limit }: NoticePage,
): Promise<NoticeList> {
  const upTo = await readMark(desk);
  const words = [...(code === undefined ? [] : [`code=${code}`]), ...(level === undefined ? [] : [`level=${level}`])];
  const key = words.length === 0 ? {} : { key: words.join(' ') };
  const items: ListedNotice[] = [];
  let passed = 0;
  for (let place = after; ; ) {
    const page = { ...key, newestFirst: true, limit: limit + 1, ...(place === undefined ? {} : { after: place }) };
    const found = await desk.storage.records(noticeRecords).list(desk.organizationId, page, desk.now);
    const listed = await withMarks(desk, found, upTo);
    for (const notice of listed) {
      if (unread !== undefined && notice.isRead === unread) continue;
      if (items.length === limit) return { items, next: items.at(-1)?.id ?? null };
      items.push(notice);
    }
    place = found.at(-1)?.id ?? place;
    passed += found.length;
    // Whatever is older than the mark is read.
    const isDone = found.length <= limit || (unread === true && upTo !== '' && (place ?? '') <= upTo);
    if (isDone) return { items, next: null };
    if (passed >= mostRead) return { items, next: place ?? null };
  }
}

/** At most 1,000 are counted. Throws `StorageError`. */
export async function countUnread(desk: NoticeDesk): Promise<number> {
  const upTo = await readMark(desk);
  const page = { limit: mostUnread, ...(upTo === '' ? {} : { after: upTo }) };
  const found = await desk.storage.records(noticeRecords).list(desk.organizationId, page, desk.now);
  return (await withMarks(desk, found, upTo)).filter(({ isRead }) => !isRead).length;
}

/** Those of `ids` (at most 1,000) that name no notice of the organisation. Throws `StorageError`. */
export async function findUnknown(
  { storage, organizationId, now }: NoticeDesk,
  ids: readonly string[],
): Promise<readonly string[]> {
  const found = await storage.records(noticeRecords).getMany([...new Set(ids)], now);
  const known = new Set(found.filter((record) => record.organizationId === organizationId).map(({ id }) => id));
  return ids.filter((id) => !known.has(id));
}

/** Marks single ones. Idempotent. Throws `StorageError`. */
export async function markRead(desk: NoticeDesk, ids: readonly string[]): Promise<void> {
  for (const id of new Set(ids)) await insertMark(desk, `${placeOf(desk)}/${id}`, {});
}

/** Marks one and all before it; an earlier one changes nothing. Throws `StorageError`. */
export async function markReadUpTo(desk: NoticeDesk, upTo: string): Promise<void> {
  const store = desk.storage.records(noticeReadingRecords);
  for (let round = 0; ; round += 1) {
    const record = await store.get(placeOf(desk), desk.now);
    if (record === null) {
      if (await insertMark(desk, placeOf(desk), { upTo })) return;
      // Not somebody who was quicker: an expired one keeps its id until it is swept.
      if (round > 1) await store.delete(placeOf(desk));
    } else {
      if ((record.value.upTo ?? '') >= upTo) return;
      if (await store.replace({ ...record, expiresAt: desk.now + keepNoticesMs, value: { upTo } })) return;
    }
  }
}

async function insertMark(desk: NoticeDesk, id: string, value: { readonly upTo?: string }): Promise<boolean> {
  const { organizationId, now, storage } = desk;
  return storage
    .records(noticeReadingRecords)
    .insertOnce({ id, organizationId, expiresAt: now + keepNoticesMs, value });
}

async function readMark(desk: NoticeDesk): Promise<string> {
  const record = await desk.storage.records(noticeReadingRecords).get(placeOf(desk), desk.now);
  return record?.value.upTo ?? '';
}

async function withMarks(
  desk: NoticeDesk,
  found: readonly StoredRecord<StoredNotice>[],
  upTo: string,
): Promise<readonly ListedNotice[]> {
  const later = found.filter(({ id }) => id > upTo).map(({ id }) => `${placeOf(desk)}/${id}`);
  const marks = later.length === 0 ? [] : await desk.storage.records(noticeReadingRecords).getMany(later, desk.now);
  const read = new Set(marks.map(({ id }) => id));
  return found.map(({ id, value }) => ({ ...value, id, isRead: id <= upTo || read.has(`${placeOf(desk)}/${id}`) }));
}

function placeOf({ organizationId, reader }: NoticeDesk): string {
  return `${organizationId}/${reader}`;
}
