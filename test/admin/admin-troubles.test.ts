// What fails or comes between beside a change through the admin API: what was done is never told as a failure, and nothing is done twice.

import { endSession, sessionRecords } from '#gate/sessions/session.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, type AdminHouse } from './admin-house.ts';
import { openTroubledHouse, outage, type Scene } from './troubled-house.ts';

const at = '/organizations/acme';

describeAtDoors('admin API in trouble', (open, kind) => {
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async (licensed: number | null = 10): Promise<Scene> => {
    const scene = await openTroubledHouse(await open(), licensed);
    houses.push(scene.house);
    return scene;
  };

  describe('Idempotency-Key', () => {
    const app = { kind: 'app', name: 'app' };
    const post = (house: AdminHouse, key: string, body: object = app) =>
      house.call('post', `${at}/credentials`, body).set('Idempotency-Key', key);
    const count = async (house: AdminHouse) =>
      (await house.call('get', `${at}/credentials`)).body.items.length as number;

    test('an answer that cannot be kept is given all the same, and the log says so', async () => {
      const { house, storage, when } = await build();
      const user = await house.add('aoki');
      when('before idempotency.replace', outage);
      const { body } = await house
        .call('post', `${at}/users/${user.id}/deactivate`, {})
        .set('Idempotency-Key', 'k1')
        .expect(200);
      expect(body.user.active).toBe(false);
      expect((await storage.users.get(acme, user.id))?.active).toBe(false);
      expect(house.lines.join('')).toContain('the answer to an Idempotency-Key could not be kept');
    });

    test('a refusal stays a refusal when the key cannot be freed', async () => {
      const { house, when } = await build();
      when('before idempotency.delete', outage);
      const { body } = await post(house, 'k1', { ...app, kind: 'scim', connection: 'nowhere' }).expect(404);
      expect(body.code).toBe('connectionNotFound');
    });

    test('of two that find an old key at once one acts, however their steps fall', async () => {
      const { house, when } = await build();
      await post(house, 'k1').expect(201);
      house.clock.now += 24 * 3_600_000;
      const before = await count(house);
      let other = '';
      when('after idempotency.get', async () => {
        other = (await post(house, 'k1').expect(201)).text;
      });
      const answer = await post(house, 'k1').expect(201);
      expect(other).not.toBe('');
      expect(answer.text).toBe(other);
      expect(await count(house)).toBe(before + 1);
    });
  });

  describe('deactivation', () => {
    test('is done before the sessions are looked at, and stands when they cannot be', async () => {
      const { house, storage, when } = await build();
      const user = await house.add('aoki');
      await house.signIn(user);
      let wasActive: boolean | undefined;
      // Each time: the relay looks at the sessions as well, and may come first.
      const look = async () => {
        wasActive = (await storage.users.get(acme, user.id))?.active;
        await outage();
      };
      when('before session.list', look, Infinity);
      const { body } = await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(200);
      expect(body).toMatchObject({ sessionsEnded: 0, change: expect.any(String), user: { active: false } });
      expect(wasActive).toBe(false);
      expect(house.lines.join('')).toContain('the sessions that ended could not be counted');
    });

    test('stands when the credentials of the person cannot be listed', async () => {
      const { house, when } = await build();
      const user = await house.add('aoki');
      await house.signIn(user);
      when('before credential.list', outage);
      const { body } = await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(200);
      expect(body).toMatchObject({ sessionsEnded: 1, credentials: [], user: { active: false } });
    });

    test('counts sessions the relay has ended since, and none that ended before', async () => {
      const { house, when } = await build();
      const user = await house.add('aoki');
      for (let i = 0; i < 3; i += 1) await house.signIn(user);
      const sessions = house.context.storage.records(sessionRecords);
      const [first] = await sessions.list(acme, { key: `user=${user.id}`, limit: 1 }, house.clock.now);
      await endSession(house.context.gate, first?.id ?? '', 'signedOut');
      // The relay looks at the sessions as well: were it to wait for itself, it would wait for ever.
      const aWhile = () => new Promise((resolve) => setTimeout(resolve, 200));
      when('before session.list', () => Promise.race([house.context.settleEffects(), aWhile()]), Infinity);
      const { body } = await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(200);
      expect(body.sessionsEnded).toBe(2);
      await house.context.settleEffects();
      const all = await sessions.list(acme, { key: `user=${user.id}`, limit: 9 }, house.clock.now);
      expect(all.every(({ value }) => value.endedAt !== undefined)).toBe(true);
    });

    if (kind === 'sqlite') {
      test('is answered when the sessions never are', async () => {
        const { house, when } = await build();
        const user = await house.add('aoki');
        // Also who carries out effects behind the answer may be the one that asks, and is waited for at the end.
        let letGo = (): void => undefined;
        when('before session.list', () => new Promise<void>((resolve) => (letGo = resolve)));
        const { body } = await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(200);
        letGo();
        expect(body).toMatchObject({ sessionsEnded: 0, user: { active: false } });
      });
    }
  });

  describe('lists of people', () => {
    test('a search that takes too long answers what it has and where to go on; nobody is read to find nobody', async () => {
      const { house, when } = await build(null);
      for (let n = 0; n <= 400; n += 20) {
        await Promise.all(Array.from({ length: Math.min(20, 401 - n) }, (_, m) => house.add(`p${n + m}`)));
      }
      let pieces = 0;
      when(
        'after users.list',
        async () => {
          pieces += 1;
          house.clock.now += 2_000;
        },
        Infinity,
      );
      const names: string[] = [];
      let pages = 0;
      for (let next: string | null = ''; next !== null; pages += 1) {
        const query: string = `q=p4&limit=50${next === '' ? '' : `&cursor=${next}`}`;
        const answer = await house.call('get', `${at}/users?${query}`).expect(200);
        const body = answer.body as { items: { userName: string }[]; next: string | null };
        names.push(...body.items.map(({ userName }) => userName));
        next = body.next;
      }
      expect(names.toSorted()).toEqual(['p4', ...Array.from({ length: 10 }, (_, n) => `p4${n}`), 'p400'].toSorted());
      expect([pages, pieces]).toEqual([3, 3]);
      const { body } = await house.call('get', `${at}/users?status=waiting`).expect(200);
      expect(body).toEqual({ items: [], next: null });
      expect(pieces).toBe(3);
    });
  });
});
