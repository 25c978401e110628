// Every door of a whole server, on a real port, asked by strangers: a success, a redirect or a refusal in the door's own words, never a fault
// of ours, at no door a standstill for the others. What honest callers get at the same doors stands beside it.

import fc from 'fast-check';
import { describeWithMongo } from '../harness/mongo-for-tests.ts';
import { watchLoopStall, withoutStall } from '../harness/loop-stall.ts';
import { runs, runsOn } from '../harness/test-scale.ts';
import { assertDoorForm } from './door-forms.ts';
import { openHostileHouse, type HostileHouse } from './hostile-house.ts';
import { hostileRequests, type Door } from './hostile-requests.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** Caller and server share one loop here, and what is sent at once arrives in one turn of it. */
const atOnce = 8;
/** Batches of requests: reduced, full. */
const counts: Readonly<Record<Door, readonly [number, number]>> = {
  scim: [60, 5_000],
  'scim tokens': [40, 2_000],
  admin: [60, 5_000],
  gate: [60, 4_000],
  proxies: [60, 4_000],
  'health and set-up': [20, 800],
};
/** Answers that come up each time: how far in the strangers get. */
const expected: Readonly<Record<Door, readonly number[]>> = {
  scim: [200, 400, 401, 404],
  'scim tokens': [200, 400, 401],
  admin: [200, 400, 401, 404],
  gate: [200, 400, 401, 404],
  proxies: [200, 302, 400, 401, 403],
  'health and set-up': [200, 404],
};

describe('on SQLite', () => {
  declareSuite('sqlite', ([reduced, full]) => runs(reduced, full));
});
describeWithMongo('on MongoDB', () => {
  // Fewer, but so many that each answer a door has is met.
  declareSuite('mongodb', ([reduced, full]) => runsOn('mongodb', Math.max(40, Math.ceil(reduced / 5)), full));
});

function declareSuite(kind: 'sqlite' | 'mongodb', numRunsOf: (counts: readonly [number, number]) => number): void {
  let house: HostileHouse;
  beforeAll(async () => {
    house = await openHostileHouse(kind);
  });
  afterAll(async () => {
    await house.stop();
  });

  test.each(Object.keys(counts) as Door[])(
    'F01 F03 any requests to %s, eight at once: answered in its own words, no standstill, no prototype touched',
    async (door) => {
      const before = Object.getOwnPropertyNames(Object.prototype).join();
      const batch = fc.array(hostileRequests(house)[door], { minLength: atOnce, maxLength: atOnce });
      const stall = watchLoopStall();
      const seen = new Set<number>();
      const askAll = fc.asyncProperty(batch, async (requests) => {
        const created: string[] = [];
        const send = async (sent: readonly WireRequest[]): Promise<void> => {
          const answers = await Promise.all(sent.map((request) => house.wire.send(request)));
          for (const [at, request] of sent.entries()) {
            const answer = answers[at];
            if (answer === undefined) throw new Error('no answer');
            assertDoorForm(request, answer);
            seen.add(answer.status);
            if (door === 'scim' && sent === requests) created.push(...createdBy(answer));
          }
          expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
        };
        const tries = await withoutStall(stall, () => send(requests));
        if (tries > 1 && (door === 'scim' || door === 'admin')) {
          // By then the name was taken, the value was there: it may have been a slow write. Once more, where all of it is new.
          let anew = requests;
          await withoutStall(
            stall,
            () => send(anew),
            async () => void (anew = requests.map(await house.foundAgain(door))),
          );
        }
        // Eight lists of ever more people at once would in the end tell of the people, not of the requests.
        const authorization = `Bearer ${house.scimSecret}`;
        for (const target of created) await house.wire.send({ method: 'DELETE', target, headers: { authorization } });
      });
      try {
        await fc.assert(askAll, { numRuns: numRunsOf(counts[door]), endOnFailure: true });
      } finally {
        stall.stop();
      }
      // Strangers who were all turned away at the first word would prove nothing.
      expect([...seen]).toEqual(expect.arrayContaining([...expected[door]]));
    },
    900_000,
  );

  test('after all that, honest callers are served at every door', async () => {
    const { wire, scimSecret, adminKey, people, sessionCookie, appHost } = house;
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
    const forwarded = {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': appHost,
      'x-forwarded-uri': '/',
    };
    const ask = async (target: string, headers: Record<string, string>) =>
      (await wire.send({ method: 'GET', target, headers })).status;
    expect([
      await ask('/scim/v2/Users?count=1', bearer(scimSecret)),
      await ask(`/api/v1/organizations/by-admin/users/${people.admin[0]}`, bearer(adminKey)),
      await ask('/sso/session', { cookie: sessionCookie }),
      await ask('/gate/forward-auth', { cookie: sessionCookie, ...forwarded }),
      await ask('/readyz', {}),
    ]).toEqual([200, 200, 200, 200, 200]);
  });
}

/** Paths of what a SCIM answer says was created, by the request itself or by an operation of a Bulk. */
function createdBy({ status, headers, text }: WireAnswer): readonly string[] {
  if (status === 201) return [new URL(headers.location ?? '').pathname];
  if (status !== 200 || !text.includes('BulkResponse')) return [];
  const { Operations = [] } = JSON.parse(text) as { Operations?: { status: string; location?: string }[] };
  return Operations.flatMap(({ status: outcome, location = '' }) =>
    outcome === '201' ? [new URL(location).pathname] : [],
  );
}
