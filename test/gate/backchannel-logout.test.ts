// Logout tokens received: O15. What the token names ends, at this connection and nowhere else; whatever is wrong with it ends nothing.

import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { describeAtDoors } from '../harness/both-storages.ts';
import { createKeys } from '../harness/hostile-openid-provider.ts';
import {
  auditEntries,
  logoutEvent,
  logoutToken,
  openSignalWorld,
  send,
  sendLogout,
  type SignalWorld,
  type TokenChange,
} from './signal-world.ts';

describeAtDoors('O15 back-channel logout', (open) => {
  let world: SignalWorld;
  beforeEach(async () => {
    world = await openSignalWorld(await open());
  });
  afterEach(() => world.close());

  const seconds = () => Math.floor(world.clock.now / 1000);

  test('by the provider’s session, by the subject, or by both, the sessions of this connection end at once and no others', async () => {
    const [first, second] = [await world.signIn('sid-1'), await world.signIn('sid-2')];
    world.provider.person = { ...world.provider.person, sub: 'subject-2', claims: { preferred_username: 'kato' } };
    await world.addPerson({ userName: 'kato' }, { connection: 'corp' });
    const other = await world.signIn('sid-3');
    const answer = await sendLogout(world, await logoutToken(world, { sid: 'sid-1' }));
    expect(answer).toMatchObject({ status: 200, text: '' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await world.sessions(first, second, other)).toEqual([401, 200, 200]);
    // Of another subject: both must fit.
    expect((await sendLogout(world, await logoutToken(world, { sid: 'sid-2', sub: 'subject-2' }))).status).toBe(200);
    expect(await world.sessions(second, other)).toEqual([200, 200]);
    expect((await sendLogout(world, await logoutToken(world, { sid: 'sid-2', sub: 'subject-1' }))).status).toBe(200);
    expect(await world.sessions(second, other)).toEqual([401, 200]);
    expect((await sendLogout(world, await logoutToken(world, { sub: 'subject-2' }))).status).toBe(200);
    expect(await world.sessions(other)).toEqual([401]);
    expect((await auditEntries(world)).filter(({ action }) => action === 'signal.loggedOut')).toMatchObject([
      { actor: 'connection:corp', mouth: 'securitySignal', after: { sessions: 1, people: [world.user.id] } },
      { after: { sessions: 0 } },
      { after: { sessions: 1 } },
      { after: { sessions: 1 } },
    ]);
  });

  test('a session that nobody has is answered alike', async () => {
    const browser = await world.signIn('sid-1');
    expect((await sendLogout(world, await logoutToken(world, { sid: 'sid-unknown' }))).status).toBe(200);
    expect(await world.sessions(browser)).toEqual([200]);
  });

  type Change = (now: number) => Readonly<Record<string, unknown>>;
  test.each<[string, Change, TokenChange?]>([
    ['wrong typ', () => ({}), { typ: 'JWT' }],
    ['no typ', () => ({}), { typ: undefined }],
    ['alg none', () => ({}), { sign: (claims) => new UnsecuredJWT(claims).encode() }],
    [
      'HS256',
      () => ({}),
      {
        sign: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'logout+jwt' }).sign(new Uint8Array(32)),
      },
    ],
    [
      'a key of somebody else under the same name',
      () => ({}),
      {
        sign: async (claims) => {
          const { privateKey } = await generateKeyPair('RS256');
          return new SignJWT(claims)
            .setProtectedHeader({ alg: 'RS256', kid: 'key-1', typ: 'logout+jwt' })
            .sign(privateKey);
        },
      },
    ],
    ['a nonce', () => ({ nonce: 'x' })],
    ['no events', () => ({ events: undefined })],
    ['other events', () => ({ events: { [`${logoutEvent}-not`]: {} } })],
    ['an event that is no object', () => ({ events: { [logoutEvent]: true } })],
    ['neither sub nor sid', () => ({ sub: undefined, sid: undefined })],
    ['a sub that is no text', () => ({ sub: 7 })],
    ['an old iat', (now) => ({ iat: now - 800, exp: now + 60 })],
    ['no iat', () => ({ iat: undefined })],
    ['an iat ahead', (now) => ({ iat: now + 200 })],
    ['expired', (now) => ({ iat: now - 300, exp: now - 100 })],
    ['no exp', () => ({ exp: undefined })],
    ['an exp years ahead', (now) => ({ exp: now + 10_000_000 })],
    ['no jti', () => ({ jti: undefined })],
    ['another aud', () => ({ aud: 'somebody-else' })],
    ['another iss', () => ({ iss: 'https://other.example' })],
  ])('%s: 400, no session ends; the same without the fault ends it', async (_what, claims, change = {}) => {
    const browser = await world.signIn('sid-1');
    const named = { sub: 'subject-1', sid: 'sid-1' };
    const refused = await sendLogout(world, await logoutToken(world, { ...named, ...claims(seconds()) }, change));
    expect(refused.status).toBe(400);
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(await world.sessions(browser)).toEqual([200]);
    expect((await sendLogout(world, await logoutToken(world, named))).status).toBe(200);
    expect(await world.sessions(browser)).toEqual([401]);
  });

  test('a repeated jti: 400, and the session opened since stays', async () => {
    const browser = await world.signIn('sid-1');
    const token = await logoutToken(world, { sub: 'subject-1' });
    expect((await sendLogout(world, token)).status).toBe(200);
    expect(await world.sessions(browser)).toEqual([401]);
    const again = await world.signIn('sid-1');
    expect((await sendLogout(world, token)).status).toBe(400);
    expect(await world.sessions(again)).toEqual([200]);
  });

  test('a key the provider began to use just now is found', async () => {
    const browser = await world.signIn('sid-1');
    expect((await sendLogout(world, await logoutToken(world, { sid: 'x' }))).status).toBe(200);
    world.clock.now += 60_000;
    world.provider.keys = await createKeys('key-new');
    expect((await sendLogout(world, await logoutToken(world, { sid: 'sid-1' }))).status).toBe(200);
    expect(await world.sessions(browser)).toEqual([401]);
  });

  test('a token for another connection, or at another one, ends nothing', async () => {
    const browser = await world.signIn('sid-1');
    const token = await logoutToken(world, { sid: 'sid-1' });
    const form = new URLSearchParams({ logout_token: token }).toString();
    const type = 'application/x-www-form-urlencoded';
    await world.addConnection('twin', {
      signIn: { kind: 'oidc', issuer: world.provider.issuer, clientId: 'another-client' },
    });
    expect((await send(world.url.logout.replace('/corp/', '/twin/'), form, type)).status).toBe(400);
    expect((await send(world.url.logout.replace('/corp/', '/nobody/'), form, type)).status).toBe(404);
    expect((await send(world.url.logout.replace('/acme/', '/other/'), form, type)).status).toBe(404);
    expect(await world.sessions(browser)).toEqual([200]);
    // The same client at the same provider under another connection: whose sessions are they? That connection's.
    await world.addConnection('same', {
      signIn: { kind: 'oidc', issuer: world.provider.issuer, clientId: world.provider.clientId },
    });
    expect((await send(world.url.logout.replace('/corp/', '/same/'), form, type)).status).toBe(200);
    expect(await world.sessions(browser)).toEqual([200]);
    expect((await sendLogout(world, token)).status).toBe(200);
    expect(await world.sessions(browser)).toEqual([401]);
  });

  test.each([
    ['no form', 'application/json', '{}'],
    ['no token', 'application/x-www-form-urlencoded', 'token=x'],
    ['two tokens', 'application/x-www-form-urlencoded', 'logout_token=x&logout_token=y'],
    ['no JWT', 'application/x-www-form-urlencoded', 'logout_token=x.y.z'],
    ['too much', 'application/x-www-form-urlencoded', `logout_token=${'x'.repeat(70_000)}`],
  ])('%s: 400', async (_what, type, body) => {
    expect((await send(world.url.logout, body, type)).status).toBe(400);
  });
});
