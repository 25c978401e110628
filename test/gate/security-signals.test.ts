// Security signals received: pushed security event tokens (RFC 8935; CAEP, RISC) and Okta's global token revocation. After the answer nobody they are
// about is let in; whatever is wrong with one does nothing; nobody learns who exists.

import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { OrganizationId } from '#directory/identifiers.ts';
import { storeLink } from '#gate/sign-in/account-link.ts';
import type { SignalAction, SignalKind } from '#directory/connection.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { createKeys } from '../harness/hostile-openid-provider.ts';
import { addOrganization, organization, reread } from './gate-world.ts';
import { changeConnection, signInOf, userName } from './oidc-world.ts';
import {
  auditEntries,
  caep,
  eventToken,
  openSignalWorld,
  ordinaryReception,
  push,
  revocationToken,
  revoke,
  risc,
  send,
  ssf,
  type SignalWorld,
  type TokenChange,
} from './signal-world.ts';

describeAtDoors('security signals', (open) => {
  let world: SignalWorld;
  beforeEach(async () => {
    world = await openSignalWorld(await open());
  });
  afterEach(() => world.close());

  const subject = () => ({ format: 'iss_sub', iss: world.provider.issuer, sub: 'subject-1' });
  const policy = (signal: SignalKind, action: SignalAction) =>
    changeConnection(world, 'corp', () => ({ signals: { ...ordinaryReception, [signal]: action } }));
  const isActive = async () => (await reread(world, world.user)).active;

  describe('pushed event tokens', () => {
    const events: readonly [string, string, SignalKind, Readonly<Record<string, unknown>>?][] = [
      ['session-revoked', caep, 'sessionRevoked'],
      ['sessions-revoked', risc, 'sessionRevoked'],
      ['account-disabled', risc, 'accountDisabled', { reason: 'hijacking' }],
      ['account-purged', risc, 'accountDisabled'],
      ['credential-compromise', risc, 'credentialCompromise', { credential_type: 'password' }],
      ['credential-change', caep, 'credentialChange', { credential_type: 'password', change_type: 'revoke' }],
      ['account-credential-change-required', risc, 'credentialChange'],
      ['risk-level-change', caep, 'riskHigh', { principal: 'USER', current_level: 'HIGH' }],
      ['device-compliance-change', caep, 'deviceNotCompliant', { current_status: 'not-compliant' }],
    ];

    test.each(events)('%s of %s does what the policy says of %s', async (name, family, signal, event = {}) => {
      const type = `${family}${name}`;
      await policy(signal, 'ignore');
      const browser = await world.signIn();
      expect(await push(world, await eventToken(world, type, subject(), { event }))).toMatchObject({
        status: 202,
        text: '',
      });
      expect(await world.sessions(browser)).toEqual([200]);
      await policy(signal, 'endSessions');
      expect((await push(world, await eventToken(world, type, subject(), { event }))).status).toBe(202);
      expect(await world.sessions(browser)).toEqual([401]);
      expect(await isActive()).toBe(true);
      await policy(signal, 'securityHold');
      const again = await world.signIn();
      expect((await push(world, await eventToken(world, type, subject(), { event }))).status).toBe(202);
      expect(await world.sessions(again)).toEqual([403]);
      const { holds } = await reread(world, world.user);
      expect(holds).toMatchObject([{ kind: 'security', source: '', by: 'connection:corp', reason: signal }]);
      await world.reactivate(world.user);
      expect(await isActive()).toBe(false);
    });

    test.each([
      ['risk-level-change to LOW', `${caep}risk-level-change`, { current_level: 'LOW' }],
      ['device-compliance-change to compliant', `${caep}device-compliance-change`, { current_status: 'compliant' }],
      ['account-enabled', `${risc}account-enabled`, {}],
      ['token-claims-change', `${caep}token-claims-change`, { claims: {} }],
      ['a type nobody has heard of', 'https://example.com/event', {}],
    ])('%s is acknowledged and changes nothing', async (_what, type, event) => {
      for (const signal of Object.keys(ordinaryReception)) await policy(signal as SignalKind, 'securityHold');
      const browser = await world.signIn();
      expect((await push(world, await eventToken(world, type, subject(), { event }))).status).toBe(202);
      expect(await world.sessions(browser)).toEqual([200]);
    });

    test('account-enabled lifts no hold: only an administrator does', async () => {
      await policy('accountDisabled', 'securityHold');
      await push(world, await eventToken(world, `${risc}account-disabled`, subject()));
      // Not signed in before, so nobody is linked: found by nothing, held by nothing.
      expect(await isActive()).toBe(true);
      await world.signIn();
      await push(world, await eventToken(world, `${risc}account-disabled`, subject()));
      expect(await isActive()).toBe(false);
      await push(world, await eventToken(world, `${risc}account-enabled`, subject()));
      expect(await isActive()).toBe(false);
    });

    test('a verification of the stream is acknowledged', async () => {
      const stream = { format: 'opaque', id: 'stream-1' };
      const token = await eventToken(world, `${ssf}verification`, stream, { event: { state: 'x' } });
      expect(await push(world, token)).toMatchObject({ status: 202, text: '' });
      expect(await auditEntries(world)).toContainEqual(
        expect.objectContaining({ action: 'signal.received', after: { events: [`${ssf}verification`], outcomes: [] } }),
      );
    });

    test('every form of subject finds the person; forms that name nobody here are acknowledged alike', async () => {
      const iss = world.provider.issuer;
      const user = { format: 'email', email: 'AOKI@example.com' };
      const forms: readonly unknown[] = [
        subject(),
        user,
        { format: 'account', uri: `acct:${userName}` },
        { format: 'opaque', id: 'subject-1' },
        { format: 'aliases', identifiers: [{ format: 'phone_number', phone_number: '+811' }, user] },
        { format: 'complex', user, tenant: { format: 'opaque', id: 'x' } },
        { format: 'complex', user: { format: 'aliases', identifiers: [user] } },
      ];
      for (const form of forms) {
        const browser = await world.signIn();
        expect((await push(world, await eventToken(world, `${caep}session-revoked`, form))).status).toBe(202);
        expect(await world.sessions(browser)).toEqual([401]);
      }
      const browser = await world.signIn();
      const nobody: readonly unknown[] = [
        { format: 'iss_sub', iss, sub: 'unknown' },
        { format: 'iss_sub', iss: 'https://other.example', sub: 'subject-1' },
        { format: 'email', email: 'nobody@example.com' },
        { format: 'email', email: `work|${userName}` },
        { format: 'phone_number', phone_number: '+811' },
        { format: 'did', url: 'did:example:1' },
        { format: 'complex', device: { format: 'opaque', id: 'x' } },
      ];
      for (const form of nobody) {
        expect(await push(world, await eventToken(world, `${caep}session-revoked`, form))).toMatchObject({
          status: 202,
          text: '',
        });
      }
      expect(await world.sessions(browser)).toEqual([200]);
    });

    test('the subject inside the event, as drafts had it, is read too', async () => {
      const browser = await world.signIn();
      const event = { subject: subject() };
      expect((await push(world, await eventToken(world, `${caep}session-revoked`, undefined, { event }))).status).toBe(
        202,
      );
      expect(await world.sessions(browser)).toEqual([401]);
    });

    test('a signal about one session of the provider ends that one; about one we do not have, all of the person', async () => {
      const [first, second] = [await world.signIn('sid-1'), await world.signIn('sid-2')];
      const about = (id: string) => ({ format: 'complex', user: subject(), session: { format: 'opaque', id } });
      await push(world, await eventToken(world, `${caep}session-revoked`, about('sid-1')));
      expect(await world.sessions(first, second)).toEqual([401, 200]);
      await push(world, await eventToken(world, `${caep}session-revoked`, about('sid-unknown')));
      expect(await world.sessions(second)).toEqual([401]);
    });

    test('one delivered again is acknowledged again and does nothing again', async () => {
      await world.signIn();
      const token = await eventToken(world, `${caep}session-revoked`, subject());
      expect((await push(world, token)).status).toBe(202);
      const since = await world.signIn();
      expect((await push(world, token)).status).toBe(202);
      expect(await world.sessions(since)).toEqual([200]);
    });

    test('what several people have as their address ends all their sessions and holds nobody', async () => {
      await policy('accountDisabled', 'securityHold');
      await world.addPerson({ userName: 'kato', emails: [{ value: userName }] }, { connection: 'corp' });
      const browser = await world.signIn();
      await push(world, await eventToken(world, `${risc}account-disabled`, { format: 'email', email: userName }));
      expect(await world.sessions(browser)).toEqual([401]);
      expect(await isActive()).toBe(true);
    });

    type Change = (now: number) => Readonly<Record<string, unknown>>;
    test.each<[string, string, Change, TokenChange?]>([
      ['a wrong typ', 'invalid_request', () => ({}), { typ: 'logout+jwt' }],
      ['no typ', 'invalid_request', () => ({}), { typ: undefined }],
      ['alg none', 'invalid_key', () => ({}), { sign: (claims) => signNone(claims) }],
      [
        'a key of somebody else',
        'invalid_key',
        () => ({}),
        {
          sign: async (claims) => {
            const { privateKey } = await generateKeyPair('RS256');
            const header = { alg: 'RS256', kid: 'key-1', typ: 'secevent+jwt' };
            return new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
          },
        },
      ],
      ['another issuer', 'invalid_issuer', () => ({ iss: 'https://other.example' })],
      ['another audience', 'invalid_audience', () => ({ aud: 'https://other.example/events' })],
      ['no audience', 'invalid_audience', () => ({ aud: undefined })],
      ['an old iat', 'invalid_request', (now) => ({ iat: now - 8 * 86_400 })],
      ['an iat ahead', 'invalid_request', (now) => ({ iat: now + 600 })],
      ['no jti', 'invalid_request', () => ({ jti: undefined })],
      ['an exp', 'invalid_request', (now) => ({ exp: now + 600 })],
      ['a sub', 'invalid_request', () => ({ sub: 'subject-1' })],
      ['no events', 'invalid_request', () => ({ events: undefined })],
      ['events that are none', 'invalid_request', () => ({ events: { [`${caep}session-revoked`]: 'x' } })],
      ['no subject', 'invalid_request', () => ({ sub_id: undefined })],
      ['a subject without a format', 'invalid_request', () => ({ sub_id: { sub: 'subject-1' } })],
      ['a subject that lacks its member', 'invalid_request', () => ({ sub_id: { format: 'email' } })],
      ['aliases within aliases', 'invalid_request', () => ({ sub_id: nested })],
    ])('%s: 400 %s, nothing happens', async (_what, err, claims, change = {}) => {
      const browser = await world.signIn();
      const now = Math.floor(world.clock.now / 1000);
      const wrong = await eventToken(world, `${caep}session-revoked`, subject(), { ...change, claims: claims(now) });
      const answer = await push(world, wrong);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ err, description: expect.any(String) });
      expect(await world.sessions(browser)).toEqual([200]);
      await push(world, await eventToken(world, `${caep}session-revoked`, subject()));
      expect(await world.sessions(browser)).toEqual([401]);
    });

    test('a logout token or an ID token is no security event token', async () => {
      const browser = await world.signIn();
      expect((await push(world, world.provider.lastIdToken)).status).toBe(400);
      expect(await world.sessions(browser)).toEqual([200]);
    });

    test('another content type: 400', async () => {
      const token = await eventToken(world, `${caep}session-revoked`, subject());
      expect((await send(world.url.events, token, 'application/jwt')).status).toBe(400);
      expect((await send(world.url.events, 'x'.repeat(70_000), 'application/secevent+jwt')).status).toBe(400);
      expect((await push(world, token)).status).toBe(202);
    });

    test('an issuer, keys and an audience of their own', async () => {
      const browser = await world.signIn();
      const [issuer, audience] = ['https://signals.example', 'stream-of-acme'];
      const signals = { ...ordinaryReception, issuer, audience, jwksUri: `${world.provider.issuer}/jwks` };
      await changeConnection(world, 'corp', () => ({ signals }));
      const type = `${caep}session-revoked`;
      expect((await push(world, await eventToken(world, type, subject()))).status).toBe(400);
      const claims = { iss: issuer, aud: ['x', audience] };
      expect((await push(world, await eventToken(world, type, subject(), { claims }))).status).toBe(202);
      expect(await world.sessions(browser)).toEqual([401]);
    });

    test('keys that cannot be had: 503, and the same token works when they can', async () => {
      const browser = await world.signIn();
      const token = await eventToken(world, `${caep}session-revoked`, subject());
      world.provider.lies = {
        answer: (path, response) => {
          if (path !== '/jwks') return false;
          response.writeHead(500).end();
          return true;
        },
      };
      const answer = await push(world, token);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await world.sessions(browser)).toEqual([200]);
      world.provider.lies = {};
      world.clock.now += 31_000;
      expect((await push(world, token)).status).toBe(202);
      expect(await world.sessions(browser)).toEqual([401]);
    });
  });

  describe('whose people', () => {
    test('a provider speaks of its own people: not of those of another connection, nor of another organisation', async () => {
      const mine = await world.signIn();
      const stranger = await world.addPerson({
        userName: 'kato@other.example',
        emails: [{ value: 'kato@other.example' }],
      });
      await policy('accountDisabled', 'securityHold');
      const of = (email: string) => ({ format: 'email', email });
      await push(world, await eventToken(world, `${risc}account-disabled`, of('kato@other.example')));
      expect(await reread(world, stranger)).toMatchObject({ active: true });
      await changeConnection(world, 'corp', () => ({ domains: ['other.example'] }));
      await world.addConnection('elsewhere', { domains: ['other.example'] });
      await push(world, await eventToken(world, `${risc}account-disabled`, of('kato@other.example')));
      expect(await reread(world, stranger)).toMatchObject({ active: false });

      const beta = 'beta' as OrganizationId;
      await addOrganization(world.provisioning, beta);
      const namesake = await world.addPerson(
        { userName, emails: [{ value: userName }] },
        { at: beta, connection: 'corp' },
      );
      const signIn = signInOf(world, world.provider, 'corp');
      await world.addConnection('corp', { organizationId: beta, signIn, signals: ordinaryReception });
      const theirs = world.url.events.replace('/acme/', '/beta/');
      // A token for our door is no token for theirs.
      expect((await push(world, await eventToken(world, `${caep}session-revoked`, of(userName)), theirs)).status).toBe(
        400,
      );
      const claims = { aud: theirs };
      const token = await eventToken(world, `${caep}session-revoked`, of(userName), { claims });
      expect((await push(world, token, theirs)).status).toBe(202);
      expect(await world.sessions(mine)).toEqual([200]);
      expect((await reread(world, namesake)).epoch).toBeGreaterThan(namesake.epoch);
    });

    test('a connection that takes no signals is answered like none at all', async () => {
      const token = await eventToken(world, `${caep}session-revoked`, subject());
      await changeConnection(world, 'corp', ({ signals: _signals, ...rest }) => ({
        ...rest,
        signals: undefined as never,
      }));
      const [here, nowhere] = [
        await push(world, token),
        await push(world, token, world.url.events.replace('/corp/', '/nobody/')),
      ];
      expect([here.status, nowhere.status]).toEqual([404, 404]);
      const plain = (text: string) => text.replace(/request-\d+/, '');
      expect(plain(here.text)).toBe(plain(nowhere.text));
      await changeConnection(world, 'corp', () => ({ signals: ordinaryReception }));
      expect((await push(world, token)).status).toBe(202);
    });

    test('whoever is provisioned and has not signed in yet is found by the id that was provisioned', async () => {
      const user = await world.addPerson({ userName: 'new', externalId: 'okta-id' }, { connection: 'corp' });
      await policy('accountDisabled', 'securityHold');
      await push(world, await eventToken(world, `${risc}account-disabled`, { ...subject(), sub: 'okta-id' }));
      expect(await reread(world, user)).toMatchObject({ active: false });
    });
  });

  describe('global token revocation', () => {
    test('ends every session of the person, and everything else that carries their epoch', async () => {
      const browser = await world.signIn();
      const before = await reread(world, world.user);
      const answer = await revoke(world, await revocationToken(world), { sub_id: subject() });
      expect(answer).toMatchObject({ status: 204, text: '' });
      expect(await world.sessions(browser)).toEqual([401]);
      expect((await reread(world, world.user)).epoch).toBe(before.epoch + 1);
      const actions = (await auditEntries(world)).map(({ action, actor }) => [action, actor]);
      expect(actions).toContainEqual(['user.sessionsEnded', 'connection:corp']);
      expect(actions).toContainEqual(['signal.received', 'connection:corp']);
    });

    test('by e-mail too; nobody of that name is answered alike', async () => {
      const browser = await world.signIn();
      const of = (email: string) => ({ sub_id: { format: 'email', email } });
      const [unknown, known] = [
        await revoke(world, await revocationToken(world), of('nobody@example.com')),
        await revoke(world, await revocationToken(world), of(userName)),
      ];
      expect([unknown.status, known.status]).toEqual([204, 204]);
      expect(unknown.text).toBe(known.text);
      expect(await world.sessions(browser)).toEqual([401]);
    });

    type Change = (now: number) => Readonly<Record<string, unknown>>;
    test.each<[string, Change, TokenChange?]>([
      ['a wrong typ', () => ({}), { typ: 'JWT' }],
      ['another aud', () => ({ aud: 'https://other.example' })],
      ['another iss', () => ({ iss: 'https://other.example' })],
      ['expired', (now) => ({ iat: now - 600, exp: now - 100 })],
      ['no exp', () => ({ exp: undefined })],
      ['not valid yet', (now) => ({ nbf: now + 600 })],
    ])('%s: 401, nothing happens', async (_what, claims, change = {}) => {
      const browser = await world.signIn();
      const now = Math.floor(world.clock.now / 1000);
      const answer = await revoke(world, await revocationToken(world, { ...change, claims: claims(now) }), {
        sub_id: subject(),
      });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
      expect(await world.sessions(browser)).toEqual([200]);
      expect((await revoke(world, await revocationToken(world), { sub_id: subject() })).status).toBe(204);
      expect(await world.sessions(browser)).toEqual([401]);
    });

    test('a key that is not the provider’s, no token at all, a token used before: 401', async () => {
      const browser = await world.signIn();
      const body = { sub_id: { format: 'email', email: 'nobody@example.com' } };
      const keys = await createKeys('key-1');
      expect((await revoke(world, await revocationToken(world, { keys }), { sub_id: subject() })).status).toBe(401);
      expect((await send(world.url.revocation, JSON.stringify(body), 'application/json')).status).toBe(401);
      const token = await revocationToken(world);
      expect((await revoke(world, token, body)).status).toBe(204);
      expect((await revoke(world, token, { sub_id: subject() })).status).toBe(401);
      expect(await world.sessions(browser)).toEqual([200]);
    });

    test.each([
      ['no subject', {}],
      ['a subject that is none', { sub_id: 'x' }],
      ['a list', []],
    ])('%s: 400, and the token can be used again', async (_what, body) => {
      const token = await revocationToken(world);
      expect((await revoke(world, token, body)).status).toBe(400);
      expect((await revoke(world, token, { sub_id: subject() })).status).toBe(204);
    });
  });

  test('0 of the requests that start after the answer are admitted', async () => {
    const browsers = await Promise.all(Array.from({ length: 5 }, () => world.signIn()));
    let answered = false;
    let admitted = 0;
    const work = browsers.map(async (browser) => {
      for (let asked = 0; asked < 20; asked += 1) {
        const after = answered;
        const [status] = await world.sessions(browser);
        if (after && status === 200) admitted += 1;
      }
    });
    expect((await push(world, await eventToken(world, `${caep}session-revoked`, subject()))).status).toBe(202);
    answered = true;
    await Promise.all(work);
    expect(admitted).toBe(0);
    expect(new Set(await world.sessions(...browsers))).toEqual(new Set([401]));
  });

  test('who was deleted is nobody, whatever is still linked to them', async () => {
    const identity = { issuer: world.provider.issuer, subject: 'subject-gone' };
    const gone = await world.addPerson({ userName: 'gone' }, { connection: 'corp' });
    await storeLink(world.context, { id: 'corp' as never, organizationId: organization }, identity, gone.id, null);
    await world.provisioning.removeUser(organization, gone.id, { actor: { kind: 'cli' }, mouth: 'cli' });
    const token = await eventToken(world, `${caep}session-revoked`, { ...subject(), sub: 'subject-gone' });
    expect((await push(world, token)).status).toBe(202);
  });
});

const nested = { format: 'aliases', identifiers: [{ format: 'aliases', identifiers: [] }] };

function signNone(claims: object): string {
  const { header, payload } = splitUnsecured(new UnsecuredJWT({ ...claims }).encode());
  const typed = Buffer.from(JSON.stringify({ ...header, typ: 'secevent+jwt' })).toString('base64url');
  return `${typed}.${payload}.`;
}

function splitUnsecured(token: string): { readonly header: object; readonly payload: string } {
  const [header = '', payload = ''] = token.split('.');
  return { header: JSON.parse(Buffer.from(header, 'base64url').toString()) as object, payload };
}
