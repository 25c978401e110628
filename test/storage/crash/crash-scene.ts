/**
 * What the crash contract disturbs: an organisation with people in it, the changes through the whole write side and the relay, and
 * what an onlooker sees afterwards. A change is there or it is not, and whoever repeats it has it once (C03, K01).
 */
import type { ChangeContext } from '#directory/effects-between.ts';
import {
  type ConnectionId,
  type DepartmentId,
  foldCase,
  type OrganizationId,
  type UserId,
} from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import { writeActive } from '#directory/user-change.ts';
import { statusOf, type User } from '#directory/user.ts';
import { sessionRecords } from '#gate/sessions/session.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import type { Side } from '../../provisioning/relayed-write-side.ts';

const okta = 'okta' as ConnectionId;
const byOkta: ChangeContext = { actor: { kind: 'connection', connection: okta }, mouth: 'scimPatch' };
const byAdministrator: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };

export interface Scene {
  readonly organization: OrganizationId;
  /** Whom the operation is about; `name` finds who was never stored. */
  readonly person: UserId | null;
  readonly name: string;
  /** The person is, or will be, in the first one; it has a budget where the operation says so. */
  readonly departments?: readonly [DepartmentId, DepartmentId];
}

export interface CrashOperation {
  readonly name: string;
  /** How the person is before. */
  readonly person: 'nobody' | 'inactive' | 'active' | 'leaving';
  readonly policy?: SeatPolicy;
  /** Somebody waits for the person's seat. */
  readonly queue?: true;
  /** There are departments: with a budget each, or none yet. */
  readonly budgets?: 'set' | 'none';
  readonly run: (side: Side, scene: Scene) => Promise<unknown>;
}

const idOf = ({ person }: Scene): UserId => {
  if (person === null) throw new Error('the scene has nobody in it');
  return person;
};

/** Every kind of change of the commit, and the carrying out of what follows from one. */
export const operations: readonly CrashOperation[] = [
  { name: 'a new person takes a seat', person: 'nobody', run: (side, scene) => create(side, scene) },
  { name: 'a new person is refused or takes a seat', person: 'nobody', policy: 'refuse', run: create },
  {
    name: 'someone comes back',
    person: 'inactive',
    run: (side, scene) => side.reactivateUser(scene.organization, idOf(scene), {}, byAdministrator),
  },
  {
    name: 'someone is locked out',
    person: 'active',
    run: lockOut,
  },
  { name: 'a seat changes hands', person: 'active', queue: true, run: lockOut },
  {
    name: 'someone is deleted',
    person: 'active',
    run: (side, scene) => side.removeUser(scene.organization, idOf(scene), byOkta).catch(alreadyDone('userNotFound')),
  },
  {
    name: 'the contract is raised',
    person: 'inactive',
    run: (side, scene) => side.changeSeats(scene.organization, { licensed: 4 }, byAdministrator),
  },
  { name: 'a seat of a budget changes hands', person: 'active', queue: true, budgets: 'set', run: lockOut },
  { name: 'a person goes to a department with another budget', person: 'active', budgets: 'set', run: goElsewhere },
  {
    name: 'a budget is set for people who are there',
    person: 'active',
    budgets: 'none',
    run: (side, { organization, departments }) =>
      side.setBudget(organization, departments?.[0] ?? ('' as DepartmentId), 2, byAdministrator),
  },
  { name: 'the relay carries a lock-out', person: 'leaving', run: (side) => side.relay.drain() },
];

function lockOut(side: Side, scene: Scene): Promise<unknown> {
  const edit = (user: User) => ({ holds: writeActive(user.holds, okta, false, Date.now(), 'connection:okta') });
  return side.changeUser(scene.organization, idOf(scene), edit, byOkta);
}

function goElsewhere(side: Side, scene: Scene): Promise<unknown> {
  const edit = ({ profile }: User) => ({ profile: { ...profile, ...placeIn(scene.departments?.[1]) } });
  return side.changeUser(scene.organization, idOf(scene), edit, byOkta);
}

function placeIn(department: DepartmentId | undefined): Partial<User['profile']> {
  return department === undefined ? {} : { person: { departments: [{ value: department }] } };
}

async function create(side: Side, { organization, name }: Scene): Promise<unknown> {
  const request = { profile: { userName: name }, active: true, connection: okta, restore: true };
  return side.provisionUser(organization, request, byOkta).catch(alreadyDone('userNameTaken'));
}

/** A repeated request may be told that there is nothing left to do. */
function alreadyDone(code: string): (error: unknown) => void {
  return (error) => {
    if (Reflect.get(error as object, 'code') !== code) throw error;
  };
}

/** An organisation of its own with three seats (two, where someone waits), one of them used by a colleague, and the person as the operation needs them. */
export async function setScene(
  side: Side,
  { person, policy = 'wait', queue, budgets }: CrashOperation,
): Promise<Scene> {
  const organization = `org-${randomUUID()}`.slice(0, 40) as OrganizationId;
  const terms = {
    id: organization,
    name: 'Crash',
    timeZone: 'Asia/Tokyo',
    licensed: queue ? 2 : 3,
    seatPolicy: policy,
  };
  await side.createOrganization(terms, byAdministrator);
  const departments = budgets === undefined ? undefined : await makeDepartments(side, organization);
  if (budgets === 'set')
    for (const department of departments ?? []) await side.setBudget(organization, department, 1, byAdministrator);
  const add = async (name: string, active: boolean): Promise<User> => {
    const profile = { userName: name, ...(name === 'colleague' ? {} : placeIn(departments?.[0])) };
    const request = { profile, active, connection: okta, restore: true };
    return (await side.provisionUser(organization, request, byOkta)).user;
  };
  await add('colleague', true);
  const name = 'person';
  if (person === 'nobody') {
    await side.relay.drain();
    return { organization, person: null, name };
  }
  const { id, epoch } = await add(name, person !== 'inactive');
  if (queue) expect((await add('next', true)).active).toBe(false);
  const session = { userId: id, epoch, connection: okta, createdAt: 0, lastSeenAt: 0, notOnOrAfter: 2 ** 52 };
  const sessions = side.storage.records(sessionRecords);
  await sessions.insert({ id: `session of ${id}`, organizationId: organization, value: session });
  await side.relay.drain();
  if (person === 'leaving') await side.deactivateUser(organization, id, {}, byAdministrator);
  return { organization, person: id, name, ...(departments === undefined ? {} : { departments }) };
}

async function makeDepartments(
  side: Side,
  organization: OrganizationId,
): Promise<readonly [DepartmentId, DepartmentId]> {
  const make = async (name: string): Promise<DepartmentId> =>
    (await side.createDepartment(organization, { profile: { name } }, byAdministrator)).department.id;
  return [await make('first'), await make('second')];
}

/** What an onlooker sees once all is quiet. */
export interface Picture {
  readonly status: string | null;
  readonly epoch: number | null;
  readonly licensed: number | null;
  readonly used: number;
  readonly waiting: number;
  /** Limit and use of each budget, in order of the departments. */
  readonly budgets: readonly (readonly [number | null, number])[];
  readonly audited: readonly string[];
  readonly sessionEnded: boolean;
}

/** What the sweeps and the relay do after a crash, at once instead of when it is due. */
export async function recover(side: Side, scene: Scene): Promise<void> {
  // The sweep leaves young movements to their writer; this one is dead.
  await side.storage.seats.settle(Date.now() + 60_000);
  await side.sweep();
  await side.finished();
  // The claim of a relay that died runs out by itself; nobody has to wait for that here.
  const person = await findPerson(side.storage, scene);
  if (person !== null) await side.relay.drainUser(scene.organization, person.id);
  await side.relay.drain();
}

/** Reads the picture; fails where the ledger is not settled, an effect still waits, or does not agree with the users, or the audit chain is broken. */
export async function takePicture(side: Side, scene: Scene): Promise<Picture> {
  const { storage } = side;
  const { organization } = scene;
  const ledger = await storage.seats.read(organization);
  const counts = await storage.users.counts(organization);
  expect(ledger).toMatchObject({ used: counts.holders, free: (ledger?.licensed ?? 0) - counts.holders, intents: {} });
  expect(counts.active).toBe(counts.holders);
  const recount = await storage.seats.recount(organization, () => []);
  expect([recount.outcome, recount.budgets]).toEqual(['exact', undefined]);
  const budgets = Object.entries(ledger?.budgets?.of ?? {}).toSorted(([one], [other]) => (one < other ? -1 : 1));
  expect(await storage.effects.backlog()).toBe(0);
  const person = await findPerson(storage, scene);
  const entries = await storage.audit.list(organization, { limit: 100 });
  expect(await side.audit.verify(organization)).toMatchObject({ intact: true, entries: entries.length });
  const session = await storage.records(sessionRecords).get(`session of ${person?.id}`, 0);
  return {
    status: person === null ? null : statusOf(person),
    epoch: person?.epoch ?? null,
    licensed: ledger?.licensed ?? null,
    used: ledger?.used ?? -1,
    waiting: counts.waiting,
    budgets: budgets.map(([, { limit, used }]) => [limit, used]),
    audited: entries.map((entry) => entry.event.action),
    sessionEnded: session?.value.endedAt !== undefined,
  };
}

/** `active users <= holders <= used <= licensed + over`: at every moment, whatever is under way (model.md, "Seats"). */
export async function expectNeverOver(storage: Storage, organization: OrganizationId): Promise<void> {
  const counts = await storage.users.counts(organization);
  const ledger = await storage.seats.read(organization);
  if (ledger === null) throw new Error('the ledger is gone');
  expect(counts.active).toBeLessThanOrEqual(counts.holders);
  expect(counts.holders).toBeLessThanOrEqual(ledger.used);
  expect(ledger.used).toBeLessThanOrEqual((ledger.licensed ?? Number.POSITIVE_INFINITY) + ledger.over);
}

/** The pictures before and after the undisturbed operation. */
export async function rehearse(side: Side, operation: CrashOperation): Promise<readonly [Picture, Picture]> {
  const scene = await setScene(side, operation);
  // What follows from a lock-out is carried out by the relay whether it is watched or not.
  if (operation.person !== 'leaving') await recover(side, scene);
  const before = operation.person === 'leaving' ? null : await takePicture(side, scene);
  await operation.run(side, scene);
  await recover(side, scene);
  const after = await takePicture(side, scene);
  return [before ?? after, after];
}

/**
 * After a crash: never over, then by the sweeps wholly there or not at all (there, if it was answered), and by repeating there once.
 * `side` is one that did not crash.
 */
export async function expectWholeOrNothing(
  side: Side,
  scene: Scene,
  operation: CrashOperation,
  [before, after]: readonly [Picture, Picture],
  answered: boolean,
): Promise<void> {
  await expectNeverOver(side.storage, scene.organization);
  await recover(side, scene);
  const found = await takePicture(side, scene);
  expect(answered ? [after] : [before, after]).toContainEqual(found);
  await operation.run(side, scene);
  await recover(side, scene);
  expect(await takePicture(side, scene)).toEqual(after);
}

async function findPerson(storage: Storage, { organization, person, name }: Scene): Promise<User | null> {
  if (person !== null) return storage.users.get(organization, person);
  const [named] = await storage.users.findByKey(organization, { kind: 'userName', value: foldCase(name) });
  return named ?? null;
}
