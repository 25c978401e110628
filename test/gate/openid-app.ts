/**
 * An app behind the OpenID Provider, as somebody else would write one: openid-client, a browser, and what the two agreed on. Apps are registered in
 * the store; their addresses lead nowhere, the browser stops before it goes there.
 */
import * as client from 'openid-client';
import { randomBytes } from 'node:crypto';
import type { App, AppId } from '#directory/app.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import { hashSecret } from '#secrets/credential-secret.ts';
import { appRecordId, appRecords } from '#storage/app-records.ts';
import type { Browser } from '../harness/browser.ts';
import { organization, type GateWorld } from './gate-world.ts';

type OpenidPart = NonNullable<App['openid']>;

export interface AppOptions {
  readonly at?: OrganizationId;
  readonly groups?: readonly GroupId[];
  readonly openid?: Partial<OpenidPart>;
  /** Which of several nodes on one store the app talks to. */
  readonly baseUrl?: string;
  readonly auth?: client.ClientAuth;
}

export interface Asked {
  readonly url: URL;
  readonly checks: client.AuthorizationCodeGrantChecks & { readonly pkceCodeVerifier: string };
}

export type Tokens = Awaited<ReturnType<typeof client.authorizationCodeGrant>>;

export interface OpenidApp {
  readonly id: string;
  readonly redirectUri: string;
  readonly secret: string;
  readonly issuer: string;
  readonly config: client.Configuration;
  /** An authorization request with everything a careful app sends. */
  ask(parameters?: Readonly<Record<string, string>>): Promise<Asked>;
  /** Sends the browser there; where it came back, or the page at which it stopped (`url` is then not the app's). */
  send(browser: Browser, asked: Asked): Promise<{ readonly url: URL; readonly status: number; readonly body: string }>;
  /** From the way back to tokens. */
  redeem(asked: Asked, back: URL): Promise<Tokens>;
  /** All of it. */
  signIn(browser: Browser, parameters?: Readonly<Record<string, string>>): Promise<Tokens>;
  /** The registry's word about it, changed. */
  change(edit: (openid: OpenidPart) => OpenidPart): Promise<void>;
  secrets(): OpenidPart['secrets'];
  newSecret(): OpenidPart['secrets'][number];
  remove(): Promise<void>;
  /** A POST to one of the provider's addresses with the client's secret, without any library. */
  post(
    endpoint: string,
    form: Readonly<Record<string, string>>,
  ): Promise<{ status: number; body: Record<string, any> }>; // oxlint-disable-line no-explicit-any
}

/** Registers an app in the store. */
export async function registerApp(world: GateWorld, id: string, options: AppOptions = {}): Promise<OpenidApp> {
  const organizationId = options.at ?? organization;
  const redirectUri = `https://${id}.example.com/cb`;
  const secret = `secret-of-${id}-${randomBytes(8).toString('hex')}`;
  const app: App = {
    id: id as AppId,
    organizationId,
    name: `App ${id}`,
    ...(options.groups === undefined ? {} : { groups: options.groups }),
    openid: {
      redirectUris: [redirectUri],
      postLogoutRedirectUris: [`https://${id}.example.com/bye`],
      authMethod: 'client_secret_basic',
      secrets: [{ hash: hashSecret(secret), lastFour: secret.slice(-4), createdAt: world.clock.now }],
      ...options.openid,
    },
    createdAt: world.clock.now,
  };
  await world.storage.records(appRecords).insert({ id: appRecordId(organizationId, id), organizationId, value: app });
  return connectApp(world, app, secret, options);
}

/** The same app at another node. */
export async function connectApp(
  world: Pick<GateWorld, 'baseUrl' | 'storage' | 'clock'>,
  { id, organizationId, openid }: App,
  secret: string,
  options: Pick<AppOptions, 'auth' | 'baseUrl'> = {},
): Promise<OpenidApp> {
  const redirectUri = openid?.redirectUris[0] ?? '';
  const issuer = `${options.baseUrl ?? world.baseUrl}/oidc/${organizationId}`;
  const auth = options.auth ?? (openid?.authMethod === 'none' ? client.None() : client.ClientSecretBasic(secret));
  const config = await client.discovery(new URL(issuer), id, { id_token_signed_response_alg: 'RS256' }, auth, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
  const isApp = (target: URL): boolean => target.href.startsWith(new URL(redirectUri).origin);
  const app: OpenidApp = {
    id,
    redirectUri,
    secret,
    issuer,
    config,
    async ask(parameters = {}) {
      const pkceCodeVerifier = client.randomPKCECodeVerifier();
      const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
      const url = client.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid profile email groups departments',
        code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: checks.expectedState,
        nonce: checks.expectedNonce,
        ...parameters,
      });
      return { url, checks: { ...checks, idTokenExpected: true } };
    },
    async send(browser, { url }) {
      const visit = await browser.go(url.href, { stopBefore: isApp });
      const location = visit.headers.get('location');
      return { url: new URL(location ?? visit.url, visit.url), status: visit.status, body: visit.body };
    },
    redeem: (asked, back) => client.authorizationCodeGrant(config, back, asked.checks),
    async signIn(browser, parameters) {
      const asked = await app.ask(parameters);
      return app.redeem(asked, (await app.send(browser, asked)).url);
    },
    async change(edit) {
      const records = world.storage.records(appRecords);
      const record = await records.get(appRecordId(organizationId, id), world.clock.now);
      if (record?.value.openid === undefined) throw new Error(`no app ${id}`);
      await records.replace({ ...record, value: { ...record.value, openid: edit(record.value.openid) } });
    },
    secrets: () => openid?.secrets ?? [],
    newSecret: () => ({ hash: hashSecret('another'), lastFour: 'ther', createdAt: world.clock.now }),
    remove: async () => void (await world.storage.records(appRecords).delete(appRecordId(organizationId, id))),
    async post(endpoint, form) {
      const response = await fetch(`${issuer}${endpoint}`, {
        method: 'POST',
        body: new URLSearchParams(openid?.authMethod === 'none' ? { client_id: id, ...form } : form),
        headers:
          openid?.authMethod === 'none'
            ? {}
            : { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
    },
  };
  return app;
}

/** Why the browser came back without a code. */
export function refusalOf(back: URL): { readonly error: string | null; readonly description: string | null } {
  return { error: back.searchParams.get('error'), description: back.searchParams.get('error_description') };
}
