// What an ID token must be and say: O02 to O04. Every refusal stands beside a sign-in that works. No storage takes part in these checks,
// so they run on one.

import { randomUUID } from 'node:crypto';
import { recordKinds } from '#record-kinds.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { exportSPKI, generateKeyPair, importJWK, SignJWT, UnsecuredJWT, type CryptoKey, type JWTPayload } from 'jose';
import { Browser } from '../harness/browser.ts';
import { login, openOidcWorld, refuses, type OidcWorld } from './oidc-world.ts';

describe('ID tokens of an OpenID Provider', () => {
  let world: OidcWorld;
  const open = async (path = '') => openOidcWorld(await openSqliteStorage({ path: ':memory:', recordKinds }), { path });
  const close = async () => {
    await world.close();
    await world.storage.close();
  };
  beforeEach(async () => {
    world = await open();
  });
  afterEach(close);

  describe('O02 nonce', () => {
    test('wrong', () => refuses(world, { claims: (claims) => ({ ...claims, nonce: 'another' }) }, 'nonceMismatch'));
    test('missing', () => refuses(world, { claims: ({ nonce: _nonce, ...claims }) => claims }, 'idTokenInvalid'));
    test('an ID token of an earlier sign-in', async () => {
      await login(world, new Browser());
      const earlier = world.provider.lastIdToken;
      await refuses(world, { sign: async () => earlier }, 'nonceMismatch');
    });
  });

  describe('O03 signature', () => {
    test('alg none', () =>
      refuses(world, { sign: async (claims) => new UnsecuredJWT(claims).encode() }, 'algorithmRefused'));

    test('HS256 with the public key as the secret', () =>
      refuses(
        world,
        {
          sign: async (claims, { publicJwk }) => {
            const pem = await exportSPKI((await importJWK(publicJwk, 'RS256')) as CryptoKey);
            return new SignJWT(claims)
              .setProtectedHeader({ alg: 'HS256', kid: 'key-1' })
              .sign(new TextEncoder().encode(pem));
          },
        },
        'algorithmRefused',
      ));

    test('another algorithm than the one pinned', async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const sign = (claims: object) =>
        new SignJWT({ ...claims }).setProtectedHeader({ alg: 'ES256', kid: 'key-1' }).sign(privateKey);
      await refuses(world, { sign }, 'algorithmRefused');
    });

    test('a key the provider does not publish', () =>
      refuses(
        world,
        {
          sign: (claims, { privateKey }) =>
            new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-2' }).sign(privateKey),
        },
        'signingKeyUnknown',
      ));

    test("another connection's key under this one's name", async () => {
      const { privateKey } = await generateKeyPair('RS256');
      const sign = (claims: object) =>
        new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(privateKey);
      await refuses(world, { sign }, 'signatureInvalid');
    });
  });

  describe('O04 claims', () => {
    const seconds = () => Math.floor(world.clock.now / 1000);
    test.each([
      ['iss of another', { iss: 'https://other.example' }, 'issuerMismatch'],
      ['aud of another', { aud: 'someone-else' }, 'audienceMismatch'],
      ['several aud without azp', { aud: ['furlough', 'someone-else'] }, 'audienceMismatch'],
      [
        'several aud, azp of another',
        { aud: ['furlough', 'someone-else'], azp: 'someone-else' },
        'authorizedPartyMismatch',
      ],
      ['one aud, azp of another', { azp: 'someone-else' }, 'authorizedPartyMismatch'],
      ['no sub', { sub: undefined }, 'idTokenInvalid'],
      ['an empty sub', { sub: '' }, 'idTokenInvalid'],
      ['a sub with a zero-width space', { sub: 'subject\u200B-1' }, 'idTokenInvalid'],
    ] as const)('%s', (_what, change, reason) =>
      refuses(world, { claims: (claims) => ({ ...claims, ...change }) as JWTPayload }, reason),
    );

    test('expired', () => refuses(world, { claims: (claims) => ({ ...claims, exp: seconds() - 40 }) }, 'tokenExpired'));
    test('issued in the future', () =>
      refuses(world, { claims: (claims) => ({ ...claims, iat: seconds() + 40 }) }, 'issuedAtInvalid'));
    test('issued more than ten minutes ago', () =>
      refuses(world, { claims: (claims) => ({ ...claims, iat: seconds() - 640 }) }, 'issuedAtInvalid'));

    test("another organisation's tenant", async () => {
      await close();
      const tenant = randomUUID();
      world = await open(`/${tenant}/v2.0`);
      world.provider.person.claims['tid'] = tenant;
      await refuses(world, { claims: (claims) => ({ ...claims, tid: randomUUID() }) }, 'tenantMismatch');
    });

    test('userinfo about somebody else', async () => {
      world.provider.person.claims = { preferred_username: 'aoki@example.com' };
      await refuses(world, { userInfo: (claims) => ({ ...claims, sub: 'subject-2' }) }, 'providerAnswerInvalid');
    });
  });
});
