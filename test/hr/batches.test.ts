// What HR feeds did, batch by batch, and the way back for an administrator without a key of the connection; on the doors of both storages.

import nock from 'nock';
import request from 'supertest';
import { describeAtDoors } from '../harness/both-storages.ts';
import { playBamboo } from './fake-bamboohr.ts';
import { reachNothingOutside } from './nothing-outside.ts';
import { connections, openPullHouse, pulling, type PullHouse } from './pull-house.ts';

type Facts = Readonly<Record<string, any>>; // oxlint-disable-line no-explicit-any

let house: PullHouse;

reachNothingOutside();
afterEach(async () => {
  nock.cleanAll();
  await house.stop();
});

const batchesOf = async (connection: string, query = '') =>
  (await house.call('get', `${connections}/${connection}/batches${query}`).expect(200)).body as Facts;
const undo = (connection: string, batch: string, key?: string) =>
  house.call('post', `${connections}/${connection}/batches/${batch}/undo`, {}, key);
const keyOf = async (connection: string): Promise<string> => {
  const { body } = await house.call('post', `/organizations/acme/credentials`, { kind: 'hr', name: 'HR', connection });
  return body.secret;
};
const report = async (key: string, ...lines: readonly object[]): Promise<Facts> => {
  const sent = request(house.app).post('/hr/v1/status-changes').set('Authorization', `Bearer ${key}`);
  return (await sent.send([...lines]).expect(200)).body;
};

describeAtDoors('batches of HR feeds', (openStorage) => {
  test('what a scheduled pull did wrong is listed and taken back by an administrator, once, and audited as theirs', async () => {
    const bamboo = playBamboo();
    house = await openPullHouse(await openStorage(), { pull: pulling });
    const [aoki, baba, chiba] = await Promise.all(['n1', 'n2', 'n3'].map(house.hire));
    bamboo.employees = ['1', '2', '3'].map((id) => ({ id, employeeNumber: `n${id}`, status: 'Inactive' as const }));
    await house.runJobs();
    expect((await house.user(aoki!)).active).toBe(false);
    await house.call('post', `/organizations/acme/users/${chiba!.id}/deactivate`, { reason: 'Other' });
    const { items, next } = await batchesOf('bamboo');
    expect([items, next]).toMatchObject([
      [
        {
          id: expect.any(String),
          source: 'pull',
          at: new Date(house.clock.now).toISOString(),
          summary: { changed: 3, unchanged: 0, repeated: 0, late: 0, failed: 0 },
          people: { in: 0, out: 3, waiting: 0 },
          undone: null,
        },
      ],
      null,
    ]);
    const [{ id: batch }] = items;
    await undo('bamboo', batch, house.keys.acmeRead).expect(403);
    await undo('bamboo', batch, house.keys.other).expect(404);
    const theirs = '/organizations/other/connections';
    await house.call('post', theirs, { id: 'bamboo', name: 'Bamboo', kind: 'hr' }, house.keys.other).expect(201);
    await house.call('post', `${theirs}/bamboo/batches/${batch}/undo`, {}, house.keys.other).expect(404);
    const listed = await house.call('get', `${theirs}/bamboo/batches`, undefined, house.keys.other).expect(200);
    expect(listed.body.items).toEqual([]);
    expect((await house.user(aoki!)).active).toBe(false);
    house.clock.now += 60_000;
    const undone = await undo('bamboo', batch).expect(200);
    expect(undone.body).toEqual({ batch, lines: { restored: 3, unchanged: 0, gone: 0, refused: 0 } });
    const now = await Promise.all([aoki!, baba!, chiba!].map(house.user));
    expect(now.map(({ holds }) => holds.map(({ kind }) => kind))).toEqual([[], [], ['admin']]);
    const undoneAt = new Date(house.clock.now).toISOString();
    house.clock.now += 60_000;
    expect((await undo('bamboo', batch).expect(200)).body.lines).toMatchObject({ restored: 0, unchanged: 3 });
    expect((await batchesOf('bamboo'))['items']).toMatchObject([
      { id: batch, undone: { at: undoneAt, by: 'administrator:acme key' } },
    ]);
    await house.context.settleEffects();
    const audit = (await house.call('get', '/organizations/acme/audit?limit=200').expect(200)).body.items as Facts[];
    const back = audit.filter(({ action, target }) => action === 'user.reactivated' && target.id === aoki!.id);
    expect(back).toMatchObject([{ mouth: 'adminApi', reason: 'hr.undo', actor: 'administrator:acme key' }]);
  });

  test('what a feed sent is listed newest first, page by page; what changed nobody, was tried, or is another’s is not', async () => {
    house = await openPullHouse(await openStorage(), {});
    await house.call('post', connections, { id: 'third', name: 'Third', kind: 'hr' }).expect(201);
    await Promise.all(['n1', 'n2'].map(house.hire));
    const key = await keyOf('bamboo');
    const line = (employeeNumber: string, status = 'terminated') => ({
      employeeNumber,
      status,
      effectiveAt: '2027-01-15',
    });
    expect((await batchesOf('bamboo'))['items']).toEqual([]);
    const made: Facts[] = [];
    for (const sent of [line('n1'), line('n1', 'active'), line('n2')]) {
      house.clock.now += 1;
      made.push(await report(key, sent, line('nobody')));
    }
    await report(key, line('n2'));
    await report(await keyOf('third'), line('n1'));
    const first = await batchesOf('bamboo', '?limit=2');
    const second = await batchesOf('bamboo', `?limit=2&cursor=${first['next']}`);
    const listed = [...first['items'], ...second['items']] as Facts[];
    expect(listed.map(({ id }) => id)).toEqual(made.map(({ batch }) => batch).toReversed());
    expect([first['items'].length, second['next']]).toEqual([2, null]);
    expect(listed[1]).toMatchObject({ source: 'feed', summary: { changed: 1, failed: 1 }, people: { in: 1, out: 0 } });
    // Another connection's batch is not this one's to undo.
    await undo('third', made[0]?.['batch']).expect(404);
    await undo('bamboo', 'none').expect(404);
    await house.call('get', `${connections}/nothing/batches`).expect(404);
    house.clock.now += 31 * 86_400_000;
    expect((await batchesOf('bamboo'))['items']).toEqual([]);
    await undo('bamboo', made[0]?.['batch']).expect(404);
  });

  test('an undo that would take the last owner is refused for that line only; what a removed connection did is still undone', async () => {
    house = await openPullHouse(await openStorage(), {});
    const [aoki, baba] = await Promise.all(['n1', 'n2'].map(house.hire));
    const key = await keyOf('bamboo');
    const line = (employeeNumber: string, status: string) => ({ employeeNumber, status, effectiveAt: '2027-01-15' });
    await report(key, line('n1', 'terminated'));
    const { batch } = await report(key, line('n1', 'active'), line('n2', 'terminated'));
    await house
      .call('put', `/organizations/acme/users/${aoki!.id}/roles`, { roles: ['owner'] })
      .set('If-Match', '*')
      .expect(200);
    await house.call('delete', `${connections}/bamboo`).expect(200);
    expect((await batchesOf('bamboo'))['items']).toHaveLength(2);
    const { body } = await undo('bamboo', batch).expect(200);
    expect(body.lines).toEqual({ restored: 1, unchanged: 0, gone: 0, refused: 1 });
    expect([(await house.user(aoki!)).active, (await house.user(baba!)).active]).toEqual([true, true]);
  });
});
