// Port: the append-only audit chain per organisation. What an entry says and how it is chained is audit/'s business.

import type { AuditEvent } from '#directory/effect.ts';
import type { Instant, OrganizationId } from '#directory/identifiers.ts';

export interface AuditEntry {
  readonly organizationId: OrganizationId;
  /** 1, 2, 3 … without a gap. */
  readonly seq: number;
  readonly at: Instant;
  /** The effect that made it: an entry is written once. */
  readonly eventId: string;
  readonly event: AuditEvent;
  /** `hash` of the entry before, hex; of the first: 64 zeros. */
  readonly prevHash: string;
  readonly hash: string;
}

export interface AuditPage {
  /** Entries with a higher `seq`, ascending; or with `newestFirst` a lower one, descending. */
  readonly after?: number;
  readonly limit: number;
  readonly newestFirst?: boolean;
}

export interface AuditStore {
  last(organizationId: OrganizationId): Promise<AuditEntry | null>;
  /** `seqTaken`: someone appended meanwhile, read the last again. `eventKnown`: this event is in the chain already (also when both are so). */
  insert(entry: AuditEntry): Promise<'inserted' | 'seqTaken' | 'eventKnown'>;
  /** The entries of one organisation in this order, until one cannot be inserted. Answers how many were; a crash leaves the first ones. */
  insertInOrder(entries: readonly AuditEntry[]): Promise<number>;
  list(organizationId: OrganizationId, page: AuditPage): Promise<readonly AuditEntry[]>;
}
