// What a door refuses has left nothing behind: the whole store is the same before and after, whatever was sent. On both stores, at the doors
// that write. The gate's own record of a refused sign-in is the one thing that is kept.

import fc from 'fast-check';
import type { OrganizationId } from '#directory/identifiers.ts';
import { recordKinds } from '#record-kinds.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import { describeWithMongo } from '../harness/mongo-for-tests.ts';
import { runs, runsOn } from '../harness/test-scale.ts';
import { assertDoorForm } from './door-forms.ts';
import { openHostileHouse, USER, type HostileHouse } from './hostile-house.ts';
import { hostileRequests, type Door } from './hostile-requests.ts';

describe('on SQLite', () => {
  declareSuite('sqlite');
});
describeWithMongo('on MongoDB', () => {
  declareSuite('mongodb');
});

function declareSuite(kind: 'sqlite' | 'mongodb'): void {
  let house: HostileHouse;
  beforeAll(async () => {
    house = await openHostileHouse(kind);
    await house.settle();
  });
  afterAll(async () => {
    await house.stop();
  });

  test.each(['scim', 'scim tokens', 'admin', 'gate'] as const)(
    'F03 what is refused at %s is in no table afterwards',
    async (door) => {
      const numRuns = kind === 'sqlite' ? runs(20, 4_000) : runsOn(kind, 8, 2_000);
      let refused = 0;
      let before: string | null = null;
      await fc.assert(
        fc.asyncProperty(hostileRequests(house)[door], async (request) => {
          before ??= await snapshot(house, door);
          const answer = await house.wire.send(request);
          assertDoorForm(request, answer);
          const after: string | null = answer.status < 400 ? null : await snapshot(house, door);
          if (after !== null) {
            expect(after).toBe(before);
            refused += 1;
          }
          before = after;
        }),
        { numRuns, endOnFailure: true },
      );
      // Some are accepted by chance; of a few it may be half.
      expect(refused).toBeGreaterThan(numRuns / 10);
    },
    900_000,
  );

  test('F03 control: what is accepted is in a table afterwards', async () => {
    const before = await snapshot(house, 'scim');
    const answer = await house.scim(house.scimSecret, 'POST', '/Users', {
      schemas: [USER],
      userName: 'stored@scim.test',
    });
    expect(answer.status).toBe(201);
    const after = await snapshot(house, 'scim');
    expect(after).not.toBe(before);
    expect(after).toContain('stored@scim.test');
    await house.scim(house.scimSecret, 'DELETE', `/Users/${answer.body['id']}`);
  });
}

const ofGate = ['signIn', 'usedOnce', 'signingKeys', 'samlKeys'];

/**
 * Everything every organisation has, as text, without what is kept about calls: the provisioning log, last uses, at the gate sign-ins and marks of
 * answers used once; and without keys of ours, which the gate makes when it is first asked for anything they sign.
 */
async function snapshot({ house: { storage, relay } }: HostileHouse, door: Door): Promise<string> {
  await relay.drain();
  const aboutCalls = new Set(['provisioningLog', 'credentialUse', ...(door === 'gate' ? ofGate : [])]);
  const kinds = recordKinds.map(({ name }) => name).filter((name) => !aboutCalls.has(name));
  const organizations = await storage.organizations.list();
  const all = await Promise.all(
    organizations.map(async ({ id, ...rest }) => ({
      id,
      rest,
      seats: await storage.seats.read(id),
      users: await storage.users.list(id, { limit: 1_000 }),
      audit: await storage.audit.last(id),
      records: await Promise.all(kinds.map(async (name) => (await recordsOf(storage, id, name)).map(withoutUse))),
    })),
  );
  return JSON.stringify(all);
}

/** That a session was used may be noted, whatever it was used for. */
function withoutUse({ revision, value, ...rest }: StoredRecord<unknown>): unknown {
  const isSession = typeof value === 'object' && value !== null && 'lastSeenAt' in value;
  return isSession ? { ...rest, value: { ...value, lastSeenAt: 0 } } : { ...rest, revision, value };
}

function recordsOf(storage: HostileHouse['house']['storage'], id: OrganizationId, name: string) {
  return storage.records({ name, keysOf: () => [] }).list(id, { limit: 1_000 }, 0);
}
