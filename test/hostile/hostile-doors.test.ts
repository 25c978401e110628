// Every door of a whole server, on a real port, asked by strangers: a success, a redirect or a refusal in the door's own words, never a fault
// of ours, at no door a standstill for the others. What honest callers get at the same doors stands beside it.

import fc from 'fast-check';
import { watchLoopStall, withoutStall } from '../harness/loop-stall.ts';
import { runs } from '../harness/test-scale.ts';
import { assertDoorForm } from './door-forms.ts';
import { openHostileHouse, type HostileHouse } from './hostile-house.ts';
import { hostileRequests, type Door } from './hostile-requests.ts';

const atOnce = 16;
const counts: Readonly<Record<Door, number>> = {
  scim: runs(110, 2_500),
  admin: runs(110, 2_500),
  gate: runs(110, 2_000),
  'health and set-up': runs(30, 400),
};
/** Answers that came up each time: how far in the strangers got. */
const expected: Readonly<Record<Door, readonly number[]>> = {
  scim: [200, 201, 400, 401, 403, 404, 405, 415],
  admin: [200, 201, 400, 401, 404, 405, 415],
  gate: [200, 204, 400, 401, 403, 404],
  'health and set-up': [200, 404, 410],
};
let house: HostileHouse;
beforeAll(async () => {
  house = await openHostileHouse('sqlite');
});
afterAll(async () => {
  await house.stop();
});

test.each(Object.entries(counts) as [Door, number][])(
  'F01 F03 any requests to %s, sixteen at once: answered in its own words, no standstill, no prototype touched',
  async (door, numRuns) => {
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    const stall = watchLoopStall();
    const seen = new Map<number, number>();
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.array(hostileRequests(house)[door], { minLength: atOnce, maxLength: atOnce }),
          async (requests) => {
            await withoutStall(stall, async () => {
              const answers = await Promise.all(requests.map((request) => house.wire.send(request)));
              answers.forEach((answer, at) => {
                assertDoorForm(requests[at]!, answer);
                seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
              });
            });
            expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
          },
        ),
        { numRuns, endOnFailure: true },
      );
    } finally {
      stall.stop();
    }
    // Strangers who were all turned away at the first word would prove nothing.
    expect([...seen.keys()]).toEqual(expect.arrayContaining([...expected[door]]));
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
