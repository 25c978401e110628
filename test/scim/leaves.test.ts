// J10: what an identity provider writes and reads of a person who is on leave. The leave stands unless the connection says otherwise; nothing untrue is answered.

import type { UserId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byTest, CORE, FURLOUGH, startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

const write = (active: boolean) => [{ op: 'replace', path: 'active', value: active }];

describeAtDoors('SCIM during a leave', (open) => {
  let world: ScimWorld;
  let id = '';
  beforeEach(async () => {
    world = await startScimWorld(await open());
    ({ id } = await world.create('aoki@acme.test'));
    await world.provisioning.planLeave(
      acme,
      id as UserId,
      { type: 'parental', until: '2027-04-01', note: 'x' },
      byTest,
    );
  });
  afterEach(() => world.stop());
  const read = async (): Promise<Json> => (await world.get(`/Users/${id}`)).json;
  const kinds = ({ [FURLOUGH]: why }: Json): readonly string[] =>
    ((why.holds ?? []) as { kind: string }[]).map(({ kind }) => kind);
  const lastWarnings = async (): Promise<readonly string[]> => {
    await world.provisioningLog.flush();
    const { items } = await world.provisioningLog.list(acme, { limit: 1 });
    return items[0]?.why ?? [];
  };

  test('reads tell the truth, and why', async () => {
    expect(await read()).toMatchObject({
      active: false,
      [FURLOUGH]: {
        status: 'onLeave',
        seat: 'none',
        holds: [{ kind: 'leave', until: '2027-03-31T15:00:00.000Z' }],
        leave: { type: 'parental', until: '2027-04-01' },
      },
    });
    const { json } = await world.get(`/Users?filter=${encodeURIComponent(`${FURLOUGH}:status eq "onLeave"`)}`);
    expect(json.totalResults).toBe(1);
    expect((await world.get(`/Users?filter=${encodeURIComponent('active eq true')}`)).json.totalResults).toBe(0);
  });

  test.each([
    ['PATCH', () => world.patch(id, write(true))],
    ['PUT', () => world.put(`/Users/${id}`, { schemas: [CORE], userName: 'aoki@acme.test', active: true })],
    ['POST', () => world.post('/Users', { schemas: [CORE], userName: 'aoki@acme.test', active: true })],
  ])('%s of active true: the leave stands, the answer says so, the log warns', async (_verb, send) => {
    const { status, json } = await send();
    expect([status < 300, json.active, kinds(json)]).toEqual([true, false, ['leave']]);
    expect(await lastWarnings()).toEqual([expect.stringContaining('Held by leave until 2027-03-31T15:00:00.000Z')]);
  });

  test('active false during the leave holds the person after it', async () => {
    expect(kinds((await world.patch(id, write(false))).json)).toEqual(['leave', 'idp']);
    expect((await read())[FURLOUGH].status).toBe('inactive');
    const user = await world.storage.users.get(acme, id as UserId);
    const leave = user?.leaves?.[0];
    if (leave === undefined) throw new Error('no leave');
    await world.provisioning.endLeaveNow(acme, id as UserId, leave.id, byTest);
    expect([(await read()).active, kinds(await read())]).toEqual([false, ['idp']]);
    expect((await world.patch(id, write(true))).json.active).toBe(true);
  });

  test.each([
    ['PATCH', (secret: string) => world.patch(id, write(true), secret)],
    [
      'PUT',
      (secret: string) =>
        world.put(`/Users/${id}`, { schemas: [CORE], userName: 'aoki@acme.test', active: true }, secret),
    ],
    [
      'POST',
      (secret: string) => world.post('/Users', { schemas: [CORE], userName: 'aoki@acme.test', active: true }, secret),
    ],
  ])('where the provider’s word counts for more, %s of active true ends the leave', async (_verb, send) => {
    const secret = await world.addConnection('wins', { idpDuringLeave: 'idpWins' });
    const { json } = await send(secret);
    expect([json.active, kinds(json), json[FURLOUGH].leave]).toEqual([true, [], undefined]);
    expect((await world.storage.users.get(acme, id as UserId))?.leaves).toMatchObject([{ state: 'ended' }]);
  });

  test('nor does it lift what others hold', async () => {
    const secret = await world.addConnection('wins', { idpDuringLeave: 'idpWins' });
    await world.provisioning.deactivateUser(acme, id as UserId, {}, byTest);
    const { json } = await world.patch(id, write(true), secret);
    expect([json.active, kinds(json)]).toEqual([false, ['admin']]);
  });

  test('a leave that is sent is ignored: it is shown, not written', async () => {
    const before = await read();
    const { status } = await world.put(`/Users/${id}`, {
      ...before,
      [FURLOUGH]: { ...before[FURLOUGH], leave: { ...before[FURLOUGH].leave, until: '2027-02-01' } },
    });
    expect([status, (await read())[FURLOUGH].leave.until]).toEqual([200, '2027-04-01']);
  });
});
