/**
 * OpenID Providers on loopback for tests and the demo: a real one (oidc-provider) that signs in whoever it is told to, without asking.
 * The hostile one, which lies as it is told to, is hostile-openid-provider.ts.
 */
import type { KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, type JWTPayload } from 'jose';
import { Provider, type Adapter, type AdapterPayload, type Configuration } from 'oidc-provider';
import { takeRsaKey } from './spare-rsa-keys.ts';

export interface OpenIdPerson {
  readonly sub: string;
  readonly claims?: Readonly<Record<string, unknown>>;
}

export interface OpenIdProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Whoever comes next is this person. */
  signInAs(person: OpenIdPerson): void;
  /** A token of this type by the provider's own key. */
  sign(typ: string, claims: JWTPayload): Promise<string>;
  close(): Promise<void>;
}

/** Starts a provider whose one client may come back to `redirectUris`. */
export async function startOpenIdProvider(redirectUris: readonly string[]): Promise<OpenIdProvider> {
  const clientId = 'furlough';
  const clientSecret = 'a-secret-that-only-tests-know-0123456789';
  let present: OpenIdPerson = { sub: 'nobody' };
  const people = new Map<string, OpenIdPerson>();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = takeRsaKey();
  const provider = new Provider(issuer, await configure(clientId, clientSecret, redirectUris, people, privateKey));
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) {
      void answer(request, response);
      return;
    }
    people.set(present.sub, present);
    void finishInteraction(provider, request, response, present.sub);
  });
  return {
    issuer,
    clientId,
    clientSecret,
    signInAs: (person) => {
      present = person;
    },
    sign: (typ, claims) => new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'real', typ }).sign(privateKey),
    close: () => closeServer(server),
  };
}

async function configure(
  clientId: string,
  clientSecret: string,
  redirectUris: readonly string[],
  people: ReadonlyMap<string, OpenIdPerson>,
  privateKey: KeyObject,
): Promise<Configuration> {
  return {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [...redirectUris],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'real', alg: 'RS256', use: 'sig' } as never] },
    adapter: createMemory(),
    ttl: { AccessToken: 300, AuthorizationCode: 60, Grant: 600, IdToken: 300, Interaction: 600, Session: 600 },
    cookies: { keys: ['a key for cookies of a test'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'name', 'oid'], email: ['email', 'email_verified'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    // A provider's own session would sign in the person before.
    expiresWithSession: () => false,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub)?.claims }) }),
    loadExistingGrant: async (context) => {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client!.clientId,
        accountId: context.oidc.session!.accountId!,
      });
      grant.addOIDCScope('openid profile email');
      await grant.save();
      return grant;
    },
  };
}

async function finishInteraction(
  provider: Provider,
  request: Parameters<Provider['interactionFinished']>[0],
  response: Parameters<Provider['interactionFinished']>[1],
  accountId: string,
): Promise<void> {
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId, remember: false } },
    { mergeWithLastSubmission: false },
  );
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** What the provider keeps, one memory per provider; nothing expires within a test. */
function createMemory(): (model: string) => Adapter {
  const kept = new Map<string, AdapterPayload>();
  return (model) => {
    const keyOf = (id: string): string => `${model}:${id}`;
    const findBy = (name: 'uid' | 'userCode', value: string) =>
      [...kept].find(([key, payload]) => key.startsWith(`${model}:`) && payload[name] === value)?.[1];
    return {
      upsert: async (id, payload) => void kept.set(keyOf(id), payload),
      find: async (id) => kept.get(keyOf(id)),
      findByUid: async (uid) => findBy('uid', uid),
      findByUserCode: async (code) => findBy('userCode', code),
      consume: async (id) => void kept.set(keyOf(id), { ...kept.get(keyOf(id)), consumed: true }),
      destroy: async (id) => void kept.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
      },
    };
  };
}
