import { describeOnBothStorages } from '../harness/both-storages.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta } from './write-side.ts';

describeOnBothStorages('a second POST', (open) => {
  test('restores an inactive user under the same id, with the new profile', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki', { externalId: 'x1', active: false });
    const profile = { userName: 'aoki.hanako', externalId: 'x1', title: 'Lead' };
    const result = await side.provisionUser(acme, { profile, active: true, connection: okta, restore: true }, byOkta);
    expect(result).toMatchObject({
      restored: true,
      user: { id: aoki.id, createdAt: aoki.createdAt, active: true, profile },
    });
  });

  test('of an active user is refused', async () => {
    const side = await createWriteSide(await open(), 10);
    await side.add('aoki', { externalId: 'x1' });
    await expect(side.add('aoki', { externalId: 'x1' })).rejects.toMatchObject({ code: 'userNameTaken' });
  });

  test('that means another person of the same name is refused', async () => {
    const side = await createWriteSide(await open(), 10);
    await side.add('aoki', { externalId: 'x1', active: false });
    await expect(side.add('aoki', { externalId: 'x2' })).rejects.toMatchObject({ code: 'userNameTaken' });
  });

  test('finds its own person although another connection uses the same externalId', async () => {
    const side = await createWriteSide(await open(), 10);
    const mine = await side.add('a1', { externalId: 'x1', active: false });
    const entra = 'entra' as ConnectionId;
    const byEntra = { actor: { kind: 'connection', connection: entra }, mouth: 'scimPost' } as const;
    const profile = { userName: 'a2', externalId: 'x1' };
    await side.provisionUser(acme, { profile, active: false, connection: entra, restore: true }, byEntra);
    expect((await side.add('a1.new', { externalId: 'x1' })).id).toBe(mine.id);
  });

  test('creates anew where several have the externalId, or another connection wrote the one who has it', async () => {
    const side = await createWriteSide(await open(), 10);
    const first = await side.add('a1', { externalId: 'x1', active: false });
    const entra = 'entra' as ConnectionId;
    const byEntra = { actor: { kind: 'connection', connection: entra }, mouth: 'scimPost' } as const;
    const profile = { userName: 'a2', externalId: 'x1' };
    const other = await side.provisionUser(acme, { profile, active: false, connection: entra, restore: true }, byEntra);
    expect(other.user.id).not.toBe(first.id);
    await side.changeUser(acme, other.user.id, () => ({ lastWrittenBy: okta }), byOkta);
    const third = await side.add('a3', { externalId: 'x1' });
    expect([first.id, other.user.id]).not.toContain(third.id);
  });

  test('lifts its own hold only: an administrator’s stays', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki', { active: false });
    await side.deactivateUser(acme, aoki.id, {}, byAdministrator);
    const { user } = await side.provisionUser(
      acme,
      { profile: { userName: 'aoki' }, active: true, connection: okta, restore: true },
      byOkta,
    );
    expect(user.holds.map((hold) => hold.kind)).toEqual(['admin']);
  });

  test('is refused where restoring is switched off', async () => {
    const side = await createWriteSide(await open(), 10);
    await side.add('aoki', { active: false });
    const request = { profile: { userName: 'aoki' }, active: true, connection: okta, restore: false };
    await expect(side.provisionUser(acme, request, byOkta)).rejects.toMatchObject({ code: 'userNameTaken' });
  });
});
