// When people were last seen is noted at sign-in and in use, to the day; and somebody who is dormant and comes back is refused, and told of.

import { toldOnceRecords } from '#notices/tell-once.ts';
import { sessionRecords } from '#gate/sessions/session.ts';
import { placeHold, type HoldKind } from '#directory/hold.ts';
import { lastSeenId, lastSeenRecords } from '#storage/last-seen-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { organization } from './gate-world.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';

const dayMs = 86_400_000;

describeAtDoors('last sign-in', (open) => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
  });
  afterEach(() => world.close());

  const seen = async () => {
    const id = lastSeenId(organization, world.user.id);
    return (await world.storage.records(lastSeenRecords).get(id, world.clock.now))?.value.at;
  };
  const hold = async (...kinds: readonly HoldKind[]) => {
    const holds = kinds.reduce(
      (all, kind) => placeHold(all, { kind, source: '', since: world.clock.now, by: 'system:test' }),
      world.user.holds,
    );
    const by = { actor: { kind: 'system', name: 'test' }, mouth: 'schedule' } as const;
    await world.context.provisioning.changeUser(organization, world.user.id, () => ({ holds }), by);
  };
  const told = async () =>
    (await world.storage.records(toldOnceRecords).list(organization, { limit: 10 }, world.clock.now)).length;

  test('is noted at the sign-in, and once for each day on which the session is used; the user is not written', async () => {
    const { revision } = world.user;
    expect(await seen()).toBeUndefined();
    const midnight = Math.ceil((world.clock.now + 1) / dayMs) * dayMs;
    const at = midnight - 300_000;
    world.clock.now = at;
    const browser = new Browser();
    await login(world, browser);
    expect(await seen()).toBe(at);
    const use = async (instant: number) => {
      world.clock.now = instant;
      await browser.go(`${world.baseUrl}/sso/session`, { headers: { accept: 'application/json' } });
    };
    const lastUse = async () => {
      const [session] = await world.storage.records(sessionRecords).list(organization, { limit: 1 }, world.clock.now);
      return session?.value.lastSeenAt;
    };
    // It is noted behind the answer.
    await use(midnight - 120_000);
    await eventually(async () => (await lastUse()) === midnight - 120_000);
    expect(await seen()).toBe(at);
    await use(midnight + 1);
    await eventually(async () => (await seen()) === midnight + 1);
    await use(midnight + 120_000);
    await eventually(async () => (await lastUse()) === midnight + 120_000);
    expect(await seen()).toBe(midnight + 1);
    expect((await world.storage.users.get(organization, world.user.id))?.revision).toBe(revision);
  });

  test('somebody who is dormant is refused, and administrators hear of it once for that hold', async () => {
    await hold('dormant');
    for (let n = 0; n < 3; n += 1) expect((await login(world, new Browser())).status).toBe(403);
    expect([await told(), await seen()]).toEqual([1, undefined]);
  });

  test('somebody who is held by something else as well is not told of', async () => {
    await hold('dormant', 'security');
    expect((await login(world, new Browser())).status).toBe(403);
    expect(await told()).toBe(0);
  });
});
