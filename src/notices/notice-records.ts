// Notices as they are stored: one record each, under the id of the effect that made it, so that carrying it out twice stores it once.

import type { Notice } from '#directory/notice.ts';
import type { Instant } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';

export interface StoredNotice extends Notice {
  readonly at: Instant;
}

export const noticeRecords: RecordKind<StoredNotice> = {
  name: 'notice',
  keysOf: () => [],
};
