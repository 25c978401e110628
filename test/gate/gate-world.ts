/**
 * The world of the gate's tests: a store, the write side and the gate's real router behind the real HTTP app, listening on loopback, with a
 * hand-set clock; organisations, people and connections to fill it with. `close` ends it all.
 */
import { randomBytes as nodeRandomBytes } from 'node:crypto';
import type { Express } from 'express';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App, AppId } from '#directory/app.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Connection } from '#directory/connection.ts';
import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User, UserProfile } from '#directory/user.ts';
import { fetchJson } from '#gate/connections/outbound-fetch.ts';
import { createSignatureVerifier, type SignatureVerifier } from '#gate/connections/saml/signature-verifier.ts';
import { createGate, type Gate } from '#gate/gate.ts';
import type { GateConfig, GateContext } from '#gate/gate-context.ts';
import { clientSecretPlace } from '#gate/connections/oidc/client-secret.ts';
import { listSignIns, type SignInRecord } from '#gate/sign-in/sign-in-record.ts';
import { createHttpApp } from '#http/app.ts';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import { createProxyTrust } from '#http/client-address.ts';
import { createFrontDoor } from '#http/front-door.ts';
import { createLogger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import { createProvisioning, type Provisioning } from '#provisioning/provisioning.ts';
import { createCredentialAuthentication } from '#secrets/credential-authentication.ts';
import { createSamlKeys } from '#secrets/saml-keys.ts';
import { createEventTokens } from '#secrets/event-token.ts';
import { createIssuerKeys } from '#secrets/issuer-keys.ts';
import { createSealing } from '#secrets/sealing.ts';
import { createSigningKeys } from '#secrets/signing-keys.ts';
import { createKeyring } from '#secrets/secret-key.ts';
import { appRecordId, appRecords, hostClaimRecords } from '#storage/app-records.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { findOrganizationOfDomain, verifiedDomainRecords } from '#storage/domain-records.ts';
import type { Storage } from '#storage/storage.ts';
import { takeSpareRsaKey } from '../harness/spare-rsa-keys.ts';

/** A thread takes longer to start than most tests: the gates of a process share theirs, and it ends with the process. */
const verifier = createSignatureVerifier();
export const sharedVerifier: SignatureVerifier = { ...verifier, close: () => Promise.resolve() };

export const organization = 'acme' as OrganizationId;
export const by: ChangeContext = { actor: { kind: 'cli' }, mouth: 'cli' };

export interface GateWorld {
  readonly storage: Storage;
  readonly gate: Gate;
  readonly context: GateContext;
  readonly provisioning: Provisioning;
  /** Express alone, without the quick doors that stand in front of it. */
  readonly app: Express;
  /** What was logged. */
  readonly lines: readonly string[];
  readonly baseUrl: string;
  readonly clock: { now: number };
  readonly addPerson: (profile: UserProfile, options?: PersonOptions) => Promise<User>;
  readonly addConnection: (id: string, options: Partial<Connection>) => Promise<Connection>;
  /** An app of `acme` that a proxy protects at these hosts. */
  readonly addApp: (id: string, hosts: readonly string[], options?: Partial<App>) => Promise<App>;
  readonly deactivate: (user: Pick<User, 'id' | 'organizationId'>) => Promise<User>;
  readonly reactivate: (user: Pick<User, 'id' | 'organizationId'>) => Promise<User>;
  readonly seal: (secret: string, connection: string, at?: OrganizationId) => string;
  readonly signIns: (at?: OrganizationId) => Promise<readonly SignInRecord[]>;
  /** A second gate on the same store with the same public address, as another node of a cluster; answers where it listens. */
  readonly openNode: () => Promise<string>;
  readonly close: () => Promise<void>;
}

export interface PersonOptions {
  readonly at?: OrganizationId;
  readonly connection?: string;
}

export interface WorldOptions {
  readonly config?: Partial<GateConfig>;
  /** What the gate sees of the store; the tests' own changes go to the store itself. */
  readonly gateStorage?: (storage: Storage) => Storage;
}

/** Opens a world with the organisation `acme`. */
export async function openGateWorld(storage: Storage, options: WorldOptions = {}): Promise<GateWorld> {
  const clock = { now: Date.now() };
  const now = (): number => clock.now;
  const randomBytes = (size: number): Uint8Array => nodeRandomBytes(size);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const baseUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
  const keyring = createKeyring(new Uint8Array(32).fill(7));
  const sealing = createSealing(keyring, randomBytes);
  const provisioning = createProvisioning({
    storage,
    now,
    randomBytes,
    nameKey: new Uint8Array(32),
    wakeRelay: () => undefined,
    continueLater: (work) => void work(),
    reportTrouble: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  const outside = { allowInsecureProviders: true, privateProviderHosts: [] };
  const issuerKeys = createIssuerKeys({ now, fetchJson: (url) => fetchJson(url, outside) });
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const metrics = createMetrics(noScrape);
  const context: GateContext = {
    storage: options.gateStorage?.(storage) ?? storage,
    provisioning,
    now,
    randomBytes,
    config: {
      baseUrl,
      trustedProxies: ['127.0.0.1', '::1'],
      signInsPerMinute: 10_000,
      signalsPerSecond: 10_000,
      openidPerSecond: 10_000,
      openidBurst: 10_000,
      sessionIdleMs: 12 * 3_600_000,
      sessionAbsoluteMs: 168 * 3_600_000,
      sessionsPerPerson: 20,
      allowInsecureProviders: true,
      ...options.config,
    },
    unseal: (sealed, place) => sealing.unseal(sealed, place),
    cookieKey: keyring.cookie,
    signingKeys: createSigningKeys({ storage, now, randomBytes, sealing, createRsaKey: takeSpareRsaKey }),
    authentication: createCredentialAuthentication({ storage: options.gateStorage?.(storage) ?? storage, now }),
    badCredentials: createBadCredentialLimit(1_000),
    samlKeys: createSamlKeys({
      storage: options.gateStorage?.(storage) ?? storage,
      now,
      randomBytes,
      sealing,
      createRsaKey: takeSpareRsaKey,
    }),
    eventTokens: createEventTokens(issuerKeys, now),
    logger,
    metrics,
  };
  let requests = 0;
  const { trustedProxies } = context.config;
  const http = { baseUrl, trustedProxies, logger, metrics, createRequestId: () => `request-${(requests += 1)}` };
  const isTrustedProxy = createProxyTrust(trustedProxies);
  const serveGate = (at: Server) => {
    const gate = createGate(context, sharedVerifier);
    const app = createHttpApp({ ...http, mounts: [{ path: '/', router: gate.router }] });
    at.on('request', createFrontDoor({ ...http, app, doors: gate.doors, isTrustedProxy }));
    return { gate, app };
  };
  const { gate, app } = serveGate(server);
  const nodes: { readonly at: Server; readonly gate: Gate }[] = [{ at: server, gate }];
  await addOrganization(provisioning, organization);

  const verifyDomain = async (domain: string, organizationId: OrganizationId): Promise<void> => {
    const value = { verifiedBy: 'administrator', verifiedAt: clock.now } as const;
    const isNew = (await findOrganizationOfDomain(storage, domain, clock.now)) === null;
    if (isNew) await storage.records(verifiedDomainRecords).insert({ id: domain, organizationId, value });
  };
  const unlimited = (user: Pick<User, 'id' | 'organizationId'>) => [user.organizationId, user.id, {}, by] as const;
  return {
    storage,
    gate,
    context,
    provisioning,
    baseUrl,
    app,
    lines,
    clock,
    async addPerson(profile, { at = organization, connection } = {}) {
      const request = {
        profile,
        active: true,
        restore: false,
        ...(connection === undefined ? {} : { connection: connection as ConnectionId }),
      };
      return (await provisioning.provisionUser(at, request, by)).user;
    },
    async addConnection(id, { organizationId = organization, ...rest }) {
      const connection: Connection = {
        id: id as ConnectionId,
        organizationId,
        name: `Connection ${id}`,
        domains: [],
        match: 'userName',
        createdAt: clock.now,
        ...rest,
      };
      const recordId = connectionRecordId(organizationId, connection.id);
      await storage.records(connectionRecords).insert({ id: recordId, organizationId, value: connection });
      for (const domain of connection.domains) await verifyDomain(domain, organizationId);
      return connection;
    },
    async addApp(id, hosts, { organizationId = organization, ...rest } = {}) {
      const app: App = {
        id: id as AppId,
        organizationId,
        name: `App ${id}`,
        forwardAuth: { hosts, rules: [] },
        createdAt: clock.now,
        ...rest,
      };
      for (const host of hosts) {
        const value = { app: app.id, at: clock.now };
        await storage.records(hostClaimRecords).insert({ id: host, organizationId, value });
      }
      await storage.records(appRecords).insert({ id: appRecordId(organizationId, id), organizationId, value: app });
      return app;
    },
    deactivate: async (user) => (await provisioning.deactivateUser(...unlimited(user))).user,
    reactivate: async (user) => (await provisioning.reactivateUser(...unlimited(user))).user,
    seal: (secret, connection, at = organization) =>
      sealing.seal(secret, clientSecretPlace(at, connection as ConnectionId)),
    signIns: (at = organization) => listSignIns(context, at, { limit: 200 }),
    async openNode() {
      const at = createServer();
      await new Promise<void>((resolve) => at.listen(0, 'localhost', resolve));
      nodes.push({ at, gate: serveGate(at).gate });
      return `http://localhost:${(at.address() as AddressInfo).port}`;
    },
    async close() {
      for (const node of nodes) {
        node.at.closeAllConnections();
        await new Promise<void>((resolve) => node.at.close(() => resolve()));
        await node.gate.close();
      }
    },
  };
}

/** Another node on the same store, at an address of its own. */
export async function serveGate(context: GateContext): Promise<{ baseUrl: string; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const baseUrl = `http://localhost:${(server.address() as AddressInfo).port}`;
  const gate = createGate({ ...context, config: { ...context.config, baseUrl } });
  const { trustedProxies } = context.config;
  const http = { baseUrl, trustedProxies, createRequestId: () => 'request', metrics: createMetrics(noScrape) };
  const logger = createLogger({ level: 'silent' });
  server.on('request', createHttpApp({ ...http, logger, mounts: [{ path: '/', router: gate.router }] }));
  return {
    baseUrl,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await gate.close();
    },
  };
}

const noScrape = { version: 'test', readValues: () => Promise.reject(new Error('nobody scrapes here')) };

/** One more organisation, without a limit of seats. */
export async function addOrganization(provisioning: Provisioning, id: OrganizationId): Promise<void> {
  await provisioning.createOrganization({ id, name: `${id} K.K.`, timeZone: 'Asia/Tokyo', licensed: null }, by);
}

/** The user as the store has it now. */
export async function reread(
  world: GateWorld,
  user: { readonly organizationId: OrganizationId; readonly id: UserId },
): Promise<User> {
  const found = await world.storage.users.get(user.organizationId, user.id);
  if (found === null) throw new Error(`no user ${user.id}`);
  return found;
}
