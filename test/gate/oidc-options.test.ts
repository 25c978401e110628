// What a connection may ask of its OpenID Provider and how it proves itself there: presets, claims, secrets in change, keys of our own, keys of the
// provider in change. No storage takes part, so they run on one.

import { randomUUID } from 'node:crypto';
import { createLocalJWKSet, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose';
import type { OidcSignIn } from '#directory/connection.ts';
import type { RefusalReason } from '#gate/sign-in/refusal.ts';
import { recordKinds } from '#record-kinds.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { Browser } from '../harness/browser.ts';
import { createKeys, type ClientProof } from '../harness/hostile-openid-provider.ts';
import {
  changeConnection,
  changeSignIn,
  expectRefused,
  login,
  openOidcWorld,
  sessionStatus,
  userName,
  type OidcWorld,
} from './oidc-world.ts';

describe('options of an OpenID Connect connection', () => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await openSqliteStorage({ path: ':memory:', recordKinds }));
  });
  afterEach(async () => {
    await world.close();
    await world.storage.close();
  });

  const signsIn = async (query = ''): Promise<void> => {
    const browser = new Browser();
    await login(world, browser, query);
    expect(await sessionStatus(world, browser)).toBe(200);
  };
  const isRefused = async (reason: RefusalReason): Promise<void> => {
    const before = (await world.signIns()).length;
    const browser = new Browser();
    await expectRefused(world, browser, await login(world, browser), reason, before);
  };
  /** RFC 6749 2.3.1: both are form-encoded first. */
  const password = ({ authorization = '' }: ClientProof): string => {
    const [, text = ''] = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString().split(':');
    return new URLSearchParams(`secret=${text}`).get('secret') ?? '';
  };

  describe('what is asked', () => {
    test('scopes, prompt, max_age and the hint go to the provider', async () => {
      await signsIn();
      expect(world.provider.requests[0]?.get('scope')).toBe('openid profile email');
      for (const absent of ['prompt', 'max_age', 'login_hint'])
        expect(world.provider.requests[0]?.has(absent)).toBe(false);
      await changeSignIn(world, 'corp', { scopes: ['groups', 'email'], prompt: 'login', maxAgeSeconds: 300 });
      world.provider.person.claims['auth_time'] = Math.floor(world.clock.now / 1000);
      await signsIn('?login_hint=aoki%40example.com');
      const asked = world.provider.requests[1];
      expect(asked?.get('scope')).toBe('openid profile email groups');
      expect(asked?.get('prompt')).toBe('login');
      expect(asked?.get('max_age')).toBe('300');
      expect(asked?.get('login_hint')).toBe('aoki@example.com');
    });

    test('a sign-in at the provider longer ago than max_age, or without a time: refused', async () => {
      await changeSignIn(world, 'corp', { maxAgeSeconds: 300 });
      const seconds = Math.floor(world.clock.now / 1000);
      world.provider.person.claims['auth_time'] = seconds - 200;
      await signsIn();
      world.provider.person.claims['auth_time'] = seconds - 400;
      await isRefused('authenticationTooOld');
      delete world.provider.person.claims['auth_time'];
      world.provider.lies = { claims: ({ auth_time: _told, ...claims }) => claims };
      await isRefused('idTokenInvalid');
    });

    test('the request is pushed where the provider offers it, and nothing of it goes through the browser', async () => {
      world.provider.lies = {
        discovery: (document) => ({
          ...document,
          pushed_authorization_request_endpoint: `${world.provider.issuer}/par`,
        }),
      };
      const browser = new Browser();
      const away = await browser.go(`${world.baseUrl}/sso/acme/login`, { follow: false });
      const target = new URL(away.headers.get('location') ?? '');
      expect([...target.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
      await signsIn();
      expect(world.provider.asked).toContain('/par');
    });
  });

  describe('how we prove ourselves', () => {
    test('while a secret is replaced both are tried, the newest first, also at PAR; with neither taken: clientRefused', async () => {
      const seal = (secret: string) => world.seal(secret, 'corp');
      await changeSignIn(world, 'corp', {
        sealedClientSecret: seal('the new secret'),
        sealedPreviousSecret: seal('the old secret'),
      });
      const tried: string[] = [];
      const takes = (...secrets: readonly string[]) => ({
        discovery: (document: Record<string, unknown>) => ({
          ...document,
          pushed_authorization_request_endpoint: `${world.provider.issuer}/par`,
        }),
        takesClient: (proof: ClientProof) => {
          tried.push(password(proof));
          return secrets.includes(password(proof));
        },
      });
      world.provider.lies = takes('the old secret');
      await signsIn();
      expect(tried).toEqual(['the new secret', 'the old secret', 'the new secret', 'the old secret']);
      world.provider.lies = takes('the new secret');
      tried.length = 0;
      await signsIn();
      expect(tried).toEqual(['the new secret', 'the new secret']);
      world.provider.lies = takes('a third secret');
      await isRefused('clientRefused');
    });

    test('a provider that only takes secrets in the body gets them there', async () => {
      let proof: ClientProof | undefined;
      world.provider.lies = {
        discovery: (document) => ({ ...document, token_endpoint_auth_methods_supported: ['client_secret_post'] }),
        takesClient: (given) => {
          proof = given;
          return given.body.get('client_secret') === 'a client secret only tests know';
        },
      };
      await signsIn();
      expect(proof?.authorization).toBeUndefined();
    });

    test('private_key_jwt: by a key that is published at the connection’s own address, and no secret is sent', async () => {
      await changeSignIn(world, 'corp', { authMethod: 'private_key_jwt' });
      const proofs: ClientProof[] = [];
      world.provider.lies = { takesClient: (given) => proofs.push(given) > 0 };
      await signsIn();
      const assertion = proofs[0]?.body.get('client_assertion') ?? '';
      expect(proofs[0]?.body.has('client_secret')).toBe(false);
      expect(proofs[0]?.authorization).toBeUndefined();
      const published = await fetch(`${world.baseUrl}/sso/acme/corp/oidc/jwks`);
      const jwks = (await published.json()) as JSONWebKeySet;
      for (const jwk of jwks.keys) expect(jwk).not.toHaveProperty('d');
      const { payload } = await jwtVerify(assertion, createLocalJWKSet(jwks), {
        issuer: 'furlough',
        subject: 'furlough',
        audience: world.provider.issuer,
      });
      expect(payload.jti).toEqual(expect.any(String));
      expect((await fetch(`${world.baseUrl}/sso/acme/other/oidc/jwks`)).status).toBe(404);
    });
  });

  describe('keys and algorithms of the provider', () => {
    test('O03 keys that the provider changes are found with the next try, and what it no longer publishes signs nobody in', async () => {
      await signsIn();
      const old = world.provider.keys;
      world.provider.keys = await createKeys('key-2');
      await isRefused('signingKeyUnknown');
      await signsIn();
      world.provider.lies = {
        sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(old.privateKey),
      };
      await isRefused('signingKeyUnknown');
      world.provider.lies = {};
      await signsIn();
    });

    test('a pinned algorithm is the only one, whatever the provider offers', async () => {
      await signsIn();
      await changeSignIn(world, 'corp', { idTokenAlgorithm: 'ES256' });
      await isRefused('algorithmRefused');
      await changeSignIn(world, 'corp', { idTokenAlgorithm: 'RS256' });
      await signsIn();
    });
  });

  describe('claims', () => {
    test('a mapped claim that the ID token lacks is read from the userinfo endpoint, of the same subject only', async () => {
      await changeSignIn(world, 'corp', { attributes: { userName: 'login' } });
      await isRefused('noSuchUser');
      world.provider.lies = { userInfo: (claims) => ({ ...claims, login: userName }) };
      await signsIn();
      world.provider.lies = { userInfo: (claims) => ({ ...claims, login: userName, sub: 'subject-2' }) };
      await isRefused('providerAnswerInvalid');
      // What the token says is not overruled.
      world.provider.lies = {
        claims: (claims) => ({ ...claims, login: userName }),
        userInfo: (claims) => ({ ...claims, login: 'somebody@example.com' }),
      };
      await signsIn();
    });

    test('an address that is not the person’s own is nobody’s name', async () => {
      await changeSignIn(world, 'corp', { attributes: { userName: 'email' } });
      await signsIn();
      world.provider.person = {
        sub: 'subject-2',
        claims: { preferred_username: 'x', email: userName, email_verified: false },
      };
      await isRefused('noSuchUser');
      world.provider.person.claims['email_verified'] = 'true';
      await isRefused('noSuchUser');
    });
  });

  describe('presets', () => {
    const preset = (name: NonNullable<OidcSignIn['preset']>) => changeSignIn(world, 'corp', { preset: name });

    test('google: only accounts of a domain that is verified and routed to the connection', async () => {
      await preset('google');
      await isRefused('tenantMismatch');
      world.provider.person.claims['hd'] = 'example.com';
      await isRefused('tenantMismatch');
      await world.addConnection('elsewhere', { domains: ['example.com'] });
      await isRefused('tenantMismatch');
      await changeConnection(world, 'corp', () => ({ domains: ['example.com'] }));
      await signsIn();
      world.provider.person.claims['hd'] = 'other.example';
      await isRefused('tenantMismatch');
    });

    test('O04 entra: a token without a tenant, or with another one, is refused; `email` counts only if its domain was verified', async () => {
      await world.close();
      await world.storage.close();
      const tenant = randomUUID();
      const storage = await openSqliteStorage({ path: ':memory:', recordKinds });
      world = await openOidcWorld(storage, { path: `/${tenant}/v2.0` });
      await preset('entra');
      await isRefused('tenantMismatch');
      world.provider.person.claims['tid'] = randomUUID();
      await isRefused('tenantMismatch');
      world.provider.person.claims['tid'] = tenant;
      await signsIn();
      world.provider.person = { sub: 'subject-1', claims: { tid: tenant, email: userName, email_verified: true } };
      await changeSignIn(world, 'corp', { attributes: { userName: 'email' } });
      await changeConnection(world, 'corp', () => ({ match: 'userName' }));
      const [record] = await world.signIns();
      expect(record).toMatchObject({ outcome: 'allowed' });
      // The link decides by now, so another subject tells what the claim is worth.
      world.provider.person = { ...world.provider.person, sub: 'subject-2' };
      await isRefused('noSuchUser');
      world.provider.person.claims['xms_edov'] = 1;
      await isRefused('identityConflict');
    });
  });
});
