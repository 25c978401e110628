// The queue of logouts: what a look at it costs, that nothing in it is lost, and that an app which takes none holds up no other.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { listLogoutsDue } from '#gate/logout/logout-due.ts';
import { listLogoutDeliveries, logoutDeliveryRecords, queueLogout } from '#gate/logout/logout-delivery.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { runsOn } from '../harness/test-scale.ts';
import { addOrganization, openGateWorld, organization, type GateWorld } from './gate-world.ts';
import { startLogoutReceiver, type LogoutReceiver } from './logout-receiver.ts';
import { observeStorage } from './observed-storage.ts';
import { registerApp } from './openid-app.ts';

const hourMs = 3_600_000;

describeOnBothStorages('the queue of logouts', (open, kind) => {
  let world: GateWorld;
  let receiver: LogoutReceiver;
  let calls: string[];
  beforeEach(async () => {
    calls = [];
    const note = async (moment: string): Promise<void> => {
      if (moment.startsWith('before ')) calls.push(moment.slice('before '.length));
    };
    world = await openGateWorld(await open(), { gateStorage: (storage) => observeStorage(storage, note) });
    receiver = await startLogoutReceiver();
    await register('wiki', receiver.uri);
  });
  afterEach(async () => {
    await receiver.close();
    await world.close();
  });

  const register = (id: string, backchannelLogoutUri: string, at = organization) =>
    registerApp(world, id, { at, openid: { backchannelLogoutUri } });
  const queue = (app: string, sid: string, at = organization) =>
    queueLogout(world.context, at, { app, userId: 'somebody' as UserId, sid, cause: 'user.deactivated' });
  const all = async (at = organization) => listLogoutDeliveries(world.context, at, { limit: 500 });
  const states = async (at = organization) => (await all(at)).map(({ value }) => value.state).toSorted();
  const pointers = async () => (await listLogoutsDue(world.context, 500)).length;
  const run = () => world.gate.deliverLogouts();

  test('nothing due: one question, however many organisations there are and however much waits for later', async () => {
    const many = runsOn(kind, 30, 1_000);
    for (let n = 0; n < many; n += 1) await addOrganization(world.provisioning, `org-${n}` as OrganizationId);
    await register('dead', 'http://127.0.0.1:1/logout');
    for (let n = 0; n < 5; n += 1) await queue('dead', `s${n}`);
    expect(await run()).toBe(0);
    calls = [];
    expect(await run()).toBe(0);
    expect(calls).toEqual(['logoutDue.list']);
    // One that is due in any of them is found by the same question.
    const last = `org-${many - 1}` as OrganizationId;
    await register('wiki', receiver.uri, last);
    await queue('wiki', 'there', last);
    calls = [];
    expect(await run()).toBe(1);
    expect(await states(last)).toEqual(['delivered']);
    expect(calls.filter((call) => call === 'logoutDue.list')).toHaveLength(1);
    expect(calls).not.toContain('organizations.list');
  });

  test('queued twice, pointed at twice, delivered: each goes out once, and nothing is left to look at', async () => {
    await queue('wiki', 'a');
    world.clock.now += 1;
    await queue('wiki', 'a');
    await queue('wiki', 'b');
    expect(await pointers()).toBe(3);
    expect(await run()).toBe(2);
    expect(await run()).toBe(0);
    expect([receiver.requests(), await pointers()]).toEqual([2, 0]);
    // A pointer to what was removed meanwhile leads nowhere, and goes.
    await queue('wiki', 'c');
    for (const { id } of await all()) await world.storage.records(logoutDeliveryRecords).delete(id);
    expect(await run()).toBe(0);
    expect([receiver.requests(), await pointers()]).toEqual([2, 0]);
  });

  test('a node that died while it delivered: tried again once its claim has run out, not before', async () => {
    await queue('wiki', 'a');
    const [record] = await all();
    if (record === undefined) throw new Error('nothing queued');
    const claimed = { ...record.value, nextAt: world.clock.now + 60_000 };
    expect(await world.storage.records(logoutDeliveryRecords).replace({ ...record, value: claimed })).toBe(true);
    expect(await run()).toBe(0);
    world.clock.now += 59_999;
    expect(await run()).toBe(0);
    expect(receiver.requests()).toBe(0);
    world.clock.now += 1;
    expect(await run()).toBe(1);
  });

  test('a logout that a crash left without a pointer, or an earlier version did: found by the hourly look', async () => {
    await queue('wiki', 'lost');
    for (const { id } of await listLogoutsDue(world.context, 10))
      await world.storage.records({ name: 'logoutDue', keysOf: () => [] }).delete(id);
    expect(await run()).toBe(0);
    await world.gate.recoverLogouts();
    // It may just be being queued.
    expect(await run()).toBe(0);
    world.clock.now += 600_000;
    await world.gate.recoverLogouts();
    await world.gate.recoverLogouts();
    expect(await pointers()).toBe(1);
    expect(await run()).toBe(1);
    await world.gate.recoverLogouts();
    expect([await pointers(), await states()]).toEqual([0, ['delivered']]);
  });

  test('an app that takes none, with hundreds waiting: a few tries a run, and every other is delivered in that run', async () => {
    const failing = await startLogoutReceiver();
    try {
      failing.answer = (response) => void response.writeHead(500).end();
      await register('failing', failing.uri);
      // Of another organisation, and called the same: it has done nothing.
      const beta = 'beta' as OrganizationId;
      await addOrganization(world.provisioning, beta);
      await register('failing', receiver.uri, beta);
      const waiting = 230;
      for (let n = 0; n < waiting; n += 1) await queue('failing', `f${n}`);
      await queue('failing', 'there', beta);
      await queue('wiki', 'a');
      const start = world.clock.now;
      expect(await run()).toBe(2);
      expect(await states(beta)).toEqual(['delivered']);
      expect(failing.requests()).toBeLessThanOrEqual(5);
      const ofFailing = async () => (await all()).filter(({ value }) => value.app === 'failing');
      expect((await ofFailing()).every(({ value }) => value.state === 'waiting' && value.nextAt > start)).toBe(true);
      expect(await pointers()).toBe(waiting);
      world.clock.now = start + 24 * hourMs - 1;
      await run();
      expect(new Set(await states())).toEqual(new Set(['waiting', 'delivered']));
      world.clock.now = start + 24 * hourMs;
      await run();
      const before = failing.requests();
      world.clock.now += hourMs;
      await run();
      // Its day is over: the rest is given up with those that failed.
      expect((await ofFailing()).every(({ value }) => value.state === 'dead')).toBe(true);
      expect(failing.requests() - before).toBeLessThanOrEqual(5);
      expect(await pointers()).toBe(0);
    } finally {
      await failing.close();
    }
  });

  test('an app that answers again gets all that waited', async () => {
    receiver.answer = (response) => void response.writeHead(503).end();
    for (let n = 0; n < 20; n += 1) await queue('wiki', `s${n}`);
    expect(await run()).toBe(0);
    receiver.answer = (response) => void response.writeHead(200).end();
    world.clock.now += 60_000;
    expect(await run()).toBe(20);
    expect(await pointers()).toBe(0);
  });
});
