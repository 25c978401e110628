// People, seats and organisations through the admin API, on both storages.

import { recordSignIn } from '#gate/sign-in/sign-in-record.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, other, type AdminHouse } from './admin-house.ts';

describeAtDoors('people', (open) => {
  const at = '/organizations/acme';
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async (licensed: number | null = 10): Promise<AdminHouse> => {
    const house = await openAdminHouse(await open(), licensed);
    houses.push(house);
    return house;
  };

  test('deactivation answers what it did: seat, sessions, owned credentials, change', async () => {
    const house = await build(2);
    const user = await house.add('aoki');
    await house.signIn(user);
    await house.signIn(user);
    const owned = { kind: 'admin', name: 'aoki’s key', owner: user.id };
    const { body: issued } = await house.call('post', `${at}/credentials`, owned).expect(201);
    await house.call('get', at, undefined, issued.secret).expect(200);

    const { body } = await house
      .call('post', `${at}/users/${user.id}/deactivate`, { reason: 'left', note: 'last day' })
      .expect(200);
    expect(body).toMatchObject({ seat: 'none', sessionsEnded: 2, receipt: null, change: expect.any(String) });
    expect(body.user).toMatchObject({ id: user.id, active: false, status: 'inactive' });
    expect(body.user.holds).toMatchObject([
      { kind: 'admin', reason: 'left', note: 'last day', by: expect.stringContaining('administrator:') },
    ]);
    expect(body.credentials).toMatchObject([{ id: issued.credential.id, owner: user.id }]);
    expect(JSON.stringify(body)).not.toContain('secretHash');
    await house.call('get', at, undefined, issued.secret).expect(401);

    const { body: seats } = await house.call('get', `${at}/seats`).expect(200);
    expect(seats).toMatchObject({ licensed: 2, billed: 2, used: 0, free: 2, inactive: 1, waiting: 0 });

    const { body: again } = await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(200);
    expect(again).toMatchObject({ change: null, sessionsEnded: 0 });

    const { body: back } = await house.call('post', `${at}/users/${user.id}/reactivate`).expect(200);
    expect(back.lifted).toMatchObject([{ kind: 'admin', by: expect.any(String) }]);
    expect(back).toMatchObject({ seat: 'held', user: { active: true, status: 'active', holds: [] }, sessionsEnded: 0 });
    await house.call('get', at, undefined, issued.secret).expect(200);
    const { body: sessions } = await house.call('get', `${at}/users/${user.id}/sessions`).expect(200);
    expect(sessions.items.map((session: { live: boolean }) => session.live)).toEqual([false, false]);
  });

  test('a security hold is lifted only by name', async () => {
    const house = await build();
    const user = await house.add('mori');
    await house.call('post', `${at}/users/${user.id}/deactivate`, { reason: 'security' }).expect(200);
    const { body: still } = await house.call('post', `${at}/users/${user.id}/reactivate`, {}).expect(200);
    expect(still.user).toMatchObject({ active: false, holds: [{ kind: 'security' }] });
    const { body: lifted } = await house
      .call('post', `${at}/users/${user.id}/reactivate`, { lift: ['security'] })
      .expect(200);
    expect(lifted.user.active).toBe(true);
  });

  test('with no seat free: waits, or is refused when the caller asks for that', async () => {
    const house = await build(1);
    const away = await house.add('aoki');
    await house.call('post', `${at}/users/${away.id}/deactivate`, {}).expect(200);
    await house.add('hirata');
    const { body: refused } = await house
      .call('post', `${at}/users/${away.id}/reactivate`, { ifNoSeat: 'refuse' })
      .expect(409);
    expect(refused).toMatchObject({ code: 'noFreeSeat', licensed: 1, used: 1 });
    const { body: waits } = await house
      .call('post', `${at}/users/${away.id}/reactivate`, { ifNoSeat: 'wait' })
      .expect(200);
    expect(waits).toMatchObject({ seat: 'waiting', user: { status: 'waiting', active: false } });
    const { body: why } = await house.call('get', `${at}/users/${away.id}/why`).expect(200);
    expect(why).toMatchObject({ allowed: false, reason: 'waitingForSeat', waitingBefore: 0 });

    const { body: over } = await house.call('put', `${at}/seats`, { licensed: 0 }).expect(409);
    expect(over).toMatchObject({ code: 'belowUse', over: 1 });
    const { body: seats } = await house.call('put', `${at}/seats`, { licensed: 2 }).expect(200);
    expect(seats).toMatchObject({ licensed: 2, used: 2, free: 0, waiting: 0, change: expect.any(String) });
    const { body: promoted } = await house.call('get', `${at}/users/${away.id}`).expect(200);
    expect(promoted).toMatchObject({ status: 'active', seat: 'held' });
  });

  test('the contract: left-out parts stay, the same again changes nothing, null is unlimited', async () => {
    const house = await build(5);
    const { body: policy } = await house.call('put', `${at}/seats`, { policy: 'refuse' }).expect(200);
    expect(policy).toMatchObject({ licensed: 5, policy: 'refuse', change: expect.any(String) });
    const { body: same } = await house.call('put', `${at}/seats`, { licensed: 5, policy: 'refuse' }).expect(200);
    expect(same.change).toBeNull();
    const { body: unlimited } = await house.call('put', `${at}/seats`, { licensed: null }).expect(200);
    expect(unlimited).toMatchObject({ licensed: null, billed: null, free: null, policy: 'refuse' });
    const { body: recounted } = await house.call('post', `${at}/seats/recount`).expect(200);
    expect(recounted).toMatchObject({ drift: 0, outcome: 'exact', used: 0 });
  });

  test('why: the checks of a door, with what holds the person, in words', async () => {
    const house = await build();
    const user = await house.add('sato');
    const { body: fine } = await house.call('get', `${at}/users/${user.id}/why`).expect(200);
    expect(fine).toMatchObject({ allowed: true, reason: null, sentence: 'Display sato can come in.' });
    await house.call('post', `${at}/users/${user.id}/deactivate`, { reason: 'left' }).expect(200);
    const { body: held } = await house.call('get', `${at}/users/${user.id}/why`).expect(200);
    expect(held).toMatchObject({ allowed: false, reason: 'accountInactive' });
    expect(held.checks).toContainEqual({
      check: 'hold:admin',
      passed: false,
      detail: expect.stringContaining('reason: left'),
    });
    await house.call('post', `${at}/suspend`, {}).expect(200);
    const { body: suspended } = await house.call('get', `${at}/users/${user.id}/why`).expect(200);
    expect(suspended.reason).toBe('organizationSuspended');
  });

  test('the only active owner cannot be deactivated here', async () => {
    const house = await build();
    const user = await house.add('owner');
    const { body } = await house.call('put', `${at}/users/${user.id}/roles`, { roles: ['owner'] }).expect(200);
    expect(body.user.roles).toEqual(['owner']);
    const { body: refused } = await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(409);
    expect(refused.code).toBe('lastOwner');
  });

  test('If-Match: the tag of what was read is accepted, an old one refused with 412 and nothing done', async () => {
    const house = await build();
    const user = await house.add('ito');
    const path = `${at}/users/${user.id}`;
    const { headers } = await house.call('get', path).expect(200);
    const tag = headers['etag'] ?? '';
    await house.call('post', `${path}/deactivate`, {}).set('If-Match', '"other"').expect(412);
    const { headers: after } = await house.call('post', `${path}/deactivate`, {}).set('If-Match', tag).expect(200);
    expect(after['etag']).not.toBe(tag);
    const { body } = await house.call('post', `${path}/reactivate`, {}).set('If-Match', tag).expect(412);
    expect(body.code).toBe('revisionMismatch');
    await house
      .call('post', `${path}/reactivate`, {})
      .set('If-Match', after['etag'] ?? '')
      .expect(200);
  });

  test('a person of another organisation is unknown, byte for byte', async () => {
    const house = await build();
    const foreign = await house.add('foreign', other);
    for (const part of ['', '/why', '/sessions']) {
      const theirs = await house.call('get', `${at}/users/${foreign.id}${part}`).expect(404);
      const nobody = await house.call('get', `${at}/users/01900000-0000-7000-8000-000000000000${part}`).expect(404);
      expect(theirs.text).toBe(nobody.text);
    }
    await house.call('post', `${at}/users/${foreign.id}/deactivate`, {}).expect(404);
    const { body } = await house
      .call('get', `/organizations/other/users/${foreign.id}`, undefined, house.keys.other)
      .expect(200);
    expect(body.active).toBe(true);
  });

  test('the list pages in order of creation and finds by name, e-mail and status', async () => {
    const house = await build();
    for (const name of ['aoki', 'Baba', 'chiba', 'doi', 'Endo']) await house.add(name);
    const names: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const {
        body,
        headers,
      }: { body: { items: { userName: string }[]; next: string | null }; headers: Record<string, string> } = await house
        .call('get', `${at}/users?limit=2${next === '' ? '' : `&cursor=${next}`}`)
        .expect(200);
      names.push(...body.items.map((user) => user.userName));
      next = body.next;
      expect(headers['link'] === undefined).toBe(next === null);
    }
    expect(names).toEqual(['aoki', 'Baba', 'chiba', 'doi', 'Endo']);
    const find = async (query: string) => {
      const { body } = await house.call('get', `${at}/users?${query}`).expect(200);
      return body.items.map((user: { userName: string }) => user.userName);
    };
    expect(await find('userName=baba')).toEqual(['Baba']);
    expect(await find('email=ENDO@example.com')).toEqual(['Endo']);
    expect(await find('email=endo@example.com&userName=baba')).toEqual([]);
    expect(await find('displayName=display%20doi')).toEqual(['doi']);
    expect(await find('q=HIB')).toEqual(['chiba']);
    expect(await find('status=inactive')).toEqual([]);
    const { body } = await house.call('get', `${at}/users?limit=0`).expect(400);
    expect(body.errors[0].pointer).toBe('/limit');
    await house.call('get', `${at}/users?cursor=!!!`).expect(400);
  });

  test('organisations: created with their seats and the connection default, once; suspended and resumed', async () => {
    const house = await build();
    const { instance } = house.keys;
    const wanted = { id: 'nova', name: 'Nova', timeZone: 'Asia/Tokyo', licensed: 3 };
    const { body, headers } = await house.call('post', '/organizations', wanted, instance).expect(201);
    expect(body).toMatchObject({
      organization: { id: 'nova', state: 'active', policy: 'wait' },
      change: expect.any(String),
    });
    expect(headers['location']).toBe('https://people.example.com/api/v1/organizations/nova');
    const { body: connection } = await house
      .call('get', '/organizations/nova/connections/default', undefined, instance)
      .expect(200);
    expect(connection.urls.scim).toBe('https://people.example.com/scim/v2');
    const { body: twice } = await house.call('post', '/organizations', wanted, instance).expect(409);
    expect(twice.code).toBe('organizationExists');
    for (const wrong of [
      { ...wanted, id: 'login' },
      { ...wanted, id: 'n2', timeZone: 'Mars/Olympus' },
      { ...wanted, id: 'X' },
    ]) {
      await house.call('post', '/organizations', wrong, instance).expect(400);
    }
    const { body: all } = await house.call('get', '/organizations', undefined, instance).expect(200);
    expect(all.items.map(({ id }: { id: string }) => id)).toEqual(['acme', 'default', 'nova', 'other']);

    const { body: suspended } = await house
      .call('post', `${at}/suspend`, { endsAt: '2027-12-31T15:00:00Z' })
      .expect(200);
    expect(suspended.organization).toMatchObject({ state: 'suspended', endsAt: '2027-12-31T15:00:00.000Z' });
    const { body: resumed } = await house.call('post', `${at}/resume`, { endsAt: null }).expect(200);
    expect(resumed.organization.state).toBe('active');
    expect(resumed.organization.endsAt).toBeUndefined();
    expect((await house.call('post', `${at}/resume`).expect(200)).body.change).toBeNull();
  });

  test('sign-ins: newest first, by person and outcome; one by its reference with the checks and what would be decided now', async () => {
    const house = await build();
    const user = await house.add('kato');
    const from = { organizationId: acme, id: 'okta' as ConnectionId };
    const record = async (outcome: 'allowed' | 'refused') => {
      house.clock.now += 1;
      const reason = outcome === 'refused' ? ({ reason: 'accountInactive' } as const) : {};
      const checks = [
        { step: 'match', passed: true },
        { step: 'access', passed: outcome === 'allowed' },
      ] as const;
      return recordSignIn(house.context.gate, from, { outcome, ...reason, protocol: 'oidc', userId: user.id, checks });
    };
    const first = await record('refused');
    for (const outcome of ['allowed', 'allowed', 'refused'] as const) await record(outcome);
    const { body } = await house.call('get', `${at}/sign-ins?user=${user.id}&outcome=refused&limit=1`).expect(200);
    expect(body.items).toHaveLength(1);
    const { body: rest } = await house
      .call('get', `${at}/sign-ins?user=${user.id}&outcome=refused&limit=1&cursor=${body.next}`)
      .expect(200);
    expect(rest.items).toMatchObject([{ reference: first, outcome: 'refused', reason: 'accountInactive' }]);
    expect(rest.next).toBeNull();
    const { body: one } = await house.call('get', `${at}/sign-ins/${first.toLowerCase()}`).expect(200);
    expect(one.why).toEqual([
      { step: 'match', passed: true },
      { step: 'access', passed: false },
    ]);
    expect(one.now).toMatchObject({ allowed: true });
    await house.call('get', `/organizations/other/sign-ins/${first}`, undefined, house.keys.other).expect(404);
  });

  test('audit: no change without an entry, each with who, through what and which request; the chain verifies', async () => {
    const house = await build();
    const user = await house.add('ueda');
    await house.context.settleEffects();
    const { body: done } = await house
      .call('post', `${at}/users/${user.id}/deactivate`, { reason: 'left' })
      .set('X-Request-Id', 'audited-1')
      .expect(200);
    const { body } = await house.call('get', `${at}/audit?limit=1`).expect(200);
    expect(body.items).toMatchObject([
      {
        action: 'user.deactivated',
        mouth: 'adminApi',
        requestId: 'audited-1',
        reason: 'left',
        change: done.change,
        target: { kind: 'user', id: user.id, name: 'ueda' },
      },
    ]);
    const { body: before } = await house.call('get', `${at}/audit?limit=1&cursor=${body.next}`).expect(200);
    expect(before.items[0].seq).toBe(body.items[0].seq - 1);
    const { body: verified } = await house.call('post', `${at}/audit/verify`).expect(200);
    expect(verified).toMatchObject({ intact: true, entries: body.items[0].seq, head: body.items[0].hash });
    await house.call('post', `${at}/audit/verify`, undefined, house.keys.acmeRead).expect(200);
  });
});
