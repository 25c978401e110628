// Departments on both stores: what the tree refuses, what it keeps when changes race or processes die, and that a random history leaves the
// tree that a plain model has.

import fc from 'fast-check';
import { deepestLevel, type Department, type DepartmentProfile } from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { departmentKeys, departmentTreeRecords } from '#storage/department-records.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { runsOn } from '../harness/test-scale.ts';
import { DepartmentModel } from './department-model.ts';
import { dyingAt } from './failing-records.ts';
import { acme, byAdministrator, createWriteSide, type WriteSide } from './write-side.ts';

const nobody = '01890000-0000-7000-8000-000000000000' as DepartmentId;
const refused = (code: string) => expect.objectContaining({ name: 'DirectoryError', code }) as Error;

describeOnBothStorages('departments', (open, kind) => {
  let side: WriteSide;
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
    side = await createWriteSide(storage, null);
  });
  const reader = () => createDepartmentReader(storage, () => side.clock.now);
  const add = async (
    name: string,
    parts: Partial<DepartmentProfile> = {},
    on: Pick<WriteSide, 'createDepartment'> = side,
  ) => {
    side.clock.now += 1;
    return (await on.createDepartment(acme, { profile: { name, ...parts } }, byAdministrator)).department;
  };
  const move = (id: DepartmentId, parent: DepartmentId | undefined, on: Pick<WriteSide, 'changeDepartment'> = side) =>
    on.changeDepartment(
      acme,
      id,
      ({ profile: { parent: _was, ...rest } }) => (parent === undefined ? rest : { ...rest, parent }),
      byAdministrator,
    );
  const chainBelow = async (length: number, parent?: DepartmentId): Promise<readonly Department[]> => {
    const made: Department[] = [];
    for (let level = 0; level < length; level += 1) {
      const above = made.at(-1)?.id ?? parent;
      made.push(await add(`level ${level}`, above === undefined ? {} : { parent: above }));
    }
    return made;
  };
  const first = <Item>(items: readonly Item[]): Item => {
    const [item] = items;
    if (item === undefined) throw new Error('nothing there');
    return item;
  };
  /** Every department, each with the height it should have. */
  const assertHeights = async (): Promise<readonly Department[]> => {
    const all = await reader().list(acme, { limit: 1_000 });
    const heightOf = (id: DepartmentId): number =>
      Math.max(-1, ...all.filter(({ profile }) => profile.parent === id).map((child) => heightOf(child.id))) + 1;
    expect(all.map(({ id, height }) => [id, height])).toEqual(all.map(({ id }) => [id, heightOf(id)]));
    expect(await reader().count(acme)).toBe(all.length);
    return all;
  };

  test('a department is found by its id, code, name, parent and external id, and by none of them once it is deleted', async () => {
    const top = await add('Head office');
    const sales = await add(' 営業部 ', { code: 'S-1', parent: top.id, displayOrder: 3, externalId: 'X1' });
    expect(await reader().get(acme, sales.id)).toEqual(sales);
    expect(sales.profile).toEqual({ name: ' 営業部 ', code: 'S-1', parent: top.id, displayOrder: 3, externalId: 'X1' });
    const keys = [
      departmentKeys.code('s-1 '),
      departmentKeys.name('営業部'),
      departmentKeys.parent(top.id),
      departmentKeys.externalId('X1'),
    ];
    const found = async () => Promise.all(keys.map((key) => reader().list(acme, { key, limit: 10 })));
    expect(await found()).toEqual(keys.map(() => [sales]));
    expect(await reader().count(acme)).toBe(2);
    await side.removeDepartment(acme, sales.id, byAdministrator);
    expect(await found()).toEqual(keys.map(() => []));
    expect(await reader().get(acme, sales.id)).toBeNull();
    expect(await reader().getMany(acme, [sales.id, top.id])).toEqual([{ ...top, height: 0, change: 3 }]);
    expect(await reader().count(acme)).toBe(1);
    expect((await add('Again', { code: 'S-1' })).profile.code).toBe('S-1');
  });

  test('a code belongs to one department, whatever its letter case; a name to any number', async () => {
    const one = await add('Sales', { code: 'S1' });
    const other = await add('Sales', { code: 'S2' });
    await expect(add('Third', { code: 's1' })).rejects.toEqual(refused('departmentCodeTaken'));
    const take = side.changeDepartment(acme, other.id, ({ profile }) => ({ ...profile, code: ' s1' }), byAdministrator);
    await expect(take).rejects.toEqual(refused('departmentCodeTaken'));
    const own = await side.changeDepartment(
      acme,
      one.id,
      ({ profile }) => ({ ...profile, code: 's1' }),
      byAdministrator,
    );
    expect(own.department.profile.code).toBe('s1');
    expect(await reader().count(acme)).toBe(2);
  });

  test('a parent must be a department of the same organisation', async () => {
    const globex = 'globex' as OrganizationId;
    await side.createOrganization({ id: globex, name: 'Globex', timeZone: 'UTC', licensed: null }, byAdministrator);
    const theirs = (await side.createDepartment(globex, { profile: { name: 'Theirs' } }, byAdministrator)).department;
    const mine = await add('Mine');
    for (const parent of [nobody, theirs.id]) {
      await expect(add('Lost', { parent })).rejects.toEqual(refused('invalidValue'));
      await expect(move(mine.id, parent)).rejects.toEqual(refused('invalidValue'));
    }
    await expect(move(theirs.id, mine.id)).rejects.toEqual(refused('departmentNotFound'));
    await expect(side.removeDepartment(acme, theirs.id, byAdministrator)).rejects.toEqual(
      refused('departmentNotFound'),
    );
    expect(await reader().getMany(acme, [theirs.id, mine.id])).toEqual([mine]);
  });

  test('nothing stands below itself, however far away', async () => {
    const chain = await chainBelow(4);
    const top = first(chain);
    for (const { id } of chain) await expect(move(top.id, id)).rejects.toEqual(refused('departmentCycle'));
    await assertHeights();
  });

  test(`the tree has ${deepestLevel} levels, also where a subtree moves`, async () => {
    const deep = await chainBelow(deepestLevel);
    await expect(add('One more', { parent: (deep.at(-1) as Department).id })).rejects.toEqual(
      refused('departmentTooDeep'),
    );
    const [low] = await chainBelow(2);
    const lowest = (level: number) => (deep[level - 1] as Department).id;
    await expect(move((low as Department).id, lowest(deepestLevel - 1))).rejects.toEqual(refused('departmentTooDeep'));
    await move((low as Department).id, lowest(deepestLevel - 2));
    // The deepest leaf goes, and there is a level more again.
    await side.removeDepartment(acme, lowest(deepestLevel), byAdministrator);
    await assertHeights();
  });

  test('a department with departments below it is not deleted', async () => {
    const [top, below] = await chainBelow(2);
    const remove = (department: Department | undefined) =>
      side.removeDepartment(acme, (department as Department).id, byAdministrator);
    await expect(remove(top)).rejects.toEqual(refused('departmentNotEmpty'));
    await remove(below);
    await remove(top);
    await expect(remove(top)).rejects.toEqual(refused('departmentNotFound'));
    expect(await reader().count(acme)).toBe(0);
  });

  test('a change that changes nothing writes nothing', async () => {
    const one = await add('One', { code: 'A' });
    const result = await side.changeDepartment(acme, one.id, ({ profile }) => ({ ...profile }), byAdministrator);
    expect(result).toEqual({ department: one, change: null });
    expect(await storage.records(departmentTreeRecords).get(acme, 0)).toMatchObject({
      value: { change: 1, number: 1 },
    });
  });

  test('every change leaves one audit entry with what was and what is', async () => {
    const one = await add('One', { code: 'A' });
    await side.changeDepartment(acme, one.id, ({ profile }) => ({ ...profile, name: 'Uno' }), byAdministrator);
    await side.removeDepartment(acme, one.id, byAdministrator);
    const claims = await storage.effects.claimDue(100, 60_000);
    const events = claims
      .flatMap(({ effects }) => effects)
      .flatMap(({ body }) => (body.kind === 'audit' && body.event.target.kind === 'department' ? [body.event] : []));
    expect(events.map(({ action, before, after }) => [action, before, after])).toEqual([
      ['department.created', undefined, { name: 'One', code: 'A' }],
      ['department.updated', { name: 'One' }, { name: 'Uno' }],
      ['department.deleted', { name: 'Uno', code: 'A' }, undefined],
    ]);
    expect(events.every(({ target, actor }) => target.id === one.id && actor === 'administrator:sato')).toBe(true);
  });

  test('of two moves that would close a circle together, one is refused', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [one, other] = [await add('One'), await add('Other')];
      const outcomes = await Promise.allSettled([
        move(one.id, other.id, side.on(storage)),
        move(other.id, one.id, side.on(storage)),
      ]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const [loser] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
      expect(loser).toEqual(refused('departmentCycle'));
    }
    await assertHeights();
  });

  test('of ten who want one code, one gets it', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => add('Sales', { code: 'S' }, side.on(storage))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await reader().count(acme)).toBe(1);
  });

  test('a child that comes while its parent is deleted: one of the two is refused', async () => {
    for (let round = 0; round < 6; round += 1) {
      const parent = await add('Parent');
      const [child, removal] = await Promise.allSettled([
        add('Child', { parent: parent.id }, side.on(storage)),
        side.on(storage).removeDepartment(acme, parent.id, byAdministrator),
      ]);
      expect([child?.status, removal?.status].sort()).toEqual(['fulfilled', 'rejected']);
      expect((await reader().get(acme, parent.id)) === null).toBe(removal?.status === 'fulfilled');
    }
    await assertHeights();
  });

  test('twenty departments that come at once are all there, each once', async () => {
    const top = await add('Top');
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => add(`${n}`, { code: `${n}`, parent: top.id }, side.on(storage))),
    );
    expect(await assertHeights()).toHaveLength(21);
  });

  test.each(['before', 'after'] as const)(
    'a process that dies %s any write of a move leaves the old tree or the new one, and the next change finds it whole',
    async (when) => {
      let deaths = 0;
      for (let at = 0; ; at += 1) {
        const [top, child, goal] = [await add('Top'), await add('Child'), await add('Goal')];
        await move(child.id, top.id);
        const dying = dyingAt(storage, ['department', 'departmentTree'], at, when);
        const outcome = await Promise.allSettled([move(child.id, goal.id, side.on(dying.storage))]);
        // Whoever changes the tree next finds it without anything under way.
        const next = await add('Next', { parent: child.id });
        const parent = (await reader().get(acme, child.id))?.profile.parent;
        const committed = when === 'after' || at > 0;
        expect([top.id, goal.id]).toContain(parent);
        expect(parent).toBe(committed ? goal.id : top.id);
        expect(outcome[0].status).toBe(at === 0 ? 'rejected' : 'fulfilled');
        await assertHeights();
        expect((await storage.records(departmentTreeRecords).get(acme, 0))?.value.pending).toBeUndefined();
        await side.removeDepartment(acme, next.id, byAdministrator);
        if (!dying.died()) break;
        deaths += 1;
      }
      expect(deaths).toBeGreaterThanOrEqual(5);
    },
  );

  test('a change of ten thousand departments’ tree reads a handful of them', async () => {
    const top = await add('Top');
    const records = storage.records({ name: 'department', keysOf: () => [] });
    expect(await records.get(top.id, 0)).not.toBeNull();
    for (let n = 0; n < 40; n += 1) await add(`${n}`, { parent: top.id });
    const goal = await add('Goal');
    let read = 0;
    const counting: Storage = {
      ...storage,
      records: (kindOf) => {
        const store = storage.records(kindOf);
        return {
          ...store,
          async get(...given) {
            read += 1;
            return store.get(...given);
          },
          async list(...given) {
            const found = await store.list(...given);
            read += found.length + 1;
            return found;
          },
        };
      },
    };
    await move(top.id, goal.id, side.on(counting));
    expect(read).toBeLessThan(15);
  });

  test('a random history leaves the tree that a model has, heights included', async () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'add', 'add', 'move', 'move', 'move', 'code', 'remove'),
      which: fc.nat(30),
      where: fc.nat(30),
      code: fc.constantFrom(null, 'a', 'b', 'c'),
    });
    let refusals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        storage = await open();
        side = await createWriteSide(storage, null);
        const model = new DepartmentModel();
        for (const { kind: what, which, where, code } of steps) {
          const ids = [...model.all.keys()];
          const id = ids[which % (ids.length + 1)] ?? null;
          const parent = ids[where % (ids.length + 1)] ?? null;
          if (what === 'remove') {
            if (id === null) continue;
            const expected = model.children(id).length > 0 ? 'departmentNotEmpty' : null;
            expect(await codeOf(side.removeDepartment(acme, id as DepartmentId, byAdministrator))).toBe(expected);
            if (expected === null) model.all.delete(id);
            continue;
          }
          const before = id === null ? null : (model.all.get(id) ?? null);
          const isNew = what === 'add' || before === null;
          const wanted = isNew ? { parent, code } : what === 'code' ? { ...before, code } : { ...before, parent };
          const expected = model.refusalOf(isNew ? null : id, wanted);
          const profile: DepartmentProfile = {
            name: 'Any',
            ...(wanted.code === null ? {} : { code: wanted.code }),
            ...(wanted.parent === null ? {} : { parent: wanted.parent as DepartmentId }),
          };
          let made: string | null = id;
          const written = isNew
            ? side.createDepartment(acme, { profile }, byAdministrator).then(({ department }) => (made = department.id))
            : side.changeDepartment(acme, id as DepartmentId, () => profile, byAdministrator);
          expect(await codeOf(written)).toBe(expected);
          if (expected === null && made !== null) model.all.set(made, wanted);
          else refusals += 1;
        }
        const all = await reader().list(acme, { limit: 1_000 });
        expect(
          all.map(({ id, height, profile }) => [id, height, profile.parent ?? null, profile.code ?? null]),
        ).toEqual([...model.all].map(([id, { parent, code }]) => [id, model.height(id), parent, code]));
        expect(await reader().count(acme)).toBe(model.all.size);
      }),
      { numRuns: runsOn(kind, 12, 400) },
    );
    expect(refusals).toBeGreaterThan(0);
  }, 600_000);
});

async function codeOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (error) {
    if (error instanceof DirectoryError) return error.code;
    throw error;
  }
}
