// Every conversation of scim-cases.json that concerns Users, on both stores. What waits for a later part is listed with its reason.

import { readFileSync } from 'node:fs';
import { decideAccess } from '#directory/access-decision.ts';
import type { UserId } from '#directory/identifiers.ts';
import { recordKinds } from '#record-kinds.ts';
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import type { Storage } from '#storage/storage.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { type CaseWorld, runCase, type ScimCase } from './case-runner.ts';
import { acme, startScimWorld, type ScimWorld } from './scim-world.ts';

const cases = JSON.parse(
  readFileSync(new URL('../fixtures/scim-cases.json', import.meta.url), 'utf8'),
) as readonly ScimCase[];

/** Cases of the admin API, not of SCIM, run under their ids where that is tested. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'admin/seat-history.test.ts': ['seat-14'],
};

/** Documents what another draft would ask; no mode of ours does it. */
const never = ['rfc-57'];

const left = new Set([...Object.values(elsewhere).flat(), ...never]);
const running = cases.filter(({ id }) => !left.has(id));
const lenient = running.filter(({ profile }) => profile !== 'rfc-strict');
const strict = running.filter(({ profile }) => profile === 'rfc-strict');

test('all 102 cases are accounted for: they run here, elsewhere, or never, and are listed so', () => {
  const ids = cases.map(({ id }) => id);
  expect(new Set(ids).size).toBe(102);
  expect([...left].filter((id) => !ids.includes(id))).toEqual([]);
  expect([lenient.length, strict.length]).toEqual([98, 2]);
});

describe('cases on SQLite', () => {
  runAll(() => openSqliteStorage({ path: ':memory:', recordKinds }));
});

describeWithMongo('cases on MongoDB', () => {
  runAll(() => openMongoStorage(requireTestMongo().freshDatabaseUri(), { recordKinds }));
});

function runAll(open: () => Promise<Storage>): void {
  let storage: Storage;
  let world: ScimWorld;
  beforeAll(async () => {
    storage = await open();
    world = await startScimWorld(storage);
    for (let made = 0; made < 12; made += 1) {
      await world.create(`Seed-${made}@acme.test`, made % 3 === 0 ? { title: `Title ${made}` } : {});
    }
  });
  afterAll(async () => {
    await world.stop();
    await storage.close();
  });

  test.each(lenient.map((one) => [one.id, one] as const))('%s', async (_id, one) => {
    await runCase(one, toCaseWorld(world, world.secrets.bearer));
  });
  test.each(strict.map((one) => [one.id, one] as const))('%s on a strict connection', async (_id, one) => {
    await runCase(one, toCaseWorld(world, world.secrets.strict));
  });
}

/** The directory's own answers stand for the doors here; the journeys replay the same through the doors themselves. */
function toCaseWorld(world: ScimWorld, bearer: string): CaseWorld {
  const { storage, base, secrets } = world;
  return {
    base,
    credentials: {
      bearer,
      tenantA: secrets.okta,
      tenantB: secrets.globex,
      readonly: secrets.readonly,
      client_basic: world.clientBasic,
    },
    send: (request) => world.send({ ...request, headers: { Authorization: `Bearer ${bearer}`, ...request.headers } }),
    seatsUsed: () => world.seatsUsed(),
    activeUsers: async () => (await storage.users.counts(acme)).active,
    totalUsers: () => storage.users.count(acme),
    async auditedActions(id) {
      const claimed = await storage.effects.claimOfUser(acme, id, 1);
      return (claimed?.effects ?? []).flatMap(({ body }) => (body.kind === 'audit' ? [body.event.action] : []));
    },
    async mayComeIn(id) {
      const organization = await storage.organizations.get(acme);
      const state = await storage.users.accessState(acme, id as UserId);
      return decideAccess(organization, state, world.clock.now).allowed;
    },
    async takeSession(id) {
      const epoch = await world.epochOf(id);
      return { isDead: async () => (await world.epochOf(id)) > epoch };
    },
  };
}
