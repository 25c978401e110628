// An import outlives whatever happens to the process that works on it: every row is carried out once, whichever write was the last one of a process
// that died, and however many processes work at the same time (docs/decisions/0017).

import type { ImportContext } from '#import-export/import-context.ts';
import { readJob } from '#import-export/import-jobs.ts';
import { runImports } from '#import-export/run-import.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { isFull, runs } from '../harness/test-scale.ts';
import { acme } from '../admin/admin-house.ts';
import { imports, openImportWorld, type Body, type ImportWorld } from './import-world.ts';

const people = ['p1', 'p2', 'p3'];

class Crash extends Error {}

/** Dies at the n-th write: before it, or right after it was stored. */
function dying(context: ImportContext, at: number, when: 'before' | 'after'): ImportContext {
  let writes = 0;
  const write = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    writes += 1;
    if (writes > at || (writes === at && when === 'before')) throw new Crash();
    const result = await act();
    if (writes === at) throw new Crash();
    return result;
  };
  const provisioning: Provisioning = {
    ...context.provisioning,
    changeUser: (...given) => write(() => context.provisioning.changeUser(...given)),
    provisionUser: (...given) => write(() => context.provisioning.provisionUser(...given)),
    removeUser: (...given) => write(() => context.provisioning.removeUser(...given)),
    createDepartment: (...given) => write(() => context.provisioning.createDepartment(...given)),
    changeDepartment: (...given) => write(() => context.provisioning.changeDepartment(...given)),
    removeDepartment: (...given) => write(() => context.provisioning.removeDepartment(...given)),
  };
  const storage: Storage = {
    ...context.storage,
    records: (kind) => {
      const records = context.storage.records(kind);
      if (!kind.name.startsWith('import')) return records;
      return {
        ...records,
        insert: (...given) => write(() => records.insert(...given)),
        insertOnce: (...given) => write(() => records.insertOnce(...given)),
        replace: (...given) => write(() => records.replace(...given)),
      };
    },
  };
  return { ...context, provisioning, storage, holder: `dying at ${at}` };
}

describeOnBothStorages('an import that is interrupted', (open, kind) => {
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open(), null);
  });
  afterEach(async () => void (await world.stop()));

  const start = async (file: string): Promise<string> => {
    const { status, body } = await world.send(file, 'kind=users');
    if (status !== 202) throw new Error(JSON.stringify(body));
    return body.id as string;
  };
  const entriesOf = async (id: string): Promise<readonly Body[]> => {
    const found: Body[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await world.call('get', `/organizations/acme/audit?limit=200${cursor}`);
      found.push(...(body.items as Body[]));
      if (body.next === null) return found.filter(({ job }) => job === id);
      cursor = `&cursor=${body.next}`;
    }
  };
  const once = async (id: string, reason: string): Promise<readonly string[]> =>
    (await entriesOf(id))
      .filter((entry) => entry['reason'] === reason)
      .map(({ target }) => target.name as string)
      .sort();

  test('is done by the next process, each row once, and is undone by another, each row once', async () => {
    const header = 'Login Name,Display Name,New Login Name,Surname,Delete';
    // Any write may be the last one; the stand-in for MongoDB is slow, and is asked of a few.
    const moments = kind === 'sqlite' || isFull ? Array.from({ length: 12 }, (_, index) => index + 1) : [3, 4, 6];
    for (const at of moments) {
      const when = at % 2 === 0 ? 'before' : 'after';
      const crash = async (): Promise<void> => {
        await runImports(dying(world.context.imports, at, when)).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
        });
        await world.work();
      };
      await world.run(`${header}\n${people.map((name) => `${name},${name},*,,0`).join('\n')}`, 'kind=users');
      const rows = [`p1,*,*,s${at},0`, `p2,*,p2b,s${at},0`, `new${at},New,*,,0`, `p3,*,*,,1`];
      const id = await start(`${header}\n${rows.join('\n')}`);
      await crash();
      const done = await world.show(id);
      const actions = { updated: 2, created: 1, removed: 1 };
      expect([at, done['state'], done['outcomes'].changed, done['actions']]).toEqual([at, 'done', 4, actions]);
      expect([at, await once(id, 'csv.import')]).toEqual([at, [`new${at}`, 'p1', 'p2b', 'p3']]);

      await world.call('post', `${imports}/${id}/undo`);
      await crash();
      const undone = { restored: 3, blocked: 1, partly: 0, changedSince: 0, gone: 0, stepsLeft: 0 };
      expect([at, (await world.show(id))['undo']]).toEqual([at, undone]);
      expect([at, await once(id, 'csv.undo')]).toEqual([at, [`new${at}`, 'p1', 'p2']]);
    }
  });

  test('of departments is done by the next process, each row once, and is undone', async () => {
    const header = 'Department Code,Display Name,Parent Department Code';
    for (const at of kind === 'sqlite' || isFull ? [3, 4, 6, 7, 11, 12, 14] : [7]) {
      await world.run(`${header}\nold,Old,\n`, 'kind=departments');
      const file = `${header}\nold,New ${at},\nbelow,Below,old\n`;
      const { body } = await world.send(file, 'kind=departments');
      const id = body.id as string;
      await runImports(dying(world.context.imports, at, at % 2 === 0 ? 'before' : 'after')).catch(() => undefined);
      await world.work();
      expect([at, (await world.show(id))['actions']]).toEqual([at, { updated: 1, created: 1 }]);
      expect(await once(id, 'csv.import')).toEqual(['Below', `New ${at}`]);
      expect([at, (await world.undo(id))['undo']]).toMatchObject([at, { restored: 2, changedSince: 0 }]);
    }
  });

  test('is done once by several processes that all think it is theirs', async () => {
    const names = Array.from(
      { length: kind === 'sqlite' ? runs(40, 400) : runs(12, 60) },
      (_, index) => `many${index}`,
    );
    const file = `Login Name,Display Name\n${names.map((name) => `${name},N`).join('\n')}`;
    const id = await start(file);
    // The same holder has the same lease: nothing but the guards stands between them.
    const nodes = [1, 2, 3].map(() => ({ ...world.context.imports, holder: 'one for all' }));
    for (let state = ''; state !== 'done'; state = (await readJob(world.context.imports, acme, id)).value.state)
      await Promise.allSettled(nodes.map((node) => runImports(node)));
    expect((await world.show(id))['outcomes']).toMatchObject({ changed: names.length });
    expect(await once(id, 'csv.import')).toEqual(names.toSorted());
    expect((await world.undo(id))['undo']).toMatchObject({ restored: names.length });
  });

  test('is left to the node that has the lease, and stops between two steps when the process ends', async () => {
    const id = await start('Login Name,Display Name\nlast,Last\n');
    await world.context.storage.leases.acquire(`import:${id}`, 'another node', 60_000);
    await world.work();
    expect((await world.show(id))['state']).toBe('waiting');
    await world.context.storage.leases.release(`import:${id}`, 'another node');
    await runImports({ ...world.context.imports, isStopping: () => true });
    expect((await world.show(id))['state']).toBe('waiting');
    await world.work();
    expect((await world.show(id))['state']).toBe('done');
  });

  test('cancelled, keeps what is done and can be undone', async () => {
    // A row that gives a new login name is a step of its own.
    const rows = Array.from({ length: 8 }, (_, index) => `c${index},C,d${index}`).join('\n');
    const id = await start(`Login Name,Display Name,New Login Name\n${rows}`);
    let steps = 0;
    await runImports({ ...world.context.imports, isStopping: () => (steps += 1) > 5 });
    const { body } = await world.call('post', `${imports}/${id}/cancel`);
    expect(body).toMatchObject({ state: 'cancelled', rows: 8, rowsDone: 3 });
    await world.work();
    expect(await world.show(id)).toMatchObject({ rowsDone: 3, outcomes: { changed: 3 } });
    expect((await world.call('post', `${imports}/${id}/cancel`)).body).toMatchObject({ code: 'importState' });
    expect((await world.undo(id))['undo']).toMatchObject({ restored: 3 });
  });

  test('cancelled amid a step by whose process died, it is undone whole', async () => {
    const names = ['m1', 'm2', 'm3', 'm4'];
    for (const at of kind === 'sqlite' || isFull ? [3, 4, 5, 6, 7, 8, 9] : [5]) {
      const rows = names.map((name) => `${name}${at},M`).join('\n');
      const id = await start(`Login Name,Display Name\n${rows}`);
      await runImports(dying(world.context.imports, at, at % 2 === 0 ? 'before' : 'after')).catch(() => undefined);
      await world.call('post', `${imports}/${id}/cancel`);
      const made = (await once(id, 'csv.import')).length;
      const undone = (await world.undo(id))['undo'];
      expect([at, undone]).toMatchObject([at, { restored: made, blocked: 0, stepsLeft: 0 }]);
      expect([at, await once(id, 'csv.undo')]).toEqual([at, await once(id, 'csv.import')]);
    }
  });

  test('cancelled and undone while a step of it is being carried out, it is undone whole', async () => {
    const names = ['n1', 'n2', 'n3'];
    const id = await start(`Login Name,Display Name\n${names.map((name) => `${name},N`).join('\n')}`);
    const { imports: context } = world.context;
    let isAsked = false;
    const slow: ImportContext = {
      ...context,
      provisioning: {
        ...context.provisioning,
        async provisionUser(...given) {
          if (!isAsked) {
            isAsked = true;
            await world.call('post', `${imports}/${id}/cancel`);
            await world.call('post', `${imports}/${id}/undo`);
          }
          return context.provisioning.provisionUser(...given);
        },
      },
    };
    await runImports(slow);
    expect(await world.show(id)).toMatchObject({ state: 'undone', rowsDone: 3, undo: { restored: 3 } });
    expect(await once(id, 'csv.undo')).toEqual(names);
  });
});
