// The admin API on a given storage with a hand-set clock: two organisations, and a credential of each kind that matters. What is committed is
// carried out; the jobs that come back by the clock do not run.

import request from 'supertest';
import type { AdminContext } from '#admin/admin-operation.ts';
import { buildHouse } from '#build-house.ts';
import { loadConfig } from '#config/load-config.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { openSession } from '#gate/sessions/session.ts';
import type { RequestHandling } from '#http/front-door.ts';
import { createLogger } from '#observability/logger.ts';
import type { Storage } from '#storage/storage.ts';
import { randomBytes } from 'node:crypto';
import { takeSpareRsaKey } from '../harness/spare-rsa-keys.ts';

export const acme = 'acme' as OrganizationId;
export const other = 'other' as OrganizationId;
const okta = 'okta' as ConnectionId;
const byOkta: ChangeContext = { actor: { kind: 'connection', connection: okta }, mouth: 'scimPost' };
const bySetUp: ChangeContext = { actor: { kind: 'system', name: 'test' }, mouth: 'bootstrap' };

export interface AdminHouse {
  readonly context: AdminContext;
  readonly clock: { now: number };
  readonly app: RequestHandling;
  /** What was logged, at every level. */
  readonly lines: readonly string[];
  readonly keys: {
    readonly instance: string;
    readonly acme: string;
    readonly acmeRead: string;
    readonly other: string;
  };
  /** A request as the administrator of acme, or with another key; `null`: without any. */
  call(method: 'get' | 'post' | 'put' | 'delete', path: string, body?: object, key?: string | null): request.Test;
  /** What the server does by itself every few seconds or minutes, once. */
  runJobs(): Promise<void>;
  stop(): Promise<unknown>;
  add(userName: string, organization?: OrganizationId): Promise<User>;
  signIn(user: User): Promise<void>;
}

export async function openAdminHouse(
  storage: Storage,
  licensed: number | null = 10,
  environment: Readonly<Record<string, string>> = {},
): Promise<AdminHouse> {
  const clock = { now: Date.parse('2027-01-12T01:00:00Z') };
  const config = loadConfig({
    FURLOUGH_STORAGE: 'sqlite::memory:',
    FURLOUGH_BASE_URL: 'https://people.example.com',
    FURLOUGH_LIMITS_BODY_BYTES: '100000',
    FURLOUGH_LIMITS_BAD_CREDENTIALS_PER_SECOND: '2',
    ...environment,
  });
  const lines: string[] = [];
  const logger = createLogger({ level: 'trace', destination: { write: (line: string) => void lines.push(line) } });
  const { house, handle, jobs, close } = await buildHouse(config, {
    storage,
    logger,
    now: () => clock.now,
    randomBytes: (size) => randomBytes(size),
    createRsaKey: takeSpareRsaKey,
    reportTrouble: (message, error) => logger.error({ err: error }, message),
    isDraining: () => false,
  });
  const { admin: context } = house;
  const { provisioning, credentials, gate } = context;

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
    context,
    clock,
    app: handle,
    lines,
    keys,
    call(method, path, body, key = keys.acme) {
      const test = request(handle)[method](`/api/v1${path}`).set('X-Request-Id', 'request-1');
      if (key !== null) test.set('Authorization', `Bearer ${key}`);
      return body === undefined ? test : test.send(body);
    },
    runJobs: () => jobs.runAll(),
    async stop() {
      await house.relay.stop();
      await close();
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
