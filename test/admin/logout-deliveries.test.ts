// Logouts to apps as administrators see them: by person, app and state; one that was given up is tried again.

import {
  logoutDeliveryRecords,
  queueLogout,
  readLogoutDelivery,
  type LogoutDelivery,
} from '#gate/logout/logout-delivery.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { eventually } from '../harness/eventually.ts';
import { acme, openAdminHouse, other, type AdminHouse } from './admin-house.ts';

describeAtDoors('logout deliveries in the admin API', (open) => {
  const at = '/organizations/acme/logout-deliveries';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open());
  });
  afterEach(() => house.stop());

  const addApp = (id: string, organization: OrganizationId = acme, key?: string) => {
    const openid = {
      redirectUris: [`https://${id}.example.com/cb`],
      backchannelLogoutUri: `http://127.0.0.1:1/out`,
    };
    return house.call('post', `/organizations/${organization}/apps`, { id, name: id, openid }, key).expect(201);
  };
  const queue = (app: string, userId: string, sid: string, organization = acme) =>
    queueLogout(house.context.gate, organization, { app, userId: userId as never, sid, cause: 'user.deactivated' });
  const ids = async (query: string) => {
    const { body } = await house.call('get', `${at}?${query}`).expect(200);
    return (body.items as { sid: string }[]).map(({ sid }) => sid).toSorted();
  };
  const read = async (id: string) => {
    const record = await readLogoutDelivery(house.context.gate, acme, id);
    if (record === null) throw new Error(`no delivery ${id}`);
    return record;
  };

  test('by person, app and state, page by page; a dead one is tried again, and that is audited', async () => {
    await addApp('wiki');
    await addApp('crm');
    await queue('wiki', 'u1', 's1');
    await queue('wiki', 'u1', 's1');
    await queue('wiki', 'u2', 's2');
    await queue('crm', 'u1', 's3');
    expect(await ids('user=u1')).toEqual(['s1', 's3']);
    expect(await ids('app=wiki')).toEqual(['s1', 's2']);
    expect(await ids('user=u1&app=wiki&state=waiting')).toEqual(['s1']);
    const { body: first } = await house.call('get', `${at}?limit=2`).expect(200);
    const { body: rest } = await house.call('get', `${at}?limit=2&cursor=${first.next}`).expect(200);
    expect([first.items.length, rest.items.length, rest.next]).toEqual([2, 1, null]);

    // The server tries by itself, at addresses that are nobody's, and gives up after a day.
    house.clock.now += 24 * 3_600_000;
    await house.runJobs();
    expect(await ids('state=dead')).toHaveLength(3);
    const { body: dead } = await house.call('get', `${at}?user=u2`).expect(200);
    expect(dead.items[0]).toMatchObject({ app: 'wiki', state: 'dead', error: expect.any(String) });
    const { id } = dead.items[0] as { id: string };
    const { body: retried } = await house.call('post', `${at}/${id}/retry`, {}).expect(200);
    expect(retried).toMatchObject({
      delivery: { state: 'waiting', nextAt: expect.any(String) },
      change: expect.any(String),
    });
    await eventually(async () => {
      await house.runJobs();
      return (await read(id)).value.attempts > dead.items[0].attempts;
    });
    expect(await ids('state=dead')).toEqual(['s1', 's3']);
    // Meanwhile it was taken: nothing to try again.
    for (let isWritten = false; !isWritten; ) {
      const record = await read(id);
      const value: LogoutDelivery = { ...record.value, state: 'delivered', deliveredAt: house.clock.now };
      isWritten = await house.context.storage.records(logoutDeliveryRecords).replace({ ...record, value });
    }
    const { body: done } = await house.call('post', `${at}/${id}/retry`, {}).expect(200);
    expect(done).toMatchObject({ delivery: { state: 'delivered', deliveredAt: expect.any(String) }, change: null });
    await house.context.settleEffects();
    const { body: audit } = await house.call('get', '/organizations/acme/audit').expect(200);
    expect(audit.items.filter(({ action }: { action: string }) => action === 'logoutDelivery.retried')).toHaveLength(1);
  });

  test('T01 another organisation’s delivery is unknown; so is what is no id', async () => {
    await addApp('wiki', other, house.keys.other);
    await queue('wiki', 'u9', 's9', other);
    const theirs = '/organizations/other/logout-deliveries';
    const { body } = await house.call('get', theirs, undefined, house.keys.other).expect(200);
    const { id } = body.items[0] as { id: string };
    const foreign = await house.call('post', `${at}/${id}/retry`, {}).expect(404);
    const unknown = await house.call('post', `${at}/${'0'.repeat(64)}/retry`, {}).expect(404);
    expect({ ...foreign.body, requestId: '' }).toEqual({ ...unknown.body, requestId: '' });
    await house.call('post', `${at}/nothing/retry`, {}).expect(404);
    expect(await ids('user=u9')).toEqual([]);
    await house.call('post', `${theirs}/${id}/retry`, {}, house.keys.other).expect(200);
    await house.call('post', `${at}/${id}/retry`, {}, house.keys.acmeRead).expect(403);
    await house.call('get', `${at}?state=nonsense`).expect(400);
  });
});
