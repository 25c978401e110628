// Port: plain records (session, attempt, connection, credential, sign-in, …): insert, get, replace at revision, take once, list by key, expire.
// Ids are unique per kind across organisations; whoever looks a record up by id compares its organisation.

import type { Effect } from '#directory/effect.ts';
import type { Instant, OrganizationId } from '#directory/identifiers.ts';

/** A kind of record: its name is its table. `keysOf` gives the keys it can be listed by, for example `user=…`. */
export interface RecordKind<Value> {
  readonly name: string;
  readonly keysOf: (value: Value) => readonly string[];
  /** Its writes may carry effects. With any other kind they are refused: nobody would look for them there. */
  readonly carriesEffects?: true;
  /** Nearly every request asks for one of a few: a store may keep them, as long as it knows that they are as stored now. */
  readonly isAskedOften?: true;
}

/** What a store must know of a kind before its first record. */
export type AnnouncedKind = Pick<RecordKind<never>, 'name' | 'carriesEffects'>;

/** Throws for effects of a kind that does not carry any: a mistake in the program. */
export function assertMayCarry({ name, carriesEffects }: AnnouncedKind, effects: readonly Effect[]): void {
  if (effects.length > 0 && carriesEffects !== true) throw new TypeError(`Records of kind ${name} carry no effects.`);
}

export interface StoredRecord<Value> {
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly revision: number;
  /** From this instant on it is not found any more; a sweep deletes it later. */
  readonly expiresAt?: Instant;
  readonly value: Value;
}

export type NewRecord<Value> = Omit<StoredRecord<Value>, 'revision'>;

export interface RecordPage {
  /** Only records with this key; without it all of the organisation. */
  readonly key?: string;
  /** Ids greater than this one, or less with `newestFirst`. */
  readonly after?: string;
  /** Rows to pass over first, counted from `after`. */
  readonly offset?: number;
  /** 0 gives none. */
  readonly limit: number;
  /** Descending order of id. */
  readonly newestFirst?: boolean;
}

/**
 * `now` decides expiry; it is the server's clock, passed in so that tests can set it.
 * Effects outlive their record: deleting, taking or expiring it does not lose what was still to be carried out.
 */
export interface RecordStore<Value> {
  /** Throws `StorageError('duplicate')` when the id exists, expired or not. Effects are stored in the same write. */
  insert(record: NewRecord<Value>, effects?: readonly Effect[]): Promise<void>;
  /** The same, but false when the id exists, expired or not; then nothing is written. Of many callers one gets true. */
  insertOnce(record: NewRecord<Value>, effects?: readonly Effect[]): Promise<boolean>;
  get(id: string, now: Instant): Promise<StoredRecord<Value> | null>;
  /** By id, for at most 1,000 at once, in no order; unknown and expired ones are left out. */
  getMany(ids: readonly string[], now: Instant): Promise<readonly StoredRecord<Value>[]>;
  /** Writes the value (and expiry) guarded by the revision that was read; false when someone else wrote first or it is gone. */
  replace(record: StoredRecord<Value>, effects?: readonly Effect[]): Promise<boolean>;
  /** Finds and deletes in one step: of many callers exactly one gets it. */
  take(id: string, now: Instant): Promise<StoredRecord<Value> | null>;
  delete(id: string): Promise<boolean>;
  /** Unexpired records of the organisation in order of id. */
  list(organizationId: OrganizationId, page: RecordPage, now: Instant): Promise<readonly StoredRecord<Value>[]>;
  /** Deletes up to `limit` expired ones; answers how many. */
  deleteExpired(now: Instant, limit: number): Promise<number>;
}
