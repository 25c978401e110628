// People and departments at the same moment, on both stores: who comes while a department goes, and processes that die between the two writes that
// a new department by text takes.

import { DirectoryError } from '#directory/directory-error.ts';
import type { DepartmentId } from '#directory/identifiers.ts';
import type { UserProfile } from '#directory/user.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';

describeOnBothStorages('people in departments', (open) => {
  let side: WriteSide;
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
    side = await createWriteSide(storage, null);
  });
  const addDepartment = async (name: string): Promise<DepartmentId> =>
    (await side.createDepartment(acme, { profile: { name } }, byAdministrator)).department.id;
  const inside = async (department: DepartmentId): Promise<readonly string[]> => {
    const found = await storage.users.findByKey(acme, { kind: 'department', value: department });
    return found.map(({ profile }) => profile.userName);
  };
  const exists = async (department: DepartmentId): Promise<boolean> =>
    (await createDepartmentReader(storage, () => side.clock.now).get(acme, department)) !== null;
  const enter = (
    userId: Parameters<Provisioning['changeUser']>[1],
    department: DepartmentId,
    on: Provisioning = side,
  ) =>
    on.changeUser(
      acme,
      userId,
      ({ profile }) => ({ profile: { ...profile, person: { departments: [{ value: department }] } } }),
      byOkta,
    );

  test('the audit trail names who came into which department', async () => {
    const department = await addDepartment('Sales');
    const user = await side.add('aoki');
    await enter(user.id, department);
    const effects = (await storage.effects.claimDue(100, 60_000)).flatMap((claim) => claim.effects);
    expect(effects.map(({ body }) => body)).toContainEqual({
      kind: 'audit',
      event: expect.objectContaining({
        action: 'user.updated',
        after: { person: { departments: [{ value: department }] } },
      }),
    });
  });

  test('an id that names nobody is refused at every mouth, and one that is there already is not asked about again', async () => {
    const user = await side.add('aoki');
    const nobody = '01890000-0000-7000-8000-000000000000' as DepartmentId;
    await expect(enter(user.id, nobody)).rejects.toMatchObject({
      code: 'invalidValue',
      details: { field: 'departments' },
    });
    const profile: UserProfile = { userName: 'baba', person: { departments: [{ value: nobody }] } };
    const created = side.provisionUser(acme, { profile, active: true, connection: okta, restore: true }, byOkta);
    await expect(created).rejects.toMatchObject({ code: 'invalidValue' });
    expect(await storage.users.findByKey(acme, { kind: 'userName', value: 'baba' })).toEqual([]);
  });

  test('who comes while the department is deleted: it stays with them, or goes and they are in none', async () => {
    for (let round = 0; round < 12; round += 1) {
      const department = await addDepartment('Fleeting');
      const user = await side.add(`u${round}`);
      const [entered, removed] = await Promise.allSettled([
        enter(user.id, department, side.on(storage)),
        side.on(storage).removeDepartment(acme, department, byAdministrator),
      ]);
      const isThere = await exists(department);
      expect(removed.status).toBe(isThere ? 'rejected' : 'fulfilled');
      expect(await inside(department)).toEqual(isThere ? [`u${round}`] : []);
      if (isThere) expect(entered.status).toBe('fulfilled');
      expect((await side.user(user.id)).profile.person?.departments?.length ?? 0).toBe(isThere ? 1 : 0);
    }
    expect(side.troubles).toEqual([]);
  });

  test('who was looked at before the deletion and is written after it leaves again', async () => {
    const department = await addDepartment('Fleeting');
    const user = await side.add('aoki');
    const late: Storage = {
      ...storage,
      users: {
        ...storage.users,
        async commit(commit) {
          if (await exists(department)) await side.removeDepartment(acme, department, byAdministrator);
          return storage.users.commit(commit);
        },
      },
    };
    const { user: after } = await enter(user.id, department, side.on(late));
    expect(after.profile.person).toBeUndefined();
    expect(await inside(department)).toEqual([]);
  });

  test('who is written between the last look at the department and its end is taken out by the deletion', async () => {
    const department = await addDepartment('Fleeting');
    const user = await side.add('aoki');
    let entered = false;
    const late: Storage = {
      ...storage,
      records(kind) {
        const store = storage.records(kind);
        if (kind.name !== 'departmentTree') return store;
        return {
          ...store,
          async replace(record, effects) {
            if (!entered) {
              entered = true;
              await enter(user.id, department);
              expect(await inside(department)).toEqual(['aoki']);
            }
            return store.replace(record, effects);
          },
        };
      },
    };
    await side.on(late).removeDepartment(acme, department, byAdministrator);
    expect([entered, await exists(department), await inside(department)]).toEqual([true, false, []]);
    expect((await side.user(user.id)).profile.person).toBeUndefined();
  });

  test.each(['before', 'after'] as const)(
    'a process that dies %s the person is written, with their department made: the same request again places them, in that one',
    async (when) => {
      const dying: Storage = {
        ...storage,
        users: {
          ...storage.users,
          async commit(commit) {
            if (when === 'after') await storage.users.commit(commit);
            throw new StorageError('unavailable', 'The process died here.');
          },
        },
      };
      const user = await side.add('aoki');
      const write = (on: Provisioning) =>
        on.changeUser(
          acme,
          user.id,
          ({ profile }) => ({ profile: { ...profile, enterprise: { department: 'Sales' } } }),
          byOkta,
          { departmentText: { creates: true, isWhole: false } },
        );
      await expect(write(side.on(dying))).rejects.toMatchObject({ code: 'unavailable' });
      const all = () => createDepartmentReader(storage, () => side.clock.now).list(acme, { limit: 10 });
      const [made] = await all();
      expect(made?.profile).toEqual({ name: 'Sales', code: 'Sales' });
      await write(side);
      expect(await all()).toHaveLength(1);
      expect(await inside(made?.id as DepartmentId)).toEqual(['aoki']);
    },
  );

  test('a change that is refused only when it starts over takes back the department it had made; one that others use by then stays', async () => {
    for (const isUsed of [false, true]) {
      const text = isUsed ? 'Used' : 'Sales';
      const user = await side.add(`aoki ${text}`);
      const other = await side.add(`baba ${text}`);
      const byText = (
        id: typeof user.id,
        on: Provisioning,
        precondition: (read: typeof user) => void = () => undefined,
      ) =>
        on.changeUser(
          acme,
          id,
          ({ profile }) => ({ profile: { ...profile, enterprise: { department: text } } }),
          byOkta,
          { precondition, departmentText: { creates: true, isWhole: false } },
        );
      let calls = 0;
      const raced: Storage = {
        ...storage,
        users: {
          ...storage.users,
          async commit(commit) {
            calls += 1;
            // Somebody else is faster, and what the caller had read is not there any more.
            if (calls === 1) {
              await side.changeUser(acme, user.id, ({ profile }) => ({ profile: { ...profile, title: 'x' } }), byOkta);
              if (isUsed) await byText(other.id, side);
            }
            return storage.users.commit(commit);
          },
        },
      };
      const refused = byText(user.id, side.on(raced), ({ revision }) => {
        if (revision !== user.revision) throw new DirectoryError('revisionMismatch', 'It has changed.');
      });
      await expect(refused).rejects.toMatchObject({ code: 'revisionMismatch' });
      const all = await createDepartmentReader(storage, () => side.clock.now).list(acme, { limit: 10 });
      expect(all.map(({ profile }) => profile.name)).toEqual(isUsed ? ['Used'] : []);
    }
  });

  test('more people than one page are found by their department in pages, without anybody else', async () => {
    const department = await addDepartment('Sales');
    const expected: string[] = [];
    for (let n = 0; n < 9; n += 1) {
      const { id, profile } = await side.add(`u${n}`);
      if (n % 3 === 0) continue;
      await enter(id, department);
      expected.push(profile.userName);
    }
    const seen: string[] = [];
    for (let after: Awaited<ReturnType<typeof side.user>>['id'] | undefined; ; ) {
      const place = after === undefined ? {} : { after };
      const page = await storage.users.list(acme, {
        key: { kind: 'department', value: department },
        limit: 4,
        ...place,
      });
      if (page.length === 0) break;
      seen.push(...page.map(({ profile }) => profile.userName));
      after = page.at(-1)?.id;
    }
    expect(seen).toEqual(expected);
  });
});
