// Whose sign-in it is: O07 and the rules of gate.md 3.1. By link, else by the connection's rule exactly one, never by a guess.

import type { AccountMatch, Connection } from '#directory/connection.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { VerifiedIdentity } from '#gate/connections/connection-strategy.ts';
import { storeLink } from '#gate/sign-in/account-link.ts';
import { matchAccount } from '#gate/sign-in/match-account.ts';
import type { RefusalReason } from '#gate/sign-in/refusal.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { addOrganization, by, openGateWorld, organization, type GateWorld } from './gate-world.ts';

describeAtDoors('O07 account matching', (open) => {
  let world: GateWorld;
  beforeEach(async () => {
    world = await openGateWorld(await open());
  });
  afterEach(() => world.close());

  const signIn = { kind: 'oidc', issuer: 'https://idp.example', clientId: 'furlough' } as const;
  const connect = (id: string, match: AccountMatch, domains: readonly string[] = []): Promise<Connection> =>
    world.addConnection(id, { match, domains, signIn });
  const identity = (over: Partial<VerifiedIdentity> = {}): VerifiedIdentity => ({
    protocol: 'oidc',
    issuer: 'https://idp.example',
    subject: 'subject-1',
    issuedAt: world.clock.now,
    usedOnce: { id: 'token', until: world.clock.now + 1_000 },
    ...over,
  });
  const match = (connection: Connection, over: Partial<VerifiedIdentity>) =>
    matchAccount(world.context, connection, identity(over));
  const expectRefusal = (connection: Connection, over: Partial<VerifiedIdentity>, reason: RefusalReason) =>
    expect(match(connection, over)).rejects.toMatchObject({ name: 'SignInError', reason });

  test('by userName, whatever its case; nobody of that name: noSuchUser', async () => {
    const user = await world.addPerson({ userName: 'Aoki@Example.com' });
    const corp = await connect('corp', 'userName');
    expect(await match(corp, { userName: 'aoki@EXAMPLE.com' })).toMatchObject({
      user: { id: user.id },
      by: 'userName',
    });
    await expectRefusal(corp, { userName: 'aoki' }, 'noSuchUser');
    await expectRefusal(corp, {}, 'noSuchUser');
  });

  test('a name with a look-alike that folds to another one is nobody’s', async () => {
    const user = await world.addPerson({ userName: 'mark@example.com' });
    const corp = await connect('corp', 'userName');
    await expectRefusal(corp, { userName: 'mar\u212A@example.com' }, 'noSuchUser');
    expect(await match(corp, { userName: 'mark@example.com' })).toMatchObject({ user: { id: user.id } });
  });

  test('by externalId, exactly', async () => {
    const user = await world.addPerson({ userName: 'aoki', externalId: 'Ext-1' });
    const corp = await connect('corp', 'externalId');
    expect(await match(corp, { externalId: 'Ext-1' })).toMatchObject({ user: { id: user.id } });
    await expectRefusal(corp, { externalId: 'ext-1' }, 'noSuchUser');
  });

  test('by verified e-mail of a routed domain; two who have it: ambiguousUser', async () => {
    const user = await world.addPerson({ userName: 'aoki', emails: [{ value: 'aoki@example.com', type: 'work' }] });
    const corp = await connect('corp', 'email', ['example.com']);
    expect(await match(corp, { verifiedEmail: 'Aoki@Example.com' })).toMatchObject({ user: { id: user.id } });
    await expectRefusal(corp, { userName: 'aoki@example.com' }, 'noSuchUser');
    await expectRefusal(corp, { verifiedEmail: 'work|aoki@example.com' }, 'noSuchUser');
    await world.addPerson({ userName: 'other', emails: [{ value: 'aoki@example.com' }] });
    await expectRefusal(corp, { verifiedEmail: 'aoki@example.com' }, 'ambiguousUser');
    const elsewhere = await connect('elsewhere', 'email', ['example.org']);
    await expectRefusal(elsewhere, { verifiedEmail: 'aoki@example.com' }, 'noSuchUser');
  });

  test('a connection whose rule is off links nobody, not even with the subject and names another connection has linked', async () => {
    const user = await world.addPerson({
      userName: 'aoki@example.com',
      externalId: 'subject-1',
      emails: [{ value: 'aoki@example.com' }],
    });
    const corp = await connect('corp', 'userName', ['example.com']);
    const off = await connect('off', 'off', ['example.com']);
    const claims = { userName: 'aoki@example.com', externalId: 'subject-1', verifiedEmail: 'aoki@example.com' };
    expect(await match(corp, claims)).toMatchObject({ user: { id: user.id } });
    expect(await storeLink(world.context, corp, identity(), user.id, null)).toBe(true);
    await expectRefusal(off, claims, 'noSuchUser');
    expect(await match(corp, {})).toMatchObject({ user: { id: user.id }, by: 'link' });
  });

  test('a link decides alone, also when the name has passed to someone else', async () => {
    const user = await world.addPerson({ userName: 'aoki@example.com' });
    const corp = await connect('corp', 'userName');
    await storeLink(world.context, corp, identity(), user.id, null);
    await world.provisioning.changeUser(
      organization,
      user.id,
      () => ({ profile: { userName: 'renamed@example.com' } }),
      by,
    );
    const heir = await world.addPerson({ userName: 'aoki@example.com' });
    expect(await match(corp, { userName: 'aoki@example.com' })).toMatchObject({ user: { id: user.id } });
    expect(await match(corp, { userName: 'aoki@example.com', subject: 'subject-2' })).toMatchObject({
      user: { id: heir.id },
    });
  });

  test('a second subject for a linked user: identityConflict; subjects are compared byte for byte', async () => {
    const user = await world.addPerson({ userName: 'aoki@example.com' });
    const corp = await connect('corp', 'userName');
    await storeLink(world.context, corp, identity(), user.id, null);
    expect(await match(corp, { userName: 'aoki@example.com' })).toMatchObject({ by: 'link' });
    await expectRefusal(corp, { userName: 'aoki@example.com', subject: 'SUBJECT-1' }, 'identityConflict');
    await expectRefusal(corp, { userName: 'aoki@example.com', issuer: 'https://other.example' }, 'identityConflict');
    expect(await storeLink(world.context, corp, identity({ subject: 'subject-2' }), user.id, null)).toBe(false);
  });

  test('of several subjects that link one user at once, one wins; of one subject and two users, one', async () => {
    const [first, second] = [
      await world.addPerson({ userName: 'first' }),
      await world.addPerson({ userName: 'second' }),
    ];
    const corp = await connect('corp', 'userName');
    const subjects = Array.from({ length: 8 }, (_, index) => identity({ subject: `subject-${index}` }));
    const linked = await Promise.all(
      subjects.map((subject) => storeLink(world.context, corp, subject, first.id, null)),
    );
    expect(linked.filter(Boolean)).toHaveLength(1);
    const lone = identity({ subject: 'lone' });
    const other = await world.addPerson({ userName: 'third' });
    const both = await Promise.all([second, other].map((user) => storeLink(world.context, corp, lone, user.id, null)));
    expect(both.filter(Boolean)).toHaveLength(1);
  });

  test('a deleted user: deletedUser, unless the same connection provisions the person anew', async () => {
    const user = await world.addPerson({ userName: 'aoki@example.com' }, { connection: 'corp' });
    const corp = await connect('corp', 'userName');
    await storeLink(world.context, corp, identity(), user.id, null);
    expect(await match(corp, { userName: 'aoki@example.com' })).toMatchObject({ by: 'link' });
    await world.provisioning.removeUser(organization, user.id, by);
    await expectRefusal(corp, { userName: 'aoki@example.com' }, 'deletedUser');
    const handMade = await world.addPerson({ userName: 'aoki@example.com' });
    await expectRefusal(corp, { userName: 'aoki@example.com' }, 'deletedUser');
    await world.provisioning.removeUser(organization, handMade.id, by);
    const anew = await world.addPerson({ userName: 'aoki@example.com' }, { connection: 'corp' });
    const matched = await match(corp, { userName: 'aoki@example.com' });
    expect(matched).toMatchObject({ user: { id: anew.id }, replaces: { userId: user.id } });
    expect(await storeLink(world.context, corp, identity(), anew.id, matched.replaces)).toBe(true);
    expect(await match(corp, {})).toMatchObject({ user: { id: anew.id }, by: 'link' });
  });

  test('with several sign-in connections a name needs provisioning by this one or a routed domain', async () => {
    const mine = await world.addPerson({ userName: 'mine@other.example' }, { connection: 'corp' });
    const routed = await world.addPerson({ userName: 'routed@example.com' });
    await world.addPerson({ userName: 'neither@other.example' }, { connection: 'second' });
    const corp = await connect('corp', 'userName', ['example.com']);
    expect(await match(corp, { userName: 'neither@other.example' })).toMatchObject({ by: 'userName' });
    await connect('second', 'userName');
    expect(await match(corp, { userName: 'mine@other.example' })).toMatchObject({ user: { id: mine.id } });
    expect(await match(corp, { userName: 'routed@example.com' })).toMatchObject({ user: { id: routed.id } });
    await expectRefusal(corp, { userName: 'neither@other.example' }, 'otherConnection');
  });

  test('the same subject and name in another organisation is somebody else', async () => {
    const user = await world.addPerson({ userName: 'aoki@example.com' });
    const corp = await connect('corp', 'userName');
    await storeLink(world.context, corp, identity(), user.id, null);
    const beta = 'beta' as OrganizationId;
    await addOrganization(world.provisioning, beta);
    const theirs: Connection = { ...corp, id: 'corp' as ConnectionId, organizationId: beta };
    await expectRefusal(theirs, { userName: 'aoki@example.com' }, 'noSuchUser');
    const namesake = await world.addPerson({ userName: 'aoki@example.com' }, { at: beta });
    expect(await match(theirs, { userName: 'aoki@example.com' })).toMatchObject({
      user: { id: namesake.id, organizationId: beta },
    });
  });

  test('the inactive are matched alike, so that the refusal can tell the reason', async () => {
    const user = await world.addPerson({ userName: 'aoki@example.com' });
    const corp = await connect('corp', 'userName');
    await world.deactivate(user);
    expect(await match(corp, { userName: 'aoki@example.com' })).toMatchObject({ user: { id: user.id, active: false } });
  });
});
