/**
 * What the crash contract disturbs: an organisation with people in it, the changes through the whole write side and the relay, and
 * what an onlooker sees afterwards. A change is there or it is not, and whoever repeats it has it once (C03, K01).
 */
import { type DepartmentId, foldCase, type OrganizationId, type UserId } from '#directory/identifiers.ts';
import { statusOf, type User } from '#directory/user.ts';
import { sessionRecords } from '#gate/sessions/session.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import { createSide, type Side } from '../../provisioning/relayed-write-side.ts';
import { byAdministrator, byOkta, type CrashOperation, okta, placeIn, type Scene } from './crash-operations.ts';

/** An organisation of its own with three seats (two, where someone waits), one of them used by a colleague, and the person as the operation needs them. */
export async function setScene(
  side: Side,
  { person, policy = 'wait', queue, budgets, due }: CrashOperation,
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
  if (due !== undefined) await makeDue(side, organization, id, due);
  const session = { userId: id, epoch, connection: okta, createdAt: 0, lastSeenAt: 0, notOnOrAfter: 2 ** 52 };
  const sessions = side.storage.records(sessionRecords);
  await sessions.insert({ id: `session of ${id}`, organizationId: organization, value: session });
  await side.relay.drain();
  if (person === 'leaving') await side.deactivateUser(organization, id, {}, byAdministrator);
  return { organization, person: id, name, ...(departments === undefined ? {} : { departments }) };
}

const dayMs = 86_400_000;

/** Planned days ago, as it was then, so that its time has come for whoever looks now. */
async function makeDue(
  { storage }: Side,
  organization: OrganizationId,
  id: UserId,
  due: NonNullable<CrashOperation['due']>,
): Promise<void> {
  const ago = (days: number) => createSide(storage, () => Date.now() - days * dayMs);
  const day = (days: number) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10);
  const plan = { type: 'parental', from: day(due === 'return' ? 4 : 1) } as const;
  if (due === 'contract') {
    const rows = [{ from: day(1), licensed: 3 }];
    await ago(6).planSeatContract(organization, rows, byAdministrator);
  } else if (due === 'leave') {
    await ago(6).planLeave(organization, id, plan, byAdministrator);
  } else {
    await ago(6).planLeave(organization, id, { ...plan, until: day(1) }, byAdministrator);
    await ago(3).runDueLeaves();
  }
  const active = (await storage.users.get(organization, id))?.active;
  expect([due, active]).toEqual([due, due !== 'return']);
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
  // What changes nothing could not be left half done.
  if (before !== null) expect(after).not.toEqual(before);
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
