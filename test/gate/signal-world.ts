/** A gate world whose connection `corp` receives signals: how its provider sends them, and who hears what. */
import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { SignalReception } from '#directory/connection.ts';
import type { AuditEvent } from '#directory/effect.ts';
import type { Storage } from '#storage/storage.ts';
import { Browser } from '../harness/browser.ts';
import { signAs, type HostileProvider, type ProviderKeys } from '../harness/hostile-openid-provider.ts';
import { organization } from './gate-world.ts';
import { changeConnection, login, openOidcWorld, sessionStatus, type OidcWorld } from './oidc-world.ts';
import type { WorldOptions } from './gate-world.ts';

export interface SignalWorld extends OidcWorld {
  /** A browser in which the person is signed in. */
  signIn(sid?: string): Promise<Browser>;
  /** What `/sso/session` says to each of them. */
  sessions(...browsers: readonly Browser[]): Promise<readonly number[]>;
  readonly url: Readonly<Record<'events' | 'revocation' | 'logout', string>>;
}

export const ordinaryReception: SignalReception = {
  sessionRevoked: 'endSessions',
  accountDisabled: 'endSessions',
  credentialCompromise: 'endSessions',
  credentialChange: 'ignore',
  riskHigh: 'ignore',
  deviceNotCompliant: 'ignore',
};

export async function openSignalWorld(storage: Storage, options: WorldOptions = {}): Promise<SignalWorld> {
  const world = await openOidcWorld(storage, options);
  await changeConnection(world, 'corp', () => ({ signals: ordinaryReception }));
  const root = `${world.baseUrl}/sso/${organization}/corp`;
  return {
    ...world,
    async signIn(sid) {
      // Providers know seconds: what they said of a logout within this one they are taken to have said afterwards.
      world.clock.now += 1_000;
      world.provider.lies = sid === undefined ? {} : { claims: (claims) => ({ ...claims, sid }) };
      const browser = new Browser();
      await login(world, browser, '?connection=corp');
      world.provider.lies = {};
      expect(await sessionStatus(world, browser)).toBe(200);
      return browser;
    },
    sessions: (...browsers) => Promise.all(browsers.map((browser) => sessionStatus(world, browser))),
    url: {
      events: `${root}/security-events`,
      revocation: `${root}/global-token-revocation`,
      logout: `${root}/oidc/backchannel-logout`,
    },
  };
}

export const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
export const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
export const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';
export const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

export interface TokenChange {
  readonly typ?: string | undefined;
  readonly keys?: ProviderKeys;
  /** Members that are undefined are left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Instead of the provider's signature. */
  readonly sign?: (claims: JWTPayload, keys: ProviderKeys) => Promise<string> | string;
}

/** A security event token of the provider, of one event about a subject. */
export function eventToken(
  world: SignalWorld,
  type: string,
  subject: unknown,
  change: TokenChange & { readonly event?: Readonly<Record<string, unknown>> } = {},
): Promise<string> {
  const claims = {
    iss: world.provider.issuer,
    aud: world.url.events,
    jti: randomUUID(),
    iat: Math.floor(world.clock.now / 1000),
    sub_id: subject,
    events: { [type]: { event_timestamp: Math.floor(world.clock.now / 1000), ...change.event } },
  };
  return sign(world.provider, 'secevent+jwt', claims, change);
}

export function logoutToken(world: SignalWorld, claims: Readonly<Record<string, unknown>>, change: TokenChange = {}) {
  const now = Math.floor(world.clock.now / 1000);
  const usual = {
    iss: world.provider.issuer,
    aud: world.provider.clientId,
    jti: randomUUID(),
    iat: now,
    exp: now + 120,
    events: { [logoutEvent]: {} },
    ...claims,
  };
  return sign(world.provider, 'logout+jwt', usual, change);
}

export function revocationToken(world: SignalWorld, change: TokenChange = {}): Promise<string> {
  const now = Math.floor(world.clock.now / 1000);
  const usual = {
    iss: world.provider.issuer,
    sub: world.provider.clientId,
    aud: world.url.revocation,
    jti: randomUUID(),
    iat: now,
    nbf: now - 300,
    exp: now + 300,
  };
  return sign(world.provider, 'global-token-revocation+jwt', usual, change);
}

async function sign(
  provider: HostileProvider,
  typ: string,
  usual: Readonly<Record<string, unknown>>,
  change: TokenChange,
): Promise<string> {
  const all = Object.entries({ ...usual, ...change.claims }).filter(([, value]) => value !== undefined);
  const claims = Object.fromEntries(all) as JWTPayload;
  const keys = change.keys ?? provider.keys;
  return change.sign?.(claims, keys) ?? signAs('typ' in change ? change.typ : typ, claims, keys);
}

export interface SignalAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export async function send(
  url: string,
  body: string,
  type: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SignalAnswer> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type, ...headers }, body });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

export const push = (world: SignalWorld, token: string, url = world.url.events): Promise<SignalAnswer> =>
  send(url, token, 'application/secevent+jwt');

export const sendLogout = (world: SignalWorld, token: string): Promise<SignalAnswer> =>
  send(world.url.logout, new URLSearchParams({ logout_token: token }).toString(), 'application/x-www-form-urlencoded');

export const revoke = (world: SignalWorld, token: string, body: unknown, url = world.url.revocation) =>
  send(url, JSON.stringify(body), 'application/json', { authorization: `Bearer ${token}` });

/** Audit entries that wait for the relay, oldest first. */
export async function auditEntries(world: SignalWorld): Promise<readonly AuditEvent[]> {
  const claimed = await world.storage.effects.claimDue(1_000, 60_000);
  return claimed
    .flatMap(({ effects }) => effects)
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .flatMap(({ body }) => (body.kind === 'audit' ? [body.event] : []));
}
