// Logouts to apps: who is told of what, as tokens an app can verify, and O16: an app that does not take them holds up nothing and nobody.

import type { ServerResponse } from 'node:http';
import * as client from 'openid-client';
import { artifactRecords } from '#gate/openid-provider/artifact.ts';
import { giveLogoutAnotherDay, listLogoutDeliveries, type LogoutDelivery } from '#gate/logout/logout-delivery.ts';
import type { Metrics } from '#observability/metrics.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { organization, reread } from './gate-world.ts';
import { startLogoutReceiver, takesIt, type LogoutReceiver } from './logout-receiver.ts';
import { registerApp, type OpenidApp } from './openid-app.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';

const hourMs = 3_600_000;

describeAtDoors('logouts to apps', (open) => {
  let world: OidcWorld;
  let receiver: LogoutReceiver;
  let app: OpenidApp;

  beforeEach(async () => {
    world = await openOidcWorld(await open(), { config: { appDeadlineMs: 2_000 } });
    receiver = await startLogoutReceiver();
    app = await registerApp(world, 'wiki', { openid: { backchannelLogoutUri: receiver.uri } });
  });
  afterEach(async () => {
    await receiver.close();
    await world.close();
  });

  const deliveries = async (): Promise<readonly LogoutDelivery[]> =>
    (await listLogoutDeliveries(world.context, organization, { limit: 100 })).map(({ value }) => value);
  const states = async () => (await deliveries()).map(({ state }) => state).toSorted();
  /** What the relay does after the commit. */
  const relay = async (): Promise<void> => {
    const { epoch } = await reread(world, world.user);
    await world.gate.endSessionsOfUser(organization, world.user.id, epoch, 'user.deactivated');
  };
  const told = async (at: OpenidApp = app) =>
    (await receiver.verified(at.issuer, at.id)).map(({ sub, sid }) => [sub, sid]);
  /** Effects that wait with sessions that were ended. */
  const carryOut = async (): Promise<void> => {
    for (let claims = await world.storage.effects.claimDue(50, 30_000); claims.length > 0; ) {
      for (const claim of claims) {
        for (const { body, organizationId } of claim.effects)
          if (body.kind === 'endAppSessions') await world.gate.endAppSessions(organizationId, body.session, body.cause);
        await world.storage.effects.complete(
          claim,
          claim.effects.map(({ id }) => id),
        );
      }
      claims = await world.storage.effects.claimDue(50, 30_000);
    }
  };

  test('deactivated: each app hears of each session once, by a token it can verify; what the provider kept is gone', async () => {
    const silent = await registerApp(world, 'silent');
    const [first, second] = [new Browser(), new Browser()];
    const sids = [(await app.signIn(first)).claims()?.['sid'], (await app.signIn(second)).claims()?.['sid']];
    expect(new Set(sids).size).toBe(2);
    expect((await silent.signIn(first)).claims()).not.toHaveProperty('sid');
    await world.deactivate(world.user);
    await relay();
    await relay();
    expect(await world.gate.deliverLogouts()).toBe(2);
    expect(await world.gate.deliverLogouts()).toBe(0);
    const heard = await told();
    expect(heard).toHaveLength(2);
    expect(heard).toEqual(expect.arrayContaining(sids.map((sid) => [world.user.id, sid])));
    expect(await states()).toEqual(['delivered', 'delivered']);
    expect(await world.storage.records(artifactRecords).list(organization, { limit: 10 }, world.clock.now)).toEqual([]);
  });

  test('reactivated before the relay came: what was opened since stays, its apps are not told', async () => {
    const browser = new Browser();
    const old = await app.signIn(browser);
    await world.deactivate(world.user);
    await world.reactivate(world.user);
    const fresh = await app.signIn(browser);
    await relay();
    await world.gate.deliverLogouts();
    expect(await told()).toEqual([[world.user.id, old.claims()?.['sid']]]);
    expect(await client.tokenIntrospection(app.config, fresh.access_token)).toMatchObject({ active: true });
  });

  test('one session signed out at the gate: its apps are told, other browsers’ are not', async () => {
    const [leaving, staying] = [new Browser(), new Browser()];
    const sid = (await app.signIn(leaving)).claims()?.['sid'];
    const kept = await app.signIn(staying);
    await leaving.go(`${world.baseUrl}/sso/logout`, { method: 'POST', headers: { origin: world.baseUrl } });
    await carryOut();
    await world.gate.deliverLogouts();
    expect(await told()).toEqual([[world.user.id, sid]]);
    expect((await deliveries())[0]).toMatchObject({ cause: 'signedOut', state: 'delivered', attempts: 1 });
    expect(await client.tokenIntrospection(app.config, kept.access_token)).toMatchObject({ active: true });
  });

  test('two apps opened at the same moment in one browser: both are told', async () => {
    const second = await registerApp(world, 'crm', { openid: { backchannelLogoutUri: receiver.uri } });
    const browser = new Browser();
    await login(world, browser);
    await app.signIn(browser);
    await Promise.all([
      app.signIn(browser),
      second.signIn(browser),
      registerApp(world, 'third').then((third) => third.signIn(browser)),
    ]);
    await world.deactivate(world.user);
    await relay();
    expect((await deliveries()).map(({ app: id }) => id).toSorted()).toEqual(['crm', 'wiki']);
  });

  test('O16 down, slow, 302, 500, a private address that nobody allowed: tried again, later each time; deactivation is done all the same', async () => {
    const privately = await registerApp(world, 'intranet', {
      openid: { backchannelLogoutUri: 'https://10.1.2.3/logout' },
    });
    const nowhere = await registerApp(world, 'nowhere', {
      openid: { backchannelLogoutUri: 'http://127.0.0.1:1/logout' },
    });
    const moved = await startLogoutReceiver();
    const wrongs: readonly [string, (response: ServerResponse) => void][] = [
      ['302', (response) => void response.writeHead(302, { location: moved.uri }).end()],
      ['500', (response) => void response.writeHead(500).end()],
      ['400', (response) => void response.writeHead(400).end('{"error":"invalid_request"}')],
      ['cannot be reached', (response) => void response.socket?.destroy()],
    ];
    try {
      const browser = new Browser();
      for (const each of [app, privately, nowhere]) await each.signIn(browser);
      expect((await world.deactivate(world.user)).active).toBe(false);
      await relay();
      for (const [error, answer] of wrongs) {
        receiver.answer = answer;
        expect(await world.gate.deliverLogouts()).toBe(0);
        const [waiting] = (await deliveries()).filter(({ app: id }) => id === 'wiki');
        expect(waiting).toMatchObject({ state: 'waiting', error: expect.stringContaining(error) });
        expect(waiting?.nextAt).toBeGreaterThan(world.clock.now);
        // Not before its time.
        const before = receiver.requests();
        await world.gate.deliverLogouts();
        expect(receiver.requests()).toBe(before);
        world.clock.now = Math.max(...(await deliveries()).map(({ nextAt }) => nextAt));
      }
      expect(moved.requests()).toBe(0);
      const errors = new Map((await deliveries()).map(({ app: id, error }) => [id, error]));
      expect(errors.get('intranet')).toContain('private address');
      expect(errors.get('nowhere')).toContain('cannot be reached');
      receiver.answer = takesIt;
      expect(await world.gate.deliverLogouts()).toBe(1);
      expect(await states()).toEqual(['delivered', 'waiting', 'waiting']);
    } finally {
      await moved.close();
    }
  });

  test.each([
    ['takes the request and never answers', () => undefined],
    ['begins an answer and never ends it', (response: ServerResponse) => void response.writeHead(200).write('{')],
  ])(
    'O16 slow, an app that %s: given up on in time and tried again; deactivation and other apps wait for nothing',
    async (_how, answer) => {
      const quick = await startLogoutReceiver();
      const other = await registerApp(world, 'quick', { openid: { backchannelLogoutUri: quick.uri } });
      try {
        const browser = new Browser();
        for (const each of [app, other]) await each.signIn(browser);
        receiver.answer = answer;
        expect((await world.deactivate(world.user)).active).toBe(false);
        await relay();
        const running = world.gate.deliverLogouts();
        await eventually(() => receiver.requests() === 1 && quick.requests() === 1);
        // It hangs at this moment: whoever is switched off now is out all the same, and another app has heard.
        const next = await world.addPerson({ userName: 'baba@example.com' }, { connection: 'corp' });
        expect((await world.deactivate(next)).active).toBe(false);
        expect(await running).toBe(1);
        const [waiting] = (await deliveries()).filter(({ app: id }) => id === 'wiki');
        expect(waiting).toMatchObject({ state: 'waiting', attempts: 1, error: expect.stringContaining('in time') });
        receiver.answer = takesIt;
        world.clock.now = waiting?.nextAt ?? 0;
        expect(await world.gate.deliverLogouts()).toBe(1);
        expect(await states()).toEqual(['delivered', 'delivered']);
      } finally {
        await quick.close();
      }
    },
  );

  test('tries are counted by how they ended, and no label names a person, an app or an address', async () => {
    await app.signIn(new Browser());
    await world.deactivate(world.user);
    await relay();
    const counted = async () =>
      (await (world.context.metrics as Metrics).render())
        .split('\n')
        .filter((line) => line.startsWith('furlough_deliveries_total'))
        .toSorted();
    expect(await counted()).toEqual([]);
    const line = (outcome: string) => `furlough_deliveries_total{kind="backchannelLogout",outcome="${outcome}"} 1`;
    receiver.answer = (response) => void response.writeHead(500).end();
    await world.gate.deliverLogouts();
    expect(await counted()).toEqual([line('failed')]);
    world.clock.now += 25 * hourMs;
    await world.gate.deliverLogouts();
    expect(await counted()).toEqual([line('dead'), line('failed')]);
    const [record] = await listLogoutDeliveries(world.context, organization, { limit: 1 });
    await giveLogoutAnotherDay(world.context, record!, []);
    receiver.answer = takesIt;
    await world.gate.deliverLogouts();
    expect(await counted()).toEqual([line('dead'), line('delivered'), line('failed')]);
  });

  test('O16 an app that never takes it: given up after a day, never sooner; one that answers is not held up by it', async () => {
    const dead = await registerApp(world, 'dead', { openid: { backchannelLogoutUri: 'http://127.0.0.1:1/logout' } });
    for (const browser of [new Browser(), new Browser(), new Browser(), new Browser(), new Browser()]) {
      await dead.signIn(browser);
      await app.signIn(browser);
    }
    await world.deactivate(world.user);
    const start = world.clock.now;
    await relay();
    expect(await world.gate.deliverLogouts()).toBe(5);
    const ofDead = async () => (await deliveries()).filter(({ app: id }) => id === 'dead');
    // After a few failures in a row the rest is left for the next time.
    expect((await ofDead()).filter(({ attempts }) => attempts > 0).length).toBeLessThanOrEqual(5);
    let rounds = 0;
    while ((await ofDead()).some(({ state }) => state === 'waiting')) {
      expect((await ofDead()).every(({ state }) => state === 'waiting') || world.clock.now >= start + 24 * hourMs).toBe(
        true,
      );
      world.clock.now += hourMs;
      await world.gate.deliverLogouts();
      expect((rounds += 1)).toBeLessThan(60);
    }
    expect(world.clock.now).toBeGreaterThanOrEqual(start + 24 * hourMs);
    expect((await ofDead()).map(({ state }) => state)).toEqual(['dead', 'dead', 'dead', 'dead', 'dead']);
  });

  test('two nodes at once: each logout goes out once', async () => {
    const browsers = [new Browser(), new Browser(), new Browser()];
    for (const browser of browsers) await app.signIn(browser);
    await world.deactivate(world.user);
    await relay();
    const taken = await Promise.all([world.gate.deliverLogouts(), world.gate.deliverLogouts()]);
    expect(taken[0] + taken[1]).toBe(3);
    expect(receiver.requests()).toBe(3);
  });

  test('an app that was removed, or wants none any more: dropped', async () => {
    await app.signIn(new Browser());
    await world.deactivate(world.user);
    await relay();
    await app.change(({ backchannelLogoutUri: _uri, ...openid }) => openid);
    expect(await world.gate.deliverLogouts()).toBe(0);
    expect([await states(), receiver.requests()]).toEqual([['dropped'], 0]);
  });
});
