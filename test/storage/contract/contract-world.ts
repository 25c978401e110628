/**
 * What the contract suites build their cases from: an organisation of its own per case, users, effects, and short ways
 * to commit and to read back. Each suite opens one empty store; cases never look outside the organisations they made.
 */
import { createTimeOrderedId, type EffectId, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import type { Effect } from '#directory/effect.ts';
import { placeHold, type HoldKind } from '#directory/hold.ts';
import type { Organization } from '#directory/organization.ts';
import { isActive, type User } from '#directory/user.ts';
import type { AnnouncedKind, RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import type { CommitOutcome, UserCommit } from '#storage/user-store.ts';
import { randomBytes, randomUUID } from 'node:crypto';

/** Opens a store that holds nothing, with `contractRecordKinds`. The suite closes it. */
export type OpenStorage = () => Promise<Storage>;

export interface Thing {
  readonly colour: string;
  readonly tags?: readonly string[];
  readonly more?: unknown;
}

export const things: RecordKind<Thing> = {
  name: 'contractThing',
  carriesEffects: true,
  keysOf: (thing) => [`colour=${thing.colour}`, ...(thing.tags ?? []).map((tag) => `tag=${tag}`)],
};
export const otherThings: RecordKind<Thing> = { name: 'contractOther', keysOf: () => [] };

/** Something that belongs to a person. */
export interface Badge {
  readonly userId: UserId;
  readonly colour: string;
}
export const badges: RecordKind<Badge> = { name: 'contractBadge', keysOf: () => [] };

/** What `open` must pass as `recordKinds`. */
export const contractRecordKinds: readonly AnnouncedKind[] = [things, otherThings, badges];

/** An instant of the tests' own clock; storage never compares it with its own. */
export const noon = Date.UTC(2026, 3, 1, 12);

let made = 0;

/** A user's id; later ids are greater. */
export function nextUserId(): UserId {
  made += 1;
  return createTimeOrderedId(noon + made, (size) => randomBytes(size)) as UserId;
}

export function makeOrganization(over: Partial<Organization> = {}): Organization {
  const id = `org-${randomUUID()}` as OrganizationId;
  return {
    id,
    name: `Organisation ${id}`,
    timeZone: 'Asia/Tokyo',
    state: 'active',
    seatPolicy: 'wait',
    createdAt: noon,
    revision: 1,
    ...over,
  };
}

/** A new organisation with so many seats, null for no limit; answers its id. */
export async function openOrganization(storage: Storage, licensed: number | null): Promise<OrganizationId> {
  const organization = makeOrganization();
  expect(await storage.organizations.insert(organization, licensed, [])).toBe(true);
  return organization.id;
}

/** A user who was never stored: revision 1, without a seat, active as the holds say. */
export function makeUser(organizationId: OrganizationId, over: Partial<User> = {}): User {
  const id = over.id ?? nextUserId();
  const user: User = {
    id,
    organizationId,
    revision: 1,
    epoch: 0,
    profile: { userName: `${id}@example.com` },
    holds: [],
    active: true,
    seat: 'none',
    roles: [],
    createdAt: noon,
    modifiedAt: noon,
    provisionedBy: [],
    ...over,
  };
  return { ...user, active: isActive(user) };
}

/** The user with one more hold. A `seat` hold waits since `since`. */
export function held(user: User, kind: HoldKind, since = noon): User {
  const holds = placeHold(user.holds, { kind, source: '', since, by: 'cli' });
  const next: User = { ...user, holds, ...(kind === 'seat' ? { waitingSince: since } : {}) };
  return { ...next, active: isActive(next) };
}

/** The user freed of all holds. */
export function freed(user: User): User {
  const { waitingSince: _waited, ...rest } = user;
  return { ...rest, holds: [], active: user.deletedAt === undefined };
}

/** The user deleted: inactive, one epoch on. */
export function deleted(user: User, at = noon): User {
  return { ...user, deletedAt: at, active: false, epoch: user.epoch + 1 };
}

export function makeEffect(organizationId: OrganizationId, action = 'user.changed'): Effect {
  const id = createTimeOrderedId(noon, (size) => randomBytes(size)) as EffectId;
  return {
    id,
    organizationId,
    at: noon,
    attempts: 0,
    body: {
      kind: 'audit',
      event: { action, level: 'important', actor: 'cli', mouth: 'cli', target: { kind: 'user', id: 'someone' } },
    },
  };
}

export type CommitOptions = Partial<Pick<UserCommit, 'seat' | 'charge' | 'effects'>>;

/** Inserts a user who was never stored. */
export function insert(storage: Storage, user: User, options: CommitOptions = {}): Promise<CommitOutcome> {
  return storage.users.commit({ user, expectedRevision: null, seat: 'keep', effects: [], ...options });
}

/** Commits `next` over `read`: guarded by the revision that was read. */
export function update(storage: Storage, read: User, next: User, options: CommitOptions = {}): Promise<CommitOutcome> {
  const user = { ...next, revision: read.revision + 1 };
  return storage.users.commit({ user, expectedRevision: read.revision, seat: 'keep', effects: [], ...options });
}

/** The user as stored; fails unless the commit was carried out. */
export async function committed(outcome: Promise<CommitOutcome>): Promise<User> {
  const done = await outcome;
  if (done.kind !== 'committed') throw new Error(`expected committed, got ${done.kind}`);
  return done.user;
}

/** A stored, active user with a seat. */
export function hire(storage: Storage, organizationId: OrganizationId, over: Partial<User> = {}): Promise<User> {
  return committed(insert(storage, makeUser(organizationId, over), { seat: 'take' }));
}

/** Locks the user out as provisioning does: a hold, one epoch on, the seat given back. */
export function dismiss(storage: Storage, user: User, options: CommitOptions = {}): Promise<CommitOutcome> {
  return update(storage, user, { ...held(user, 'admin'), epoch: user.epoch + 1 }, { seat: 'giveBack', ...options });
}

/** Whether the ledger is settled, says `used`, and agrees with its own arithmetic and with the users. */
export async function expectUsed(storage: Storage, organizationId: OrganizationId, used: number): Promise<void> {
  const ledger = await storage.seats.read(organizationId);
  if (ledger === null) throw new Error('no ledger');
  const free = (ledger.licensed ?? 2 ** 52) - used;
  expect(ledger).toMatchObject({ used, free, intents: {} });
  expect((await storage.users.counts(organizationId)).holders).toBe(used);
}

/** `count` calls at once. */
export function atOnce<Value>(count: number, call: (index: number) => Promise<Value>): Promise<Value[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

export function countKinds(outcomes: readonly CommitOutcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome.kind] = (counts[outcome.kind] ?? 0) + 1;
  return counts;
}
