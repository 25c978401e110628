/**
 * OpenID Providers on loopback for tests and the demo: a real one (oidc-provider) that signs in whoever it is told to, without asking.
 * The hostile one, which lies as it is told to, is hostile-openid-provider.ts.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, type Configuration } from 'oidc-provider';

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
  const provider = new Provider(issuer, await configure(clientId, clientSecret, redirectUris, people));
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
    close: () => closeServer(server),
  };
}

async function configure(
  clientId: string,
  clientSecret: string,
  redirectUris: readonly string[],
  people: ReadonlyMap<string, OpenIdPerson>,
): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
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
