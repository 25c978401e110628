/** Contract of storage/group-store.ts: a group and its members change together, once, whoever else writes; deleted people are hidden, not forgotten. */
import type { Group, GroupMember } from '#directory/group.ts';
import type { GroupId, OrganizationId } from '#directory/identifiers.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import {
  atOnce,
  deleted,
  hire,
  makeEffect,
  noon,
  openOrganization,
  type OpenStorage,
  update,
} from './contract-world.ts';

export function makeGroup(organizationId: OrganizationId, over: Partial<Group> = {}): Group {
  return {
    id: randomUUID() as GroupId,
    organizationId,
    revision: 1,
    profile: { displayName: 'Engineers' },
    createdAt: noon,
    modifiedAt: noon,
    ...over,
  };
}

/** Reads, changes members, and starts over when somebody else was faster, as the write side does. */
export async function changeMembers(
  storage: Storage,
  { organizationId, id }: Group,
  change: { readonly add?: readonly GroupMember[]; readonly remove?: readonly string[] },
): Promise<void> {
  for (;;) {
    const read = await storage.groups.get(organizationId, id);
    if (read === null) throw new Error('no group');
    const group = { ...read, revision: read.revision + 1 };
    const { add = [], remove = [] } = change;
    const commit = { group, expectedRevision: read.revision, add, remove, effects: [] };
    if ((await storage.groups.commit(commit)) === 'committed') return;
  }
}

export const person = (id: string): GroupMember => ({ kind: 'user', id });

export function describeGroupStore(open: OpenStorage): void {
  describe('groups', () => {
    let storage: Storage;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, null);
    });
    const insert = async (group: Group, add: readonly GroupMember[] = []): Promise<Group> => {
      const commit = { group, expectedRevision: null, add, remove: [], effects: [] };
      expect(await storage.groups.commit(commit)).toBe('committed');
      return group;
    };
    const idsIn = async ({ id }: Group, withDeleted = false): Promise<readonly string[]> =>
      (await storage.groups.members(organization, id, { limit: 1_000, withDeleted })).map((member) => member.id);
    const people = async (count: number): Promise<readonly string[]> =>
      (await atOnce(count, () => hire(storage, organization))).map(({ id }) => id as string).toSorted();

    test('a group reads back as it was written, and is found by id, name in any letter case, and exact externalId', async () => {
      const profile = { displayName: 'ENGINEERS Tōkyō', externalId: 'Ext-1', $odd: { 'a.b': [1] } };
      const group = await insert(makeGroup(organization, { profile, lastWrittenBy: 'okta' as never }));
      expect(await storage.groups.get(organization, group.id)).toEqual(group);
      expect(await storage.groups.getMany(organization, [group.id, 'nobody' as GroupId])).toEqual([group]);
      const find = (kind: 'displayName' | 'externalId', value: string) =>
        storage.groups.findByKey(organization, { kind, value });
      expect(await find('displayName', 'engineers tōkyō')).toEqual([group]);
      expect(await find('externalId', 'Ext-1')).toEqual([group]);
      expect(await find('externalId', 'ext-1')).toEqual([]);
      expect(await storage.groups.get(organization, 'nobody' as GroupId)).toBeNull();
    });

    test('groups come in order of id, by page', async () => {
      const ids = (await atOnce(7, () => insert(makeGroup(organization)))).map(({ id }) => id).toSorted();
      const list = async (page: { after?: string; offset?: number; limit: number }) =>
        (await storage.groups.list(organization, page)).map(({ id }) => id);
      expect(await list({ limit: 100 })).toEqual(ids);
      expect(await list({ limit: 2, offset: 3 })).toEqual(ids.slice(3, 5));
      expect(await list({ limit: 2, after: ids[4] ?? '' })).toEqual(ids.slice(5));
      expect(await list({ limit: 0 })).toEqual([]);
      expect(await storage.groups.count(organization)).toBe(7);
    });

    test('of 50 commits at one revision exactly one is written', async () => {
      const group = await insert(makeGroup(organization));
      const outcomes = await atOnce(50, (n) =>
        storage.groups.commit({
          group: { ...group, revision: 2, profile: { displayName: `Name ${n}` } },
          expectedRevision: 1,
          add: [],
          remove: [],
          effects: [makeEffect(organization)],
        }),
      );
      expect(outcomes.filter((outcome) => outcome === 'committed')).toHaveLength(1);
      const again = { group, expectedRevision: null, add: [], remove: [], effects: [] };
      expect(await storage.groups.commit(again)).toBe('conflict');
    });

    test('20 who each add one member at once leave 20 members; taken out and in again they are in', async () => {
      const ids = await people(20);
      const group = await insert(makeGroup(organization));
      await atOnce(20, (n) => changeMembers(storage, group, { add: [person(ids[n] ?? '')] }));
      expect(await idsIn(group)).toEqual(ids);
      await atOnce(20, (n) => changeMembers(storage, group, { remove: [ids[n] ?? ''] }));
      expect(await idsIn(group)).toEqual([]);
      await changeMembers(storage, group, { add: ids.map(person) });
      await changeMembers(storage, group, { add: [person(ids[0] ?? '')], remove: [ids[1] ?? '', 'nobody'] });
      expect(await idsIn(group)).toEqual(ids.filter((_, n) => n !== 1));
      expect(await storage.groups.membersAmong(organization, group.id, [ids[0] ?? '', ids[1] ?? '', 'x'])).toEqual([
        ids[0],
      ]);
    });

    test('a walk by pages sees every member once', async () => {
      const ids = await people(45);
      const group = await insert(makeGroup(organization), ids.map(person));
      const seen: string[] = [];
      for (let page = await storage.groups.members(organization, group.id, { limit: 10 }); page.length > 0; ) {
        seen.push(...page.map(({ id }) => id));
        page = await storage.groups.members(organization, group.id, { limit: 10, after: seen.at(-1) ?? '' });
      }
      expect(seen).toEqual(ids);
    });

    test('members of many groups: whole ones as far as so many go, the rest another time; nobody deleted', async () => {
      const ids = await people(7);
      const sizes = [2, 0, 4, 7, 1];
      const made = sizes.map(() => makeGroup(organization)).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      for (const [n, group] of made.entries()) await insert(group, ids.slice(0, sizes[n]).map(person));
      const asked = [...made.map(({ id }) => id), 'nobody' as GroupId];
      const of = async (limit: number) =>
        made.map(async ({ id }) =>
          (await storage.groups.membersOf(organization, asked, limit)).get(id)?.map((member) => member.id),
        );
      const whole = made.map((_, n) => ids.slice(0, sizes[n]));
      expect(await Promise.all(await of(100))).toEqual(whole);
      // In order of id: 2, 2 + 0, 2 + 0 + 4, …
      expect(await Promise.all(await of(6))).toEqual([...whole.slice(0, 3), undefined, undefined]);
      expect(await Promise.all(await of(5))).toEqual([...whole.slice(0, 2), undefined, undefined, undefined]);
      expect(await Promise.all(await of(1))).toEqual([undefined, undefined, undefined, undefined, undefined]);
      const gone = await storage.users.get(organization, ids[0] as never);
      if (gone === null) throw new Error('unreachable');
      await update(storage, gone, deleted(gone), { seat: 'giveBack' });
      expect(await Promise.all(await of(100))).toEqual(whole.map((some) => some.filter((id) => id !== gone.id)));
      const other = await openOrganization(storage, null);
      expect([...(await storage.groups.membersOf(other, asked, 100)).values()].flat()).toEqual([]);
    });

    test('members of many groups that change meanwhile: each as it was before or after, none in between', async () => {
      const ids = await people(6);
      const made: Group[] = [];
      for (let n = 0; n < 5; n += 1) made.push(await insert(makeGroup(organization), ids.slice(0, 3).map(person)));
      let isChanging = true;
      const change = async (group: Group): Promise<void> => {
        for (let turn = 0; turn < 10; turn += 1) {
          const [come, go] = turn % 2 === 0 ? [ids.slice(3), ids.slice(0, 3)] : [ids.slice(0, 3), ids.slice(3)];
          const begun = performance.now();
          await changeMembers(storage, group, { add: come.map(person), remove: go });
          // On a slow server a reader, too, needs longer: it leaves out whatever is never still.
          await new Promise((resolve) => setTimeout(resolve, Math.max(30, 2 * (performance.now() - begun))));
        }
      };
      const changing = Promise.all(made.map(change)).then(() => (isChanging = false));
      let seen = 0;
      while (isChanging) {
        const found = await storage.groups.membersOf(
          organization,
          made.map(({ id }) => id),
          1_000,
        );
        for (const members of found.values()) {
          const present = members.map(({ id }) => id);
          expect([ids.slice(0, 3), ids.slice(3)]).toContainEqual(present);
          seen += 1;
        }
      }
      await changing;
      expect(seen).toBeGreaterThan(0);
    });

    test('members who are deleted are hidden, fill no place of a page, and are back when they are restored', async () => {
      const ids = await people(5);
      const inner = await insert(makeGroup(organization));
      const group = await insert(makeGroup(organization), [...ids.map(person), { kind: 'group', id: inner.id }]);
      const all = [...ids, inner.id].toSorted();
      expect(await idsIn(group)).toEqual(all);
      const gone = await storage.users.get(organization, all.find((id) => id === ids[0]) as never);
      if (gone === null) throw new Error('unreachable');
      await update(storage, gone, deleted(gone), { seat: 'giveBack' });
      await changeRevision(inner, { deletedAt: noon });
      const left = all.filter((id) => id !== ids[0] && id !== inner.id);
      expect(await idsIn(group)).toEqual(left);
      expect(await idsIn(group, true)).toEqual(all);
      expect((await storage.groups.members(organization, group.id, { limit: 3 })).map(({ id }) => id)).toEqual(
        left.slice(0, 3),
      );
      const tombstone = await storage.users.get(organization, gone.id);
      if (tombstone === null) throw new Error('unreachable');
      const { deletedAt: _deletedAt, ...back } = tombstone;
      await update(storage, tombstone, { ...back, holds: [{ kind: 'admin', source: '', since: noon, by: 'cli' }] });
      expect(await idsIn(group)).toEqual([...left, gone.id as string].toSorted());
    });

    const changeRevision = async (group: Group, over: Partial<Group>): Promise<void> => {
      const next = { ...group, revision: group.revision + 1, ...over };
      const commit = { group: next, expectedRevision: group.revision, add: [], remove: [], effects: [] };
      expect(await storage.groups.commit(commit)).toBe('committed');
    };

    test('whose groups: for many at once, without the deleted ones', async () => {
      const [a = '', b = '', c = ''] = await people(3);
      const first = await insert(makeGroup(organization), [person(a), person(b)]);
      const second = await insert(makeGroup(organization), [person(b)]);
      const third = await insert(makeGroup(organization), [person(b), { kind: 'group', id: second.id }]);
      const groupsOf = async (ids: readonly string[]) =>
        Object.fromEntries(
          [...(await storage.groups.groupsOf(organization, ids))].map(([id, its]) => [id, its.toSorted()]),
        );
      expect(await groupsOf([a, b, c, second.id])).toEqual({
        [a]: [first.id],
        [b]: [first.id, second.id, third.id].toSorted(),
        [second.id]: [third.id],
      });
      await changeRevision(third, { deletedAt: noon });
      expect(await groupsOf([b, second.id])).toEqual({ [b]: [first.id, second.id].toSorted() });
      expect(await storage.groups.get(organization, third.id)).toBeNull();
      expect(await storage.groups.findByKey(organization, { kind: 'displayName', value: 'engineers' })).toHaveLength(2);
      expect(await storage.groups.members(organization, third.id, { limit: 10 })).toEqual([]);
      const again = { group: { ...third, revision: 3 }, expectedRevision: 2, add: [], remove: [], effects: [] };
      expect(await storage.groups.commit(again)).toBe('conflict');
    });

    test('the effects of a commit wait in the outbox', async () => {
      const before = await storage.effects.backlog();
      const group = makeGroup(organization);
      const effects = [makeEffect(organization), makeEffect(organization)];
      await storage.groups.commit({ group, expectedRevision: null, add: [], remove: [], effects });
      expect(await storage.effects.backlog()).toBe(before + 1);
      const claims = await storage.effects.claimDue(100, 60_000);
      const mine = claims.find((claim) => claim.organizationId === organization);
      expect(mine?.effects.map(({ id }) => id)).toEqual(effects.map(({ id }) => id));
      for (const claim of claims)
        await storage.effects.complete(
          claim,
          claim.effects.map(({ id }) => id),
        );
      expect(await storage.groups.get(organization, group.id)).toEqual(group);
    });

    test('a group of another organisation is like none', async () => {
      const [id = ''] = await people(1);
      const group = await insert(makeGroup(organization), [person(id)]);
      const other = await openOrganization(storage, null);
      expect(await storage.groups.get(other, group.id)).toBeNull();
      expect(await storage.groups.getMany(other, [group.id])).toEqual([]);
      expect(await storage.groups.members(other, group.id, { limit: 10 })).toEqual([]);
      expect(await storage.groups.membersAmong(other, group.id, [id])).toEqual([]);
      expect((await storage.groups.groupsOf(other, [id])).size).toBe(0);
      const foreign = {
        group: { ...group, organizationId: other, revision: 2 },
        expectedRevision: 1,
        add: [],
        remove: [],
        effects: [],
      };
      expect(await storage.groups.commit(foreign)).toBe('conflict');
      expect(await storage.groups.get(organization, group.id)).toEqual(group);
    });
  });
}
