/** A gate world with a provider that lies on demand behind the connection `corp`, and one person whom it may name. */
import type { Connection, OidcSignIn } from '#directory/connection.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { RefusalReason } from '#gate/sign-in/refusal.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { Storage } from '#storage/storage.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { startHostileProvider, type HostileProvider, type Lies } from '../harness/hostile-openid-provider.ts';
import { openGateWorld, organization, type GateWorld, type WorldOptions } from './gate-world.ts';

export interface OidcWorld extends GateWorld {
  readonly provider: HostileProvider;
  readonly user: User;
}

export const userName = 'aoki@example.com';

export async function openOidcWorld(
  storage: Storage,
  options: WorldOptions & { readonly path?: string } = {},
): Promise<OidcWorld> {
  const world = await openGateWorld(storage, options);
  const provider = await startHostileProvider(options.path);
  provider.now = () => world.clock.now;
  provider.person = {
    sub: 'subject-1',
    claims: { preferred_username: userName, email: userName, email_verified: true },
  };
  await world.addConnection('corp', { signIn: signInOf(world, provider, 'corp') });
  const user = await world.addPerson(
    { userName, displayName: 'Aoki', emails: [{ value: userName }] },
    { connection: 'corp' },
  );
  return {
    ...world,
    provider,
    user,
    close: async () => {
      await provider.close();
      await world.close();
    },
  };
}

export function signInOf(
  world: GateWorld,
  provider: HostileProvider,
  connection: string,
): NonNullable<Connection['signIn']> {
  const sealedClientSecret = world.seal('a client secret only tests know', connection);
  return { kind: 'oidc', issuer: provider.issuer, clientId: provider.clientId, sealedClientSecret };
}

export function login(world: GateWorld, browser: Browser, query = ''): Promise<Visit> {
  return browser.go(`${world.baseUrl}/sso/acme/login${query}`);
}

/** A sign-in up to the way back: the address the provider sends this browser to. */
export async function beginSignIn(world: GateWorld, browser: Browser, query = ''): Promise<URL> {
  const visit = await browser.go(`${world.baseUrl}/sso/acme/login${query}`, {
    stopBefore: (target) => target.pathname.endsWith('/oidc/callback'),
  });
  return new URL(visit.headers.get('location') ?? 'about:blank');
}

/** Writes a connection's settings anew. */
export async function changeConnection(
  world: GateWorld,
  id: string,
  change: (connection: Connection) => Partial<Connection>,
): Promise<void> {
  const records = world.storage.records(connectionRecords);
  const record = await records.get(connectionRecordId(organization, id as ConnectionId), world.clock.now);
  if (record === null) throw new Error(`no connection ${id}`);
  await records.replace({ ...record, value: { ...record.value, ...change(record.value) } });
}

/** The same for its OpenID Connect part. */
export function changeSignIn(world: GateWorld, id: string, change: Partial<OidcSignIn>): Promise<void> {
  return changeConnection(world, id, ({ signIn }) => ({ signIn: { ...(signIn as OidcSignIn), ...change } }));
}

/** What `/sso/session` says to this browser. */
export async function sessionStatus(world: GateWorld, browser: Browser): Promise<number> {
  return (await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } })).status;
}

/** Expects a refusal: a page that names a reference, no session, and one record more, with this reason. */
export async function expectRefused(
  world: GateWorld,
  browser: Browser,
  visit: Visit,
  reason: RefusalReason,
  recordsBefore: number,
): Promise<void> {
  const records = await world.signIns();
  expect(records[0]).toMatchObject({ outcome: 'refused', reason });
  expect(records).toHaveLength(recordsBefore + 1);
  expect([400, 403]).toContain(visit.status);
  expect(visit.body).toContain(records[0]?.reference);
  expect(await sessionStatus(world, browser)).toBe(401);
}

/** The honest provider signs the person in; the same provider with these lies does not, for this reason. */
export async function refuses(world: OidcWorld, lies: Lies, reason: RefusalReason): Promise<void> {
  world.provider.lies = {};
  const honest = new Browser();
  await login(world, honest);
  expect(await sessionStatus(world, honest)).toBe(200);

  const before = (await world.signIns()).length;
  world.provider.lies = lies;
  const browser = new Browser();
  const visit = await login(world, browser);
  world.provider.lies = {};
  await expectRefused(world, browser, visit, reason, before);
}
