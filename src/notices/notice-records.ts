// Notices as they are stored: one record each, under the id of the effect that made it, so that carrying it out twice stores it once. And who
// has read which.

import type { Notice } from '#directory/notice.ts';
import type { Instant } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';

export interface StoredNotice extends Notice {
  readonly at: Instant;
}

export const noticeRecords: RecordKind<StoredNotice> = {
  name: 'notice',
  keysOf: ({ code, level }) => [`code=${code}`, `level=${level}`, `code=${code} level=${level}`],
};

/**
 * What a reader has read: up to one notice (`ORGANIZATION/READER`), and single ones after it (`ORGANIZATION/READER/NOTICE`). Per reader, because
 * a notice goes to each of several people: that one has seen it does not mean that the others have (docs/decisions/0020).
 */
export interface NoticeReading {
  /** Id of a notice: it and all before it. */
  readonly upTo?: string;
}

export const noticeReadingRecords: RecordKind<NoticeReading> = { name: 'noticeReading', keysOf: () => [] };

/** Notices are kept for as long as somebody may still want to look one up. */
export const keepNoticesMs = 365 * 86_400_000;
