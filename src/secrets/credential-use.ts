// When a credential was last used, to the minute. Kept in memory and written behind the answers, one write per credential and interval, in a record
// of its own: it can change nothing else about a credential, revive none that was revoked, and never meets a rotation.

import type { Credential } from '#directory/credential.ts';
import type { CredentialId, Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';

/** The record's id is the credential's. */
export interface CredentialUse {
  readonly lastUsedAt: Instant;
}

export const credentialUseRecords: RecordKind<CredentialUse> = { name: 'credentialUse', keysOf: () => [] };

type Used = Pick<Credential, 'id' | 'organizationId'>;

export interface CredentialUses {
  /** Costs a look into a map; never throws. */
  note(credential: Used): void;
  /** The latest use that any node has written or this one knows of. Throws `StorageError`. */
  lastUseOf(credential: Used): Promise<Instant | undefined>;
  /** The same for all credentials of an organisation that were ever used. */
  lastUsesIn(organizationId: OrganizationId): Promise<ReadonlyMap<CredentialId, Instant>>;
  /** Writes what is not written yet. What cannot be written now is tried again with the next; never throws. */
  flush(): Promise<void>;
  /** The last flush, within bounds. */
  close(): Promise<void>;
}

export interface CredentialUsesContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly now: () => number;
  readonly reportTrouble: (message: string, error: unknown) => void;
  readonly everyMs?: number;
}

const minute = 60_000;
/** Uses that wait for their write; what comes beyond is noted at its next use after a flush. */
const mostWaiting = 10_000;
const closePatienceMs = 2_000;
const pieceOfList = 200;

export function createCredentialUses(context: CredentialUsesContext): CredentialUses {
  const records = context.storage.records(credentialUseRecords);
  const waiting = new Map<CredentialId, { readonly organizationId: OrganizationId; readonly at: Instant }>();
  let timer: NodeJS.Timeout | undefined;
  let flushing: Promise<void> | undefined;
  return { note, lastUseOf, lastUsesIn, flush, close };

  function note({ id, organizationId }: Used): void {
    const at = Math.floor(context.now() / minute) * minute;
    const known = waiting.get(id);
    if (known !== undefined ? known.at >= at : waiting.size >= mostWaiting) return;
    waiting.set(id, { organizationId, at });
    timer ??= setTimeout(() => void flush(), context.everyMs ?? minute).unref();
  }

  async function lastUseOf({ id }: Used): Promise<Instant | undefined> {
    return latest((await records.get(id, context.now()))?.value.lastUsedAt, waiting.get(id)?.at);
  }

  async function lastUsesIn(organizationId: OrganizationId): Promise<ReadonlyMap<CredentialId, Instant>> {
    const uses = new Map<CredentialId, Instant>();
    const take = (id: CredentialId, at: Instant) => uses.set(id, Math.max(uses.get(id) ?? 0, at));
    for (let after: string | undefined; ; ) {
      const page = { ...(after === undefined ? {} : { after }), limit: pieceOfList };
      const piece = await records.list(organizationId, page, context.now());
      for (const { id, value } of piece) take(id as CredentialId, value.lastUsedAt);
      after = piece.at(-1)?.id;
      if (piece.length < pieceOfList) break;
    }
    for (const [id, use] of waiting) if (use.organizationId === organizationId) take(id, use.at);
    return uses;
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
    try {
      for (const [id, use] of waiting) {
        await write(id, use.organizationId, use.at);
        // A use of a later minute may have been noted meanwhile.
        if (waiting.get(id) === use) waiting.delete(id);
      }
    } catch (error) {
      context.reportTrouble('last uses of credentials could not be written; they are tried again', error);
    }
    if (waiting.size > 0) timer ??= setTimeout(() => void flush(), context.everyMs ?? minute).unref();
  }

  /** The later one stays, whichever node writes last. */
  async function write(id: CredentialId, organizationId: OrganizationId, at: Instant): Promise<void> {
    for (let round = 0; round < 20; round += 1) {
      const stored = await records.get(id, context.now());
      if (stored === null) {
        if (await insert(id, organizationId, at)) return;
      } else if (stored.value.lastUsedAt >= at) return;
      else if (await records.replace({ ...stored, value: { lastUsedAt: at } })) return;
    }
  }

  async function insert(id: CredentialId, organizationId: OrganizationId, at: Instant): Promise<boolean> {
    return records.insertOnce({ id, organizationId, value: { lastUsedAt: at } });
  }

  async function close(): Promise<void> {
    await waitAtMost(flush(), closePatienceMs);
    clearTimeout(timer);
  }
}

function latest(stored: Instant | undefined, known: Instant | undefined): Instant | undefined {
  return stored === undefined || known === undefined ? (stored ?? known) : Math.max(stored, known);
}
