// The provisioning log: written behind the answers in groups, so that it costs them next to nothing. A crash may lose the last second of it, and what
// finds no place while the store is away is counted and dropped; the audit trail, which is written with the change itself, loses nothing.

import { createTimeOrderedId, type Instant, type OrganizationId, type RandomBytes } from '#directory/identifiers.ts';
import type { Logger } from '#observability/logger.ts';
import type { Metrics } from '#observability/metrics.ts';
import {
  provisioningLogRecords,
  type ProvisioningEntry,
  type ProvisioningLogPack,
  type ProvisioningOutcome,
} from '#storage/provisioning-log-records.ts';
import type { RecordStore, StoredRecord } from '#storage/record-store.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';

export interface ProvisioningLogQuery {
  /** Id of a user, group or department. */
  readonly resource?: string;
  readonly connection?: string;
  readonly outcome?: ProvisioningOutcome;
  /** Only entries older than the one with this id. */
  readonly after?: string;
  readonly limit: number;
}

export type LoggedEntry = ProvisioningEntry & { readonly id: string };

export interface ProvisioningLogPage {
  readonly items: readonly LoggedEntry[];
  /** Where to go on; null at the end. A page may be short, even empty, before it: what is rare is looked for in pieces. */
  readonly next: string | null;
}

export interface ProvisioningLog {
  /** Never throws and never waits. */
  add(organizationId: OrganizationId, entry: ProvisioningEntry): void;
  /** Newest first. Throws `StorageError`. */
  list(organizationId: OrganizationId, query: ProvisioningLogQuery): Promise<ProvisioningLogPage>;
  get(organizationId: OrganizationId, id: string): Promise<LoggedEntry | null>;
  /** Writes what waits, as far as that can be done now; never throws. */
  flush(): Promise<void>;
  /** The last flush, within bounds. */
  close(): Promise<void>;
}

export interface ProvisioningLogContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  readonly keepMs: number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly metrics: Pick<Metrics, 'provisioningLogDropped'>;
}

const flushAfterMs = 500;
/** Of one pack: a page reads packs whole. */
const mostOfPack = { entries: 50, characters: 65_536 };
const mostWaiting = { entries: 10_000, characters: 8_388_608 };
/** Written at once, sharing a flush to the disk: under an import one by one would fall behind. */
const packsTogether = 16;
const closePatienceMs = 5_000;
const packsAtOnce = 16;
/** Entries that one page reads in search of what is rare. */
const mostRead = 2_000;

/** A pack before it is written. */
interface Packing {
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly entries: ProvisioningEntry[];
  characters: number;
}

export function createProvisioningLog(context: ProvisioningLogContext): ProvisioningLog {
  const records = context.storage.records(provisioningLogRecords);
  /** In the order in which they were begun. */
  const waiting: Packing[] = [];
  /** The one that an organisation's next entry goes into. */
  const open = new Map<OrganizationId, Packing>();
  const held = { entries: 0, characters: 0 };
  let dropped = 0;
  let isTroubled = false;
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | undefined;
  return {
    add,
    list: (organizationId, query) => listEntries(records, organizationId, query, context.now()),
    get,
    flush,
    close,
  };

  function add(organizationId: OrganizationId, entry: ProvisioningEntry): void {
    schedule();
    const size = sizeOf(entry);
    if (held.entries >= mostWaiting.entries || held.characters + size > mostWaiting.characters) return countDropped(1);
    const pack = packFor(organizationId, size);
    pack.entries.push(entry);
    pack.characters += size;
    held.entries += 1;
    held.characters += size;
  }

  function packFor(organizationId: OrganizationId, size: number): Packing {
    const begun = open.get(organizationId);
    const fits =
      begun !== undefined &&
      begun.entries.length < mostOfPack.entries &&
      begun.characters + size <= mostOfPack.characters;
    if (fits) return begun;
    const id = createTimeOrderedId(context.now(), context.randomBytes);
    const pack: Packing = { id, organizationId, entries: [], characters: 0 };
    open.set(organizationId, pack);
    waiting.push(pack);
    return pack;
  }

  function schedule(): void {
    timer ??= setTimeout(() => void flush(), flushAfterMs).unref();
  }

  function flush(): Promise<void> {
    flushing ??= writeWaiting().finally(() => {
      flushing = undefined;
    });
    return flushing;
  }

  async function writeWaiting(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    for (let some = waiting.slice(0, packsTogether); some.length > 0; some = waiting.slice(0, packsTogether)) {
      // Closed before they are written: what comes meanwhile goes into the next.
      for (const pack of some) if (open.get(pack.organizationId) === pack) open.delete(pack.organizationId);
      const written = await Promise.all(some.map(write));
      for (const [n, pack] of some.entries()) {
        if (written[n] !== true) continue;
        waiting.splice(waiting.indexOf(pack), 1);
        held.entries -= pack.entries.length;
        held.characters -= pack.characters;
      }
      if (written.includes(false)) break;
    }
    reportDropped();
    if (waiting.length > 0) schedule();
  }

  /** False: the store is away. What the store will not take must not keep the rest from being written. */
  async function write({ id, organizationId, entries }: Packing): Promise<boolean> {
    const expiresAt = (entries.at(-1)?.at ?? context.now()) + context.keepMs;
    try {
      // It may be there, written by an attempt whose end was unclear.
      await records.insertOnce({ id, organizationId, expiresAt, value: { entries } });
      isTroubled = false;
    } catch (error) {
      if (!isTroubled) {
        isTroubled = true;
        context.logger.warn({ event: 'provisioningLog.trouble', err: error }, 'the provisioning log cannot be written');
      }
      if (error instanceof StorageError && error.code === 'unavailable') return false;
      countDropped(entries.length);
    }
    return true;
  }

  function countDropped(count: number): void {
    dropped += count;
    context.metrics.provisioningLogDropped.inc(count);
  }

  function reportDropped(): void {
    if (dropped === 0) return;
    context.logger.warn({ event: 'provisioningLog.dropped', dropped }, 'entries of the provisioning log were dropped');
    dropped = 0;
  }

  async function close(): Promise<void> {
    await waitAtMost(flush(), closePatienceMs);
    clearTimeout(timer);
    countDropped(held.entries);
    reportDropped();
  }

  async function get(organizationId: OrganizationId, id: string): Promise<LoggedEntry | null> {
    const [pack = '', place = ''] = id.split('.');
    const record = await records.get(pack, context.now());
    const entry = record?.organizationId === organizationId ? record.value.entries[Number(place)] : undefined;
    return entry === undefined ? null : { id, ...entry };
  }
}

/** Walks packs from the newest; a place is an entry's id, `<pack>.<place in it>`. */
async function listEntries(
  records: RecordStore<ProvisioningLogPack>,
  organizationId: OrganizationId,
  query: ProvisioningLogQuery,
  now: Instant,
): Promise<ProvisioningLogPage> {
  const items: LoggedEntry[] = [];
  const key = keyOf(query);
  const [begunPack, begunPlace] = query.after?.split('.') ?? [];
  const begun = begunPack === undefined ? null : await records.get(begunPack, now);
  let packs = begun?.organizationId === organizationId ? [begun] : [];
  let read = 0;
  for (let after = begunPack; ; ) {
    for (const pack of packs) {
      const end = pack.id === begunPack ? Number(begunPlace) : pack.value.entries.length;
      for (const entry of entriesOf(pack, end)) {
        if (!fits(entry, query)) continue;
        if (items.length === query.limit) return { items, next: items.at(-1)?.id ?? null };
        items.push(entry);
      }
      read += end;
    }
    if (read >= mostRead) return { items, next: `${after}.0` };
    const page = { limit: packsAtOnce, newestFirst: true, ...(key === undefined ? {} : { key }) };
    packs = [...(await records.list(organizationId, after === undefined ? page : { ...page, after }, now))];
    if (packs.length === 0) return { items, next: null };
    after = packs.at(-1)?.id;
  }
}

/** Those before `end`, the latest first. */
function entriesOf({ id, value }: StoredRecord<ProvisioningLogPack>, end: number): readonly LoggedEntry[] {
  return value.entries
    .slice(0, end)
    .map((entry, place) => ({ id: `${id}.${place}`, ...entry }))
    .toReversed();
}

function sizeOf({ body, changes }: ProvisioningEntry): number {
  return (body?.length ?? 0) + (changes?.length ?? 0);
}

/** The rarest of what is asked for; the rest is compared. */
function keyOf({ resource, outcome, connection }: ProvisioningLogQuery): string | undefined {
  if (resource !== undefined) return `resource=${resource}`;
  if (outcome !== undefined && outcome !== 'success') return `outcome=${outcome}`;
  return connection === undefined ? undefined : `connection=${connection}`;
}

function fits(entry: ProvisioningEntry, { resource, outcome, connection }: ProvisioningLogQuery): boolean {
  return (
    (resource === undefined || entry.resource?.id === resource) &&
    (outcome === undefined || entry.outcome === outcome) &&
    (connection === undefined || entry.connection === connection)
  );
}
