/** Contract of storage/user-store.ts, what is read: keys, pages, counts, the queue, access states. Commits: user-commit.ts. */
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { isActive, type User, type UserKey } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import {
  committed,
  deleted,
  dismiss,
  freed,
  held,
  hire,
  insert,
  makeUser,
  nextUserId,
  noon,
  openOrganization,
  type OpenStorage,
  update,
} from './contract-world.ts';

const idsOf = (users: readonly User[]): UserId[] => users.map((user) => user.id);

export function describeUserStore(open: OpenStorage): void {
  describe('users, read', () => {
    let storage: Storage;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, null);
    });
    const store = (user: User): Promise<User> => committed(insert(storage, user));
    const find = async (kind: UserKey['kind'], value: string): Promise<UserId[]> =>
      idsOf(await storage.users.findByKey(organization, { kind, value }));

    test('a user reads back whole, deleted or not, and is null when there never was one', async () => {
      const user = await hire(storage, organization, {
        profile: {
          userName: 'Ann@Example.com',
          externalId: 'E-1',
          displayName: '𠮷田 安 👩‍👩‍👧',
          name: { givenName: '安', familyName: '𠮷田' },
          emails: [{ value: 'Ann@Work.example', type: 'work', primary: true }],
          enterprise: { employeeNumber: '007', manager: { value: 'boss' } },
        },
        roles: ['owner', 'auditor'],
        provisionedBy: ['entra' as never],
        lastWrittenBy: 'entra' as never,
      });
      expect(await storage.users.get(organization, user.id)).toEqual(user);
      const gone = await committed(update(storage, user, deleted(user), { seat: 'giveBack' }));
      expect(gone).toMatchObject({ deletedAt: noon, active: false, seat: 'none' });
      expect(await storage.users.get(organization, user.id)).toEqual(gone);
      expect(await storage.users.get(organization, nextUserId())).toBeNull();
    });

    test('many users are found by one kind of key at once, each once, deleted and foreign ones never', async () => {
      const hireAs = (userName: string) => store(makeUser(organization, { profile: { userName } }));
      const [ann, bea] = [await hireAs('Ann@Keys.example'), await hireAs('bea@keys.example')];
      const gone = await store(makeUser(organization, { profile: { userName: 'gone@keys.example' } }));
      await committed(update(storage, gone, deleted(gone)));
      const other = await openOrganization(storage, null);
      await committed(insert(storage, makeUser(other, { profile: { userName: 'foreign@keys.example' } })));
      const names = ['ann@keys.example', 'bea@keys.example', 'bea@keys.example', 'gone@keys.example'];
      const asked = [...names, 'foreign@keys.example', 'nobody@keys.example'];
      const found = await storage.users.findByKeys(organization, 'userName', asked);
      expect(idsOf(found).sort()).toEqual([ann.id, bea.id].sort());
      expect(await storage.users.findByKeys(organization, 'externalId', asked)).toEqual([]);
      expect(await storage.users.findByKeys(organization, 'userName', [])).toEqual([]);
    });

    test('another organisation sees nothing of a user, whatever it asks', async () => {
      const shared = { userName: 'shared@example.com', externalId: 'X' };
      const user = await hire(storage, organization, { profile: shared, roles: ['owner'] });
      const waiting = await store(held(makeUser(organization), 'seat'));
      const other = await openOrganization(storage, 5);
      expect(await storage.users.get(other, user.id)).toBeNull();
      expect(await storage.users.accessState(other, user.id)).toBeNull();
      expect(await storage.users.findByKey(other, { kind: 'externalId', value: 'X' })).toEqual([]);
      expect(await storage.users.list(other, { limit: 10 })).toEqual([]);
      expect(await storage.users.count(other)).toBe(0);
      expect((await storage.users.counts(other)).total).toBe(0);
      expect(await storage.users.longestWaiting(other)).toBeNull();
      expect(await storage.users.waitingBefore(other, { ...waiting, waitingSince: noon + 1 })).toBe(0);
      expect(await storage.users.countActiveWithRole(other, 'owner')).toBe(0);
      expect(await update(storage, { ...user, organizationId: other }, { ...user, organizationId: other })).toEqual({
        kind: 'conflict',
      });
      const twin = await hire(storage, other, { profile: shared });
      expect(twin.organizationId).toBe(other);
      expect(await find('userName', shared.userName)).toEqual([user.id]);
    });

    test('the access state is the few parts a door needs', async () => {
      const user = await hire(storage, organization);
      const { id, organizationId, epoch, revision } = user;
      const state = { id, organizationId, epoch, revision, active: true, holds: [] };
      expect(await storage.users.accessState(organization, id)).toEqual(state);
      const locked = await committed(dismiss(storage, user));
      expect(await storage.users.accessState(organization, id)).toEqual({
        ...state,
        active: false,
        epoch: epoch + 1,
        revision: locked.revision,
        holds: locked.holds,
      });
      const gone = await committed(update(storage, locked, deleted(locked)));
      expect(await storage.users.accessState(organization, id)).toMatchObject({ active: false, deletedAt: noon });
      expect(gone.epoch).toBe(epoch + 2);
      expect(await storage.users.accessState(organization, nextUserId())).toBeNull();
    });

    test('a user is found by each of the keys: names and e-mails folded, externalId exact', async () => {
      const user = await store(
        makeUser(organization, {
          profile: {
            userName: 'Bea@Example.com',
            externalId: 'AbC',
            displayName: 'Bea ÄÖ 𠮷 Sato',
            emails: [{ value: 'Bea@Work.example', type: 'Work' }, { value: 'bea@home.example' }],
          },
        }),
      );
      const one = [user.id];
      expect(await find('userName', 'bea@example.com')).toEqual(one);
      expect(await find('userName', 'Bea@Example.com')).toEqual([]);
      expect(await find('externalId', 'AbC')).toEqual(one);
      expect(await find('externalId', 'abc')).toEqual([]);
      expect(await find('displayName', 'bea äö 𠮷 sato')).toEqual(one);
      expect(await find('email', 'bea@work.example')).toEqual(one);
      expect(await find('email', 'work|bea@work.example')).toEqual(one);
      expect(await find('email', 'bea@home.example')).toEqual(one);
      expect(await find('email', 'home|bea@home.example')).toEqual([]);
      expect(await find('userName', 'bea@work.example')).toEqual([]);
      expect(await find('email', '')).toEqual([]);
    });

    test('keys follow the profile: the old ones find nobody any more', async () => {
      const user = await store(
        makeUser(organization, { profile: { userName: 'old', externalId: 'old', emails: [{ value: 'old' }] } }),
      );
      await committed(update(storage, user, { ...user, profile: { userName: 'new', displayName: 'new' } }));
      for (const kind of ['userName', 'externalId', 'email'] as const) expect(await find(kind, 'old')).toEqual([]);
      expect(await find('userName', 'new')).toEqual([user.id]);
      expect(await find('displayName', 'new')).toEqual([user.id]);
    });

    test('several users with one key come by id, deleted ones not at all', async () => {
      const users: User[] = [];
      for (let n = 0; n < 4; n += 1) {
        users.push(await store(makeUser(organization, { profile: { userName: `u${n}`, displayName: 'Same' } })));
      }
      const [first, second] = users;
      if (first === undefined || second === undefined) throw new Error('unreachable');
      await committed(update(storage, second, deleted(second)));
      expect(await find('displayName', 'same')).toEqual(idsOf(users).filter((id) => id !== second.id));
      expect(await find('userName', 'u1')).toEqual([]);
    });

    test('keys that look like code or paths are only text', async () => {
      const odd = [
        '__proto__',
        'constructor',
        "' OR 1=1 --",
        '$where',
        'a.b',
        '{"$gt":""}',
        '%',
        '_',
        '*',
        '\\',
        '𠮷|x',
      ];
      const users: User[] = [];
      for (const externalId of odd) {
        users.push(await store(makeUser(organization, { profile: { userName: `u ${externalId}`, externalId } })));
      }
      for (const [n, externalId] of odd.entries()) expect(await find('externalId', externalId)).toEqual([users[n]?.id]);
    });

    test('a __proto__ key in a value never reaches a prototype', async () => {
      const element = JSON.parse('{"value":"p@example.com","__proto__":{"polluted":true}}') as Record<string, unknown>;
      const user = await store(makeUser(organization, { profile: { userName: 'proto', emails: [element] } }));
      const read = await storage.users.get(organization, user.id);
      const email = read?.profile.emails?.[0];
      expect(email?.['value']).toBe('p@example.com');
      expect(Object.hasOwn(email ?? {}, 'polluted')).toBe(false);
      expect(Reflect.get(Object.getPrototypeOf(email) as object, 'polluted')).toBeUndefined();
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
    });

    test('pages come in order of id, whatever the order of insertion', async () => {
      const users = Array.from({ length: 7 }, () => makeUser(organization));
      for (const user of [...users].reverse()) await store(user);
      const ids = idsOf(users);
      const page = async (options: { after?: UserId; offset?: number; limit: number }): Promise<UserId[]> =>
        idsOf(await storage.users.list(organization, options));
      expect(await page({ limit: 100 })).toEqual(ids);
      expect(await page({ limit: 3 })).toEqual(ids.slice(0, 3));
      expect(await page({ limit: 3, offset: 2 })).toEqual(ids.slice(2, 5));
      expect(await page({ limit: 3, offset: 6 })).toEqual(ids.slice(6));
      expect(await page({ limit: 3, offset: 7 })).toEqual([]);
      expect(await page({ limit: 0 })).toEqual([]);
      const third = ids[2];
      if (third === undefined) throw new Error('unreachable');
      expect(await page({ limit: 2, after: third })).toEqual(ids.slice(3, 5));
      expect(await page({ limit: 2, after: third, offset: 1 })).toEqual(ids.slice(4, 6));
      expect(await page({ limit: 2, after: nextUserId() })).toEqual([]);
    });

    test('pages of those who have a key: in order of id, without the others and the deleted', async () => {
      const users: User[] = [];
      for (let n = 0; n < 8; n += 1)
        users.push(
          await store(makeUser(organization, { profile: { userName: `k${n}`, displayName: n % 4 === 3 ? 'B' : 'A' } })),
        );
      const [gone] = users;
      if (gone === undefined) throw new Error('unreachable');
      await committed(update(storage, gone, deleted(gone)));
      const having = idsOf(users).filter((_id, n) => n !== 0 && n % 4 !== 3);
      const page = async (options: { after?: UserId; offset?: number; limit: number }): Promise<UserId[]> =>
        idsOf(await storage.users.list(organization, { key: { kind: 'displayName', value: 'a' }, ...options }));
      expect(await page({ limit: 100 })).toEqual(having);
      expect(await page({ limit: 2 })).toEqual(having.slice(0, 2));
      expect(await page({ limit: 2, offset: 1 })).toEqual(having.slice(1, 3));
      expect(await page({ limit: 0 })).toEqual([]);
      const [, second] = having;
      if (second === undefined) throw new Error('unreachable');
      expect(await page({ limit: 2, after: second })).toEqual(having.slice(2, 4));
      expect(await page({ limit: 9, after: second, offset: 1 })).toEqual(having.slice(3));
    });

    test('lists and counts leave deleted users out, and take them in again when restored', async () => {
      const stays = await store(makeUser(organization));
      const user = await store(makeUser(organization));
      const gone = await committed(update(storage, user, deleted(user)));
      expect(idsOf(await storage.users.list(organization, { limit: 10 }))).toEqual([stays.id]);
      expect(await storage.users.count(organization)).toBe(1);
      const { deletedAt: _restored, ...rest } = gone;
      await committed(update(storage, gone, { ...rest, active: true }));
      expect(idsOf(await storage.users.list(organization, { limit: 10 }))).toEqual([stays.id, user.id]);
      expect(await storage.users.count(organization)).toBe(2);
    });

    test('how many have a key is counted without reading them, deleted ones aside', async () => {
      const key = { kind: 'displayName', value: 'taro' } as const;
      const named = () => makeUser(organization, { profile: { userName: nextUserId(), displayName: 'Taro' } });
      const taros = [await store(named()), await store(named()), await store(named())];
      await committed(update(storage, taros[0]!, deleted(taros[0]!)));
      expect(await storage.users.countByKey(organization, key)).toBe(2);
      expect(await storage.users.countByKey(organization, { ...key, value: 'hanako' })).toBe(0);
      expect(await storage.users.countByKey(await openOrganization(storage, 1), key)).toBe(0);
    });

    test('counts say what users are, by the one state shown', async () => {
      await hire(storage, organization);
      const leaver = await hire(storage, organization);
      await committed(dismiss(storage, leaver));
      const onLeave = await hire(storage, organization);
      await committed(update(storage, onLeave, held(onLeave, 'leave'), { seat: 'keep' }));
      await store(held(makeUser(organization), 'seat'));
      await store(held(held(makeUser(organization), 'seat'), 'start'));
      await store(held(held(makeUser(organization), 'leave'), 'security'));
      const goes = await hire(storage, organization);
      await committed(update(storage, goes, deleted(goes), { seat: 'giveBack' }));
      expect(await storage.users.counts(organization)).toEqual({
        total: 6,
        active: 1,
        inactive: 2,
        onLeave: 1,
        waiting: 1,
        starting: 1,
        holders: 2,
      });
      expect(await storage.users.count(organization)).toBe(6);
      const nobody = { total: 0, active: 0, inactive: 0, onLeave: 0, waiting: 0, starting: 0, holders: 0 };
      expect(await storage.users.counts(await openOrganization(storage, 1))).toEqual(nobody);
    });

    test('whoever waits longest comes first, ties by id; only those whom nothing else holds', async () => {
      const late = await store(held(makeUser(organization), 'seat', noon + 5));
      const early = await store(held(makeUser(organization), 'seat', noon + 1));
      const tied = await store(held(makeUser(organization), 'seat', noon + 1));
      await store(held(held(makeUser(organization), 'seat', noon), 'admin', noon));
      const gone = await store(held(makeUser(organization), 'seat', noon));
      await committed(update(storage, gone, deleted(gone)));
      const order: UserId[] = [];
      for (;;) {
        const next = await storage.users.longestWaiting(organization);
        if (next === null) break;
        expect(isActive(next)).toBe(false);
        order.push(next.id);
        await committed(update(storage, next, freed(next), { seat: 'take' }));
      }
      expect(order).toEqual([early.id, tied.id, late.id]);
    });

    test('the place in the queue is the number of those before', async () => {
      const first = await store(held(makeUser(organization), 'seat', noon + 1));
      const second = await store(held(makeUser(organization), 'seat', noon + 1));
      const third = await store(held(makeUser(organization), 'seat', noon + 2));
      await store(held(held(makeUser(organization), 'seat', noon), 'hr', noon));
      const place = (user: User): Promise<number> => storage.users.waitingBefore(organization, user);
      expect([await place(first), await place(second), await place(third)]).toEqual([0, 1, 2]);
      expect(await place(makeUser(organization, { waitingSince: noon - 1 }))).toBe(0);
      expect(await place(makeUser(organization))).toBe(3);
      await committed(update(storage, first, freed(first), { seat: 'take' }));
      expect([await place(second), await place(third)]).toEqual([0, 1]);
    });

    test('the queue is read in its order, page by page', async () => {
      const people: User[] = [];
      for (const since of [noon + 2, noon + 1, noon + 2, noon + 3])
        people.push(await store(held(makeUser(organization), 'seat', since)));
      await store(held(held(makeUser(organization), 'seat', noon), 'admin', noon));
      const order = idsOf([people[1]!, people[0]!, people[2]!, people[3]!]);
      expect(idsOf(await storage.users.queue(organization, { limit: 10 }))).toEqual(order);
      const first = await storage.users.queue(organization, { limit: 2 });
      expect(idsOf(first)).toEqual(order.slice(0, 2));
      expect(idsOf(await storage.users.queue(organization, { after: first[1]!, limit: 10 }))).toEqual(order.slice(2));
      expect(await storage.users.queue(organization, { limit: 0 })).toEqual([]);
      expect(await storage.users.queue(await openOrganization(storage, 1), { limit: 10 })).toEqual([]);
    });

    test('who is on leave and in line for a seat stands in the same queue', async () => {
      const inLine = await store(held(makeUser(organization, { waitingSince: noon + 2 }), 'leave'));
      const first = await store(held(makeUser(organization), 'seat', noon + 1));
      const last = await store(held(makeUser(organization), 'seat', noon + 3));
      await store(held(makeUser(organization), 'leave'));
      const place = (user: User): Promise<number> => storage.users.waitingBefore(organization, user);
      expect([await place(first), await place(inLine), await place(last)]).toEqual([0, 1, 2]);
      await committed(update(storage, first, freed(first), { seat: 'take' }));
      expect((await storage.users.longestWaiting(organization))?.id).toBe(inLine.id);
      const { waitingSince: _place, ...seated } = inLine;
      const kept = await committed(update(storage, inLine, seated, { seat: 'take' }));
      expect([kept.seat, kept.active]).toEqual(['held', false]);
      expect((await storage.users.longestWaiting(organization))?.id).toBe(last.id);
      expect(await storage.users.counts(organization)).toMatchObject({ active: 1, holders: 2, waiting: 1, onLeave: 2 });
    });

    test('whoever is active and has one of several roles is listed once, by id, page by page', async () => {
      const both = await hire(storage, organization, { roles: ['owner', 'billing'] });
      const one = await hire(storage, organization, { roles: ['billing'] });
      const away = await hire(storage, organization, { roles: ['owner'] });
      await hire(storage, organization, { roles: ['auditor'] });
      await hire(storage, organization);
      await committed(dismiss(storage, away));
      const list = (after: UserId | undefined, limit: number) =>
        storage.users.activeWithRoles(organization, ['owner', 'billing'], {
          limit,
          ...(after === undefined ? {} : { after }),
        });
      const ids = [both.id, one.id].toSorted();
      expect(idsOf(await list(undefined, 10))).toEqual(ids);
      expect(idsOf(await list(undefined, 1))).toEqual(ids.slice(0, 1));
      expect(idsOf(await list(ids[0], 10))).toEqual(ids.slice(1));
      expect(await list(undefined, 0)).toEqual([]);
      expect(await storage.users.activeWithRoles(organization, [], { limit: 10 })).toEqual([]);
    });

    test('only active, undeleted users count for a role', async () => {
      const owners = (): Promise<number> => storage.users.countActiveWithRole(organization, 'owner');
      const first = await hire(storage, organization, { roles: ['owner', 'billing'] });
      const second = await hire(storage, organization, { roles: ['owner'] });
      await hire(storage, organization, { roles: ['auditor'] });
      await hire(storage, organization);
      expect(await owners()).toBe(2);
      const locked = await committed(dismiss(storage, first));
      expect(await owners()).toBe(1);
      expect(await storage.users.countActiveWithRole(organization, 'billing')).toBe(0);
      await committed(update(storage, second, { ...second, roles: ['auditor'] }));
      expect(await owners()).toBe(0);
      expect(await storage.users.countActiveWithRole(organization, 'auditor')).toBe(2);
      const back = await committed(update(storage, locked, freed(locked), { seat: 'take' }));
      expect(await owners()).toBe(1);
      await committed(update(storage, back, deleted(back), { seat: 'giveBack' }));
      expect(await owners()).toBe(0);
    });
  });
}
