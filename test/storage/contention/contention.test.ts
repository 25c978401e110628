/**
 * Many want the same thing at the same moment, from several processes and over several connections: exactly as many get it as there is
 * of it, and nobody is over at any moment. gate.md 11, C01; model.md, "Seats never go over, whatever crashes".
 */
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import type { User } from '#directory/user.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import type { Storage } from '#storage/storage.ts';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWithMongo, requireTestMongo } from '../../harness/mongo-for-tests.ts';
import { isFull, runsOn } from '../../harness/test-scale.ts';
import {
  atOnce,
  committed,
  contractRecordKinds,
  countKinds,
  expectUsed,
  held,
  insert,
  makeOrganization,
  makeUser,
  noon,
  things,
  update,
} from '../contract/contract-world.ts';
import { createSide, sideRecordKinds, type Side } from '../../provisioning/relayed-write-side.ts';
import { compileProgram } from '../../harness/compiled-program.ts';

const by: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };
const recordKinds = [...sideRecordKinds, ...contractRecordKinds];
const script = join(process.cwd(), 'test/storage/contention/activating-process.ts');
const folder = mkdtempSync(join(tmpdir(), 'furlough-contention-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('many at once on SQLite', () => {
  const path = join(folder, 'contention.db');
  describeContention(
    'sqlite',
    () => path,
    () => openSqliteStorage({ path, recordKinds }),
  );
});
describeWithMongo('many at once on MongoDB', () => {
  let uri: string | undefined;
  const address = (): string => (uri ??= requireTestMongo().freshDatabaseUri());
  describeContention('mongodb', address, () => openMongoStorage(address(), { recordKinds }));
});

function describeContention(kind: Storage['kind'], address: () => string, open: () => Promise<Storage>): void {
  /** Two ways to one store, as two nodes have. */
  let one: Side;
  let other: Side;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    one = createSide(await open());
    other = createSide(await open());
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(async () => {
    await one.storage.close();
    await other.storage.close();
  });

  async function openWith(licensed: number, seatPolicy: SeatPolicy, people: number) {
    const made = makeOrganization({ seatPolicy });
    expect(await one.storage.organizations.insert(made, licensed, [])).toBe(true);
    const add = () => committed(insert(one.storage, held(makeUser(made.id), 'admin')));
    return { organization: made.id, users: await atOnce(people, add) };
  }

  /** Read in an order in which, while seats are only taken, each number may only be larger than the one before. */
  async function expectNeverOver(organization: OrganizationId, limit: number): Promise<void> {
    const { active } = await one.storage.users.counts(organization);
    const { holders } = await one.storage.users.counts(organization);
    const ledger = await one.storage.seats.read(organization);
    expect(active).toBeLessThanOrEqual(holders);
    expect(holders).toBeLessThanOrEqual(ledger?.used ?? -1);
    expect(ledger?.used).toBeLessThanOrEqual(limit);
    expect((ledger?.used ?? 0) + (ledger?.free ?? 0)).toBe(limit);
  }

  /** Four processes activate everybody at once; the answers of all of them together, and how often the invariant was looked at. */
  async function activateFromFour(organization: OrganizationId, limit: number) {
    const processes = Array.from({ length: 4 }, (_, n) => {
      const what = [address(), organization, String(n), '4'];
      const child = spawn(process.execPath, ['--no-warnings', compileProgram(script), ...what], {
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      children.push(child);
      return child;
    });
    await Promise.all(processes.map((child) => once(child, 'message')));
    const exits = processes.map((child) => once(child, 'exit'));
    const answers = Promise.all(processes.map(async (child) => (await once(child, 'message'))[0] as object));
    for (const child of processes) child.send('go');
    let samples = 0;
    let done = false;
    const finished = answers.finally(() => (done = true));
    while (!done) {
      await expectNeverOver(organization, limit);
      samples += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const sum = { active: 0, waiting: 0, refused: 0 };
    for (const answer of await finished) {
      for (const what of ['active', 'waiting', 'refused'] as const) sum[what] += Reflect.get(answer, what) as number;
    }
    expect(await Promise.all(exits)).toEqual(processes.map(() => [0, null]));
    return { ...sum, samples };
  }

  test('C01 of 500 activations at once from 4 processes exactly the 100 seats are taken, and nobody is over at any moment', async () => {
    const { organization } = await openWith(100, 'refuse', 500);
    const { samples, ...answers } = await activateFromFour(organization, 100);
    expect(answers).toEqual({ active: 100, waiting: 0, refused: 400 });
    expect(samples).toBeGreaterThan(5);
    expect(await one.storage.users.counts(organization)).toMatchObject({ active: 100, inactive: 400, holders: 100 });
    await expectUsed(one.storage, organization, 100);
  }, 120_000);

  test('C01 of 200 activations at once from 4 processes for 50 seats exactly 50 come true, and all the others wait', async () => {
    // Each who finds no seat looks at the queue: on a server that only stands in for mongod that takes its time.
    const seats = kind === 'mongodb' && !isFull ? 20 : 50;
    const people = seats * 4;
    const { organization } = await openWith(seats, 'wait', people);
    const { active, waiting } = await activateFromFour(organization, seats);
    // Whoever was told to wait may have got a seat since, never the other way round.
    expect(active).toBeLessThanOrEqual(seats);
    expect(active + waiting).toBe(people);
    const counts = { active: seats, waiting: people - seats, holders: seats };
    expect(await one.storage.users.counts(organization)).toMatchObject(counts);
    await expectUsed(one.storage, organization, seats);
  }, 120_000);

  test('C01 two for the last seat: one gets it, every time', async () => {
    const { organization, users } = await openWith(2, 'refuse', 3);
    const [first, second, third] = users.map((user) => user.id);
    if (first === undefined || second === undefined || third === undefined) throw new Error('unreachable');
    await one.reactivateUser(organization, third, {}, by);
    for (let round = 0; round < runsOn(kind, 10, 1_000); round += 1) {
      const outcomes = await Promise.allSettled([
        one.reactivateUser(organization, first, {}, by),
        other.reactivateUser(organization, second, {}, by),
      ]);
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused).toHaveLength(1);
      expect(refused[0]?.reason).toMatchObject({ code: 'noFreeSeat' });
      await expectUsed(one.storage, organization, 2);
      const winner = outcomes[0].status === 'fulfilled' ? first : second;
      await other.deactivateUser(organization, winner, {}, by);
      await expectUsed(one.storage, organization, 1);
    }
  }, 300_000);

  test('a seat that comes free goes to whoever waits, however many newcomers ask at that moment', async () => {
    for (let round = 0; round < runsOn(kind, 3, 200); round += 1) {
      const { organization, users } = await openWith(1, 'wait', 8);
      const [leaver, next, ...newcomers] = users.map((user) => user.id);
      if (leaver === undefined || next === undefined) throw new Error('unreachable');
      expect((await one.reactivateUser(organization, leaver, {}, by)).user.active).toBe(true);
      expect((await one.reactivateUser(organization, next, {}, by)).user.active).toBe(false);
      const asked = newcomers.map((id, n) => (n % 2 === 0 ? other : one).reactivateUser(organization, id, {}, by));
      await Promise.all([one.deactivateUser(organization, leaver, {}, by), ...asked]);
      await Promise.all([one.finished(), other.finished()]);
      expect((await one.storage.users.get(organization, next))?.active).toBe(true);
      expect(await one.storage.users.counts(organization)).toMatchObject({ active: 1, waiting: 6, inactive: 1 });
      await expectUsed(one.storage, organization, 1);
    }
  }, 300_000);

  test('deactivated and reactivated at once: both are answered, and the trail tells them one after the other', async () => {
    const { organization, users } = await openWith(1, 'wait', 1);
    const id = users[0]?.id as User['id'];
    const rounds = runsOn(kind, 6, 1_000);
    for (let round = 0; round < rounds; round += 1) {
      const [off, on] = await Promise.all([
        one.deactivateUser(organization, id, {}, by),
        other.reactivateUser(organization, id, {}, by),
      ]);
      expect(off.user.active).toBe(false);
      expect(on.user.holds.some((hold) => hold.kind === 'admin')).toBe(false);
      const now = await one.storage.users.get(organization, id);
      await expectUsed(one.storage, organization, now?.active === true ? 1 : 0);
    }
    await one.relay.drainUser(organization, id);
    const entries = await one.storage.audit.list(organization, { limit: rounds * 4 });
    const actions = entries.map((entry) => entry.event.action);
    expect(actions.length).toBeGreaterThan(rounds / 2);
    for (const [n, action] of actions.entries()) expect([n, action]).not.toEqual([n, actions[n - 1]]);
    const left = actions.filter((action) => action === 'user.deactivated').length;
    expect((await one.storage.users.get(organization, id))?.epoch).toBe(left);
  }, 300_000);

  test('the contract falls while seats are taken: never below use, and nobody over', async () => {
    for (let round = 0; round < runsOn(kind, 3, 200); round += 1) {
      const { organization, users } = await openWith(20, 'refuse', 16);
      let done = false;
      const taking = Promise.allSettled(
        users.map((user, n) => (n % 2 === 0 ? one : other).reactivateUser(organization, user.id, {}, by)),
      );
      const falling = Promise.allSettled(
        [18, 12, 8, 4, 1].map((licensed, n) => (n % 2 === 0 ? other : one).changeSeats(organization, { licensed }, by)),
      );
      const all = Promise.all([taking, falling]).finally(() => (done = true));
      while (!done) {
        const ledger = await one.storage.seats.read(organization);
        expect(ledger?.free).toBeGreaterThanOrEqual(0);
        expect((ledger?.used ?? 0) + (ledger?.free ?? 0)).toBe(ledger?.licensed);
        await new Promise((resolve) => setImmediate(resolve));
      }
      const [taken, fallen] = await all;
      for (const outcome of taken) if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('noFreeSeat');
      for (const outcome of fallen) if (outcome.status === 'rejected') expect(outcome.reason.code).toBe('belowUse');
      expect(fallen.some((outcome) => outcome.status === 'fulfilled')).toBe(true);
      const active = taken.filter((outcome) => outcome.status === 'fulfilled').length;
      const ledger = await one.storage.seats.read(organization);
      expect(active).toBeLessThanOrEqual(ledger?.licensed ?? -1);
      await expectUsed(one.storage, organization, active);
    }
  }, 300_000);

  test('of 50 writers at one revision, 50 takers of one record and 50 newcomers of one name, each time one wins', async () => {
    const { organization, users } = await openWith(5, 'wait', 1);
    const user = users[0] as User;
    const way = (n: number): Storage => (n % 2 === 0 ? one : other).storage;
    for (let round = 0; round < runsOn(kind, 1, 20); round += 1) {
      const read = (await one.storage.users.get(organization, user.id)) as User;
      const written = await atOnce(50, (n) => update(way(n), read, { ...read, modifiedAt: noon + n }));
      expect(countKinds(written)).toEqual({ committed: 1, conflict: 49 });

      const id = `${organization} ${round}`;
      await one.storage.records(things).insert({ id, organizationId: organization, value: { colour: 'red' } });
      const taken = await atOnce(50, (n) => way(n).records(things).take(id, noon));
      expect(taken.filter((record) => record !== null)).toHaveLength(1);

      const profile = { userName: `only one ${round}` };
      const named = await atOnce(50, (n) => insert(way(n), held(makeUser(organization, { profile }), 'admin')));
      expect(countKinds(named)).toEqual({ committed: 1, userNameTaken: 49 });
    }
  });
}
