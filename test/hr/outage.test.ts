// The HR door when the store goes away at any moment of a request: 503 and never anything else, and sending all of it again does what is left.

import request from 'supertest';
import type { UserId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse } from '../admin/admin-house.ts';
import { outage } from '../admin/troubled-house.ts';
import { observeStorage } from '../gate/observed-storage.ts';

describeAtDoors('the HR door without a store', (open) => {
  test('D01 away at any moment: 503, and the same request again is as if nothing had been', async () => {
    const storage = await open();
    let [asked, fails] = [0, Infinity];
    const observed = observeStorage(storage, async () => {
      asked += 1;
      if (asked === fails) await outage();
    });
    const house = await openAdminHouse(observed, null);
    const issued = await house.call('post', '/organizations/acme/credentials', { kind: 'hr', name: 'HR' }).expect(201);
    const report = (lines: readonly object[]) =>
      request(house.app)
        .post('/hr/v1/status-changes')
        .set('Authorization', `Bearer ${issued.body.secret}`)
        .send(lines as object[]);
    const status = async (id: UserId) => (await storage.users.get(acme, id))?.holds.map(({ kind }) => kind);
    const statuses: number[] = [];
    for (let nth = 1; ; nth += 1) {
      const [out, away] = [await house.add(`out${nth}`), await house.add(`away${nth}`)];
      const lines = [
        { userName: `out${nth}`, status: 'terminated', effectiveAt: '2020-01-01', sequence: 1 },
        { userName: `away${nth}`, status: 'leave', effectiveAt: '2020-01-01', sequence: 1 },
        { userName: `away${nth}`, status: 'active', effectiveAt: '2020-02-01', sequence: 2 },
      ];
      await house.context.settleEffects();
      [asked, fails] = [0, nth];
      const first = await report(lines);
      const reached = asked >= nth;
      fails = Infinity;
      expect([nth, [200, 503].includes(first.status), first.body.code]).toEqual([
        nth,
        true,
        first.status === 503 ? 'storageUnavailable' : undefined,
      ]);
      statuses.push(first.status);
      const again = await report(lines).expect(200);
      expect([nth, again.body.summary.failed]).toEqual([nth, 0]);
      expect([nth, await status(out.id), await status(away.id)]).toEqual([nth, ['hr'], []]);
      if (!reached) break;
    }
    expect(statuses.filter((one) => one === 503).length).toBeGreaterThan(5);
    await house.context.settleEffects();
    await house.stop();
  });

  test('a key that is revoked in the middle of a request changes nobody any more', async () => {
    const storage = await open();
    let onCommit: () => Promise<unknown> = async () => undefined;
    const observed = observeStorage(storage, async (moment) => {
      if (moment === 'after users.commit') await onCommit();
    });
    const house = await openAdminHouse(observed, null);
    const credentials = '/organizations/acme/credentials';
    const { body } = await house.call('post', credentials, { kind: 'hr', name: 'HR' }).expect(201);
    const { id } = await house.add('aoki');
    onCommit = async () => {
      onCommit = async () => undefined;
      await house.call('post', `${credentials}/${body.credential.id}/revoke`).expect(200);
    };
    await request(house.app)
      .post('/hr/v1/status-changes')
      .set('Authorization', `Bearer ${body.secret}`)
      .send([
        { userName: 'aoki', status: 'terminated', effectiveAt: '2020-01-01' },
        { userName: 'aoki', status: 'active', effectiveAt: '2020-02-01' },
      ])
      .expect(401);
    expect((await storage.users.get(acme, id))?.holds).toMatchObject([{ kind: 'hr' }]);
    await house.context.settleEffects();
    await house.stop();
  });
});
