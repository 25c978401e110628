// What is answered in front of express is answered as express would, and nothing is let in there that express would refuse.

import request from 'supertest';
import { createFrontDoor } from '#http/front-door.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { organization, reread } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';

const asked = {
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'http',
  'x-forwarded-uri': '/page',
  'x-forwarded-for': '203.0.113.9, 127.0.0.1',
  'x-request-id': 'request-of-the-test',
};

describeAtDoors('quick doors', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let cookie: string;
  beforeEach(async () => {
    observer = async () => undefined;
    world = await openOidcWorld(await open(), {
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    const browser = new Browser();
    await login(world, browser);
    expect(await sessionStatus(world, browser)).toBe(200);
    cookie = `furlough-session=${browser.cookie(world.baseUrl, 'furlough-session') ?? ''}`;
  });
  afterEach(() => world.close());

  const headers = () => ({ ...asked, 'x-forwarded-host': new URL(world.baseUrl).host, cookie });
  const inFront = (path: string, sent: Readonly<Record<string, string>> = headers()) =>
    request(world.baseUrl).get(path).set(sent);
  const byExpress = (path: string, sent: Readonly<Record<string, string>> = headers()) =>
    request(world.app).get(path).set(sent);
  const withoutDate = ({
    date: _date,
    connection: _connection,
    'keep-alive': _alive,
    ...rest
  }: Record<string, string>) => rest;

  test.each(['/gate/forward-auth', '/sso/session', '/sso/session?x=1'])(
    '%s: the same answer and the same line in the log',
    async (path) => {
      const before = world.lines.length;
      const front = await inFront(path).expect(200);
      const express = await byExpress(path).expect(200);
      expect(withoutDate(front.headers as Record<string, string>)).toEqual(
        withoutDate(express.headers as Record<string, string>),
      );
      expect(front.text).toBe(express.text);
      const lines = world.lines.slice(before).map((line) => JSON.parse(line) as Record<string, unknown>);
      const told = lines.map(({ time: _time, duration_ms: _duration, ...rest }) => rest);
      expect(told).toHaveLength(2);
      expect(told[0]).toEqual(told[1]);
      expect(told[0]).toMatchObject({ event: 'http.request', status: 200, address: '203.0.113.9' });
    },
  );

  test('a refusal in front of express is none: express says it, after one decision', async () => {
    let decisions = 0;
    observer = async (moment) => {
      if (moment.startsWith('before doors.')) decisions += 1;
    };
    const [user] = await world.storage.users.list(organization, { limit: 1 });
    if (user === undefined) throw new Error('nobody');
    await world.deactivate(await reread(world, user));
    for (const path of ['/gate/forward-auth', '/sso/session']) {
      decisions = 0;
      const front = await inFront(path).expect(403);
      expect(decisions).toBe(1);
      expect(front.body).toEqual((await byExpress(path).expect(403)).body);
    }
    const { cookie: _cookie, ...stranger } = headers();
    expect((await inFront('/sso/session', stranger).expect(401)).body).toMatchObject({ code: 'notSignedIn' });
    const malformed = { ...headers(), 'x-forwarded-host': 'a,b' };
    expect((await inFront('/gate/forward-auth', malformed).expect(400)).body).toMatchObject({
      code: 'malformedRequest',
    });
  });

  test('an outage in front of express is 503, asked once', async () => {
    for (const path of ['/gate/forward-auth', '/sso/session']) {
      let tries = 0;
      observer = async (moment) => {
        if (!moment.startsWith('before doors.')) return;
        tries += 1;
        throw new StorageError('unavailable', 'planted outage');
      };
      const { body } = await inFront(path).expect(503);
      expect(body).toMatchObject({ code: 'storageUnavailable' });
      expect(tries).toBe(1);
      observer = async () => undefined;
      await inFront(path).expect(200);
    }
  });

  test('what an app is told follows the person at once', async () => {
    await inFront('/gate/forward-auth').expect(200);
    const [user] = await world.storage.users.list(organization, { limit: 1 });
    if (user === undefined) throw new Error('nobody');
    const by = { actor: { kind: 'cli' }, mouth: 'cli' } as const;
    const profile = { ...user.profile, displayName: 'A new name' };
    await world.provisioning.changeUser(organization, user.id, () => ({ profile }), by);
    const told = await inFront('/gate/forward-auth').expect(200);
    expect(told.headers['remote-name']).toBe('A new name');
    expect((await inFront('/sso/session').expect(200)).body).toMatchObject({ user: { displayName: 'A new name' } });
  });

  test('other methods and paths go through express', async () => {
    const seen: string[] = [];
    const door = createFrontDoor({
      app: ((asking: { url: string }, response: { end(): void }) => {
        seen.push(asking.url);
        response.end();
      }) as never,
      doors: world.gate.doors,
      baseUrl: world.baseUrl,
      isTrustedProxy: () => false,
      logger: world.context.logger as never,
      metrics: { httpDuration: { observe: () => undefined } } as never,
      createRequestId: () => 'x',
    });
    const paths = ['/sso/sessions', '/sso/session/', '/SSO/session', '/gate/forward-auth/x', '/'];
    for (const path of paths)
      await request(door as never)
        .get(path)
        .set(headers());
    await request(door as never)
      .post('/sso/session')
      .set(headers());
    expect(seen).toEqual([...paths, '/sso/session']);
  });
});
