// The admin API on a given storage with a hand-set clock: two organisations, and a credential of each kind that matters.

import { randomBytes } from 'node:crypto';
import type { Express } from 'express';
import request from 'supertest';
import { createAdminRouter } from '#admin/admin-router.ts';
import type { AdminContext } from '#admin/admin-operation.ts';
import { createAuditTrail } from '#audit/audit-chain.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { GateContext } from '#gate/gate-context.ts';
import { openSession } from '#gate/sessions/session.ts';
import { createHttpApp } from '#http/app.ts';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import { createLogger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import { createProvisioning } from '#provisioning/provisioning.ts';
import { createCredentialAuthentication } from '#secrets/credential-authentication.ts';
import { createCredentials } from '#secrets/credentials.ts';
import { createSealing } from '#secrets/sealing.ts';
import { createKeyring } from '#secrets/secret-key.ts';
import { createEffectRelay } from '#signals/effect-relay.ts';
import type { Storage } from '#storage/storage.ts';

export const acme = 'acme' as OrganizationId;
export const other = 'other' as OrganizationId;
const okta = 'okta' as ConnectionId;
const byOkta: ChangeContext = { actor: { kind: 'connection', connection: okta }, mouth: 'scimPost' };
const bySetUp: ChangeContext = { actor: { kind: 'system', name: 'test' }, mouth: 'bootstrap' };

export interface AdminHouse {
  readonly app: Express;
  readonly context: AdminContext;
  readonly clock: { now: number };
  readonly keys: {
    readonly instance: string;
    readonly acme: string;
    readonly acmeRead: string;
    readonly other: string;
  };
  /** A request as the administrator of acme, or with another key; `null`: without any. */
  call(method: 'get' | 'post' | 'put' | 'delete', path: string, body?: object, key?: string | null): request.Test;
  add(userName: string, organization?: OrganizationId): Promise<User>;
  signIn(user: User): Promise<void>;
}

export async function openAdminHouse(storage: Storage, licensed: number | null = 10): Promise<AdminHouse> {
  const clock = { now: Date.parse('2027-01-12T01:00:00Z') };
  const now = () => clock.now;
  const keyring = createKeyring(randomBytes(32));
  const sealing = createSealing(keyring, randomBytes);
  const logger = createLogger({ level: 'silent' });
  const metrics = createMetrics({
    version: '0',
    readValues: async () => ({ organizations: [], effectBacklog: 0, deadLetters: 0 }),
  });
  const wakeRelay = () => undefined;
  const provisioning = createProvisioning({
    storage,
    now,
    randomBytes,
    wakeRelay,
    reportTrouble: (_message, error) => {
      throw error;
    },
  });
  const credentials = createCredentials({ storage, now, randomBytes, wakeRelay });
  const audit = createAuditTrail(storage.audit, keyring.audit);
  const relay = createEffectRelay({
    storage,
    reportTrouble: (_message, error) => {
      throw error;
    },
    carriers: { audit: (effect) => audit.append(effect), endSessions: async () => undefined },
  });
  const baseUrl = 'https://people.example.com';
  const gate: GateContext = {
    storage,
    now,
    randomBytes,
    config: {
      baseUrl,
      trustedProxies: [],
      sessionIdleMs: 43_200_000,
      sessionAbsoluteMs: 604_800_000,
      allowInsecureProviders: false,
    },
    unseal: (sealed, place) => sealing.unseal(sealed, place),
    logger,
    metrics,
  };
  const context: AdminContext = {
    storage,
    provisioning,
    credentials,
    authentication: createCredentialAuthentication({ storage, now }),
    badCredentials: createBadCredentialLimit(10, () => 0),
    sealing,
    audit,
    metrics,
    gate,
    now,
    randomBytes,
    wakeRelay,
    settleEffects: async () => void (await relay.drain()),
    config: { baseUrl, bodyBytes: 100_000 },
    version: '0.1.0',
  };
  const mounts = [{ path: '/api', router: createAdminRouter(context) }];
  const app = createHttpApp({
    baseUrl,
    trustedProxies: [],
    logger,
    metrics,
    createRequestId: () => 'request-1',
    mounts,
  });

  for (const id of [acme, other])
    await provisioning.createOrganization({ id, name: id, timeZone: 'Asia/Tokyo', licensed }, bySetUp);
  const issue = async (organization: OrganizationId, scopes: readonly string[]) =>
    (await credentials.issue(organization, { kind: 'admin', name: `${organization} key`, scopes }, bySetUp)).secret;
  const keys = {
    instance: await issue(other, ['instance']),
    acme: await issue(acme, []),
    acmeRead: await issue(acme, ['read']),
    other: await issue(other, []),
  };
  return {
    app,
    context,
    clock,
    keys,
    call(method, path, body, key = keys.acme) {
      const test = request(app)[method](`/api/v1${path}`);
      if (key !== null) test.set('Authorization', `Bearer ${key}`);
      return body === undefined ? test : test.send(body);
    },
    async add(userName, organization = acme) {
      clock.now += 1;
      const profile = {
        userName,
        displayName: `Display ${userName}`,
        emails: [{ value: `${userName}@example.com`, type: 'work' }],
      };
      const request_ = { profile, active: true, connection: okta, restore: true };
      return (await provisioning.provisionUser(organization, request_, byOkta)).user;
    },
    async signIn(user) {
      await openSession(gate, {
        organizationId: user.organizationId,
        userId: user.id,
        epoch: user.epoch,
        connection: okta,
      });
    },
  };
}
