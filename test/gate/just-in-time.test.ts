// Just-in-time creation: off by default, through the write side, only after the gate has decided, never for who was deleted (gate.md 3.1, O07).

import type { UserId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { startHostileProvider } from '../harness/hostile-openid-provider.ts';
import { by, organization, reread } from './gate-world.ts';
import {
  beginSignIn,
  changeConnection,
  expectRefused,
  login,
  openOidcWorld,
  sessionStatus,
  signInOf,
  type OidcWorld,
} from './oidc-world.ts';
import type { RefusalReason } from '#gate/sign-in/refusal.ts';

describeAtDoors('O07 just-in-time creation', (open) => {
  let world: OidcWorld;
  beforeEach(async () => {
    world = await openOidcWorld(await open());
    world.provider.person = { sub: 'subject-new', claims: { preferred_username: 'New@Example.com' } };
    await changeConnection(world, 'corp', () => ({ createUsers: true }));
  });
  afterEach(() => world.close());

  const named = (userName: string) =>
    world.storage.users.findByKey(organization, { kind: 'userName', value: userName.toLowerCase() });
  const comesIn = async (): Promise<void> => {
    const browser = new Browser();
    await login(world, browser);
    expect((await world.signIns())[0]).toMatchObject({ outcome: 'allowed' });
    expect(await sessionStatus(world, browser)).toBe(200);
  };
  const isRefused = async (reason: RefusalReason): Promise<void> => {
    const before = (await world.signIns()).length;
    const browser = new Browser();
    await expectRefused(world, browser, await login(world, browser), reason, before);
  };
  const count = () => world.storage.users.count(organization);

  test('off unless the connection says so; on, the person becomes a user of this connection and is the same one the next time', async () => {
    await changeConnection(world, 'corp', () => ({ createUsers: false }));
    await isRefused('noSuchUser');
    expect(await count()).toBe(1);
    await changeConnection(world, 'corp', () => ({ createUsers: true, domains: ['example.com'] }));
    Object.assign(world.provider.person.claims, {
      email: 'new@example.com',
      email_verified: true,
      given_name: '新',
      family_name: '人',
      name: '新人',
    });
    // An address counts once the domain is the organisation's.
    await world.addConnection('elsewhere', { domains: ['example.com'] });
    await comesIn();
    const [user] = await named('new@example.com');
    expect(user).toMatchObject({
      active: true,
      seat: 'held',
      provisionedBy: ['corp'],
      profile: {
        userName: 'New@Example.com',
        externalId: 'subject-new',
        displayName: '新人',
        name: { givenName: '新', familyName: '人' },
        emails: [{ value: 'new@example.com', type: 'work', primary: true }],
      },
    });
    const checks = (await world.signIns())[0]?.checks.map(({ step }) => step);
    expect(checks).toEqual(['provider', 'attempt', 'once', 'match', 'create', 'access', 'link', 'session']);
    await comesIn();
    expect(await count()).toBe(2);
  });

  test('an address the provider does not vouch for, or of a domain nobody verified, is not theirs', async () => {
    Object.assign(world.provider.person.claims, { email: 'new@example.com', email_verified: true });
    await comesIn();
    expect((await named('new@example.com'))[0]?.profile.emails).toBeUndefined();
  });

  test.each(['userName', 'externalId', 'email'] as const)(
    'of several sign-ins at once (match: %s) one makes the user, and all come in as that one',
    async (match) => {
      await changeConnection(world, 'corp', () => ({ match, domains: ['example.com'] }));
      await world.addConnection('elsewhere', { domains: ['example.com'] });
      Object.assign(world.provider.person.claims, { email: 'new@example.com', email_verified: true });
      const browsers = Array.from({ length: 6 }, () => new Browser());
      const backs = await Promise.all(browsers.map((browser) => beginSignIn(world, browser)));
      await Promise.all(browsers.map((browser, index) => browser.go(backs[index]?.href ?? '')));
      const outcomes = (await world.signIns()).map(({ outcome, userId }) => ({ outcome, userId }));
      expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['allowed']));
      expect(new Set(outcomes.map(({ userId }) => userId)).size).toBe(1);
      expect(await count()).toBe(2);
    },
  );

  test('of several subjects that come with one name at once, one has it', async () => {
    const browsers = Array.from({ length: 4 }, () => new Browser());
    const backs: URL[] = [];
    for (const browser of browsers) backs.push(await beginSignIn(world, browser));
    let number = 0;
    // With an address in the token nobody asks the userinfo endpoint, which would name another subject.
    const email = 'new@example.com';
    world.provider.lies = { claims: (claims) => ({ ...claims, email, sub: `subject-${(number += 1)}` }) };
    await Promise.all(browsers.map((browser, index) => browser.go(backs[index]?.href ?? '')));
    const signIns = await world.signIns();
    expect(signIns.filter(({ outcome }) => outcome === 'allowed')).toHaveLength(1);
    expect(signIns.filter(({ reason }) => reason === 'identityConflict')).toHaveLength(3);
    expect(await count()).toBe(2);
  });

  test('never for a deleted user’s subject, user name or external id, whatever the rest says', async () => {
    await comesIn();
    const [user] = await named('new@example.com');
    const id = user?.id as UserId;
    await world.provisioning.changeUser(
      organization,
      id,
      (known) => ({ profile: { ...known.profile, displayName: 'X' } }),
      by,
    );
    await world.provisioning.removeUser(organization, id, by);
    await isRefused('deletedUser');
    world.provider.person = { sub: 'subject-other', claims: { preferred_username: 'NEW@example.com' } };
    await isRefused('deletedUser');
    world.provider.person = {
      sub: 'subject-third',
      claims: { preferred_username: 'third@example.com', oid: 'subject-new' },
    };
    await isRefused('deletedUser');
    world.provider.person = { sub: 'subject-new', claims: { preferred_username: 'fresh@example.com' } };
    await isRefused('deletedUser');
    expect(await count()).toBe(1);
    world.provider.person = { sub: 'subject-fourth', claims: { preferred_username: 'fourth@example.com' } };
    await comesIn();
    expect(await count()).toBe(2);
  });

  test('a deletion that was refused leaves nobody behind a closed door', async () => {
    const refusal = new Error('not this version');
    const precondition = (): void => {
      throw refusal;
    };
    await expect(world.provisioning.removeUser(organization, world.user.id, by, { precondition })).rejects.toBe(
      refusal,
    );
    await world.provisioning.changeUser(
      organization,
      world.user.id,
      () => ({ profile: { userName: 'renamed@example.com' } }),
      by,
    );
    world.provider.person = { sub: 'subject-5', claims: { preferred_username: world.user.profile.userName } };
    await comesIn();
  });

  test('sign-in never reactivates: who exists and is inactive stays so, and nobody is made beside them', async () => {
    await world.deactivate(world.user);
    world.provider.person = { sub: 'subject-1', claims: { preferred_username: world.user.profile.userName } };
    await isRefused('accountInactive');
    expect(await reread(world, world.user)).toMatchObject({ active: false });
    expect(await count()).toBe(1);
    await world.reactivate(world.user);
    await comesIn();
  });

  test('a suspended organisation gets nobody new', async () => {
    await world.provisioning.changeOrganization(organization, { state: 'suspended' }, by);
    await isRefused('organizationSuspended');
    expect(await count()).toBe(1);
    await world.provisioning.changeOrganization(organization, { state: 'active' }, by);
    await comesIn();
  });

  test('a refused answer makes nobody: another browser’s, a replayed one, one with a wrong signature', async () => {
    const [mine, stranger] = [new Browser(), new Browser()];
    const back = await beginSignIn(world, mine);
    await expectRefused(world, stranger, await stranger.go(back.href), 'unsolicited', 0);
    world.provider.lies = { claims: (claims) => ({ ...claims, nonce: 'another' }) };
    await isRefused('nonceMismatch');
    world.provider.lies = {};
    expect(await count()).toBe(1);
    await comesIn();
  });

  test('no free seat: by `wait` the person waits in the queue and comes in when there is one, by `refuse` nothing is stored', async () => {
    await world.provisioning.changeSeats(organization, { licensed: 1, over: 0 }, by);
    await isRefused('waitingForSeat');
    const [waiting] = await named('new@example.com');
    expect(waiting).toMatchObject({ active: false, holds: [{ kind: 'seat' }] });
    await isRefused('waitingForSeat');
    expect(await count()).toBe(2);
    await world.provisioning.changeSeats(organization, { licensed: 1, over: 0, seatPolicy: 'refuse' }, by);
    world.provider.person = { sub: 'subject-7', claims: { preferred_username: 'seventh@example.com' } };
    await isRefused('noFreeSeat');
    expect(await count()).toBe(2);
    await world.provisioning.changeSeats(organization, { licensed: 2, over: 0 }, by);
    world.provider.person = { sub: 'subject-new', claims: { preferred_username: 'New@Example.com' } };
    await comesIn();
  });

  test('with several connections only a name of a domain that is routed here is made', async () => {
    const other = await startHostileProvider();
    try {
      await world.addConnection('second', { signIn: signInOf(world, other, 'second') });
      const browser = new Browser();
      await expectRefused(world, browser, await login(world, browser, '?connection=corp'), 'otherConnection', 0);
      await changeConnection(world, 'corp', () => ({ domains: ['example.com'] }));
      await world.addConnection('elsewhere', { domains: ['example.com'] });
      await login(world, browser, '?connection=corp');
      expect(await sessionStatus(world, browser)).toBe(200);
    } finally {
      await other.close();
    }
  });

  test('a name that belongs to somebody whom the rule does not find is not taken over', async () => {
    await changeConnection(world, 'corp', () => ({ match: 'externalId' }));
    world.provider.person = { sub: 'subject-8', claims: { preferred_username: world.user.profile.userName } };
    await isRefused('identityConflict');
    expect(await count()).toBe(1);
  });
});
