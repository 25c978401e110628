// The departments' and the memberships' files: codes, parents, what a file leaves out, and who is where.

import { describeAtDoors } from '../harness/both-storages.ts';
import { imports, openImportWorld, type Body, type ImportWorld } from './import-world.ts';

const header = 'Department Code,Display Name,New Department Code,Parent Department Code,Display Order';
const tree = [header, 'sales,営業部,*,,1', 'east,東日本,*,sales,', 'dev,開発部,*,,2'].join('\n');

describeAtDoors('the departments file', (open) => {
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open());
  });
  afterEach(async () => void (await world.stop()));

  const departments = async (): Promise<readonly Body[]> =>
    (await world.call('get', '/organizations/acme/departments')).body.items as Body[];
  const named = async (code: string): Promise<Body> => (await departments()).find((one) => one['code'] === code) ?? {};
  const actions = async (id: string) =>
    (await world.rows(id)).map(({ outcome, action, code }) => action ?? code ?? outcome);

  test('a file makes a tree, changes it, and the same file twice changes nothing', async () => {
    expect(await world.run(tree, 'kind=departments&dryRun=true')).toMatchObject({ actions: { created: 3 } });
    expect(await departments()).toEqual([]);
    const made = await world.run(tree, 'kind=departments');
    expect(made).toMatchObject({ state: 'done', actions: { created: 3 }, leftOut: { count: 0 } });
    expect(await named('east')).toMatchObject({ name: '東日本', parent: (await named('sales'))['id'] });
    expect(await world.run(tree, 'kind=departments')).toMatchObject({ outcomes: { unchanged: 3, changed: 0 } });
    const file = [header, 'sales,営業,vertrieb,,', 'east,*,*,dev,', 'dev,*,*,*,*'].join('\n');
    const changed = await world.run(file, 'kind=departments');
    expect(await actions(changed['id'])).toEqual(['updated', 'updated', 'unchanged']);
    expect(await named('vertrieb')).toMatchObject({ name: '営業', displayOrder: null });
    expect(await named('east')).toMatchObject({ parent: (await named('dev'))['id'] });
    expect((await world.undo(changed['id']))['undo']).toMatchObject({ restored: 2 });
    expect(await named('sales')).toMatchObject({ name: '営業部', displayOrder: 1 });
    expect(await named('east')).toMatchObject({ parent: (await named('sales'))['id'] });
    expect((await world.undo(made['id']))['undo']).toMatchObject({ restored: 3 });
    expect(await departments()).toEqual([]);
  });

  test('Kintone’s seven columns are read and written; what has no place is told', async () => {
    const file = 'sales,営業部,*,Sales,en,,About us\neast,東,east,,,sales,\n';
    const done = await world.run(file, 'kind=departments&preset=kintone');
    expect((await world.rows(done['id']))[0]).toMatchObject({
      action: 'created',
      warnings: ['Not kept: localizedName, localizedLanguage, description.'],
    });
    const out = (await world.export('departments.csv?preset=kintone&encoding=shift_jis&language=ja')).toString(
      'latin1',
    );
    expect(new TextDecoder('shift_jis').decode(Buffer.from(out, 'latin1'))).toBe(
      '組織コード,表示名,新組織コード,別言語での表示名,別言語の名前を表示する言語,親組織コード,説明\r\nsales,営業部,*,,,,\r\neast,東,*,,,sales,\r\n',
    );
  });

  test('what cannot be is refused row by row: unknown parents, parents below, circles, taken codes, nameless ones', async () => {
    await world.run(tree, 'kind=departments');
    const rows = [
      ['a,A,*,nowhere,', 'invalidValue'],
      ['c,C,*,p,', 'invalidValue'],
      ['p,P,*,,', 'created'],
      ['sales,*,*,east,*', 'departmentCycle'],
      ['dev,*,EAST,*,*', 'departmentCodeTaken'],
      ['Dev,*,*,*,*', 'duplicate'],
      ['x,,*,,', 'departmentNotFound'],
      ['y,Y,*,,soon', 'invalidValue'],
    ];
    const done = await world.run([header, ...rows.map(([row]) => row)].join('\n'), 'kind=departments');
    expect(await actions(done['id'])).toEqual(rows.map(([, outcome]) => outcome));
  });

  test('departments that a file leaves out stay until that very list is confirmed, and come back by an undo', async () => {
    await world.run(tree, 'kind=departments');
    const file = `${header}\ndev,*,*,*,*\n`;
    const dry = await world.run(file, 'kind=departments&dryRun=true');
    expect(dry['leftOut']).toMatchObject({ count: 2, removed: false });
    expect(dry['leftOut'].departments.map(({ code }: Body) => code)).toEqual(['east', 'sales']);
    expect((await world.run(file, 'kind=departments'))['leftOut']).toMatchObject({ count: 2, removed: false });
    expect(await departments()).toHaveLength(3);
    const run = (removals: string) => world.call('post', `${imports}/${dry['id']}/run`, { removals });
    expect((await run('another list')).body).toMatchObject({ status: 409, code: 'removalsChanged' });
    // One more is left out by the time it runs: another list than the one that was shown.
    await world.call('post', '/organizations/acme/departments', { name: 'Late', code: 'late' });
    const { body: late } = await run(dry['leftOut'].token);
    await world.work();
    expect((await world.show(late.id))['leftOut']).toMatchObject({ count: 3, removed: false });
    expect(await departments()).toHaveLength(4);
    await world.call('delete', `/organizations/acme/departments/${(await named('late'))['id']}`);
    const { body: real } = await run(dry['leftOut'].token);
    await world.work();
    expect(await world.show(real.id)).toMatchObject({ actions: { removed: 2 }, leftOut: { removed: true } });
    expect(await departments()).toMatchObject([{ code: 'dev' }]);
    expect((await world.undo(real.id))['undo']).toMatchObject({ restored: 2 });
    expect(await named('east')).toMatchObject({ parent: (await named('sales'))['id'] });
  });

  test('a department with people in it is not removed', async () => {
    await world.run(tree, 'kind=departments');
    await world.run('Login Name,Display Name\nabe,Abe\n', 'kind=users');
    await world.run('abe,east,\n', 'kind=memberships');
    const file = `${header}\ndev,*,*,*,*\n`;
    const dry = await world.run(file, 'kind=departments&dryRun=true');
    const done = await world.run(file, `kind=departments&removals=${dry['leftOut'].token}`);
    expect(await actions(done['id'])).toEqual(['unchanged', 'departmentNotEmpty', 'departmentNotEmpty']);
  });
});

describeAtDoors('the memberships file', (open) => {
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open());
    await world.run(tree, 'kind=departments');
    await world.run('Login Name,Display Name\nabe,Abe\nito,Ito\n', 'kind=users');
  });
  afterEach(async () => void (await world.stop()));

  const codesOf = async (userName: string): Promise<unknown> => {
    const { items } = (await world.call('get', '/organizations/acme/departments')).body as { items: Body[] };
    const codes = new Map(items.map(({ id, code }) => [id, code]));
    const memberships = ((await world.person(userName))['profile'].person?.departments ?? []) as Body[];
    return memberships.map(({ value, ...rest }) => ({ code: codes.get(value), ...rest }));
  };

  test('people are in exactly the departments of their row, the first is primary; others stay as they are', async () => {
    const done = await world.run(
      'Login Name,Department Code 1,Job Title Code 1\nabe,EAST,mgr,dev,\n',
      'kind=memberships',
    );
    expect(done).toMatchObject({ actions: { updated: 1 }, seats: { change: 0 } });
    expect(await codesOf('abe')).toEqual([{ code: 'east', jobTitleCode: 'mgr', primary: true }, { code: 'dev' }]);
    expect(await codesOf('ito')).toEqual([]);
    const file = await world.export('memberships.csv');
    expect(file.toString().split('\r\n')).toEqual(expect.arrayContaining(['abe,east,mgr,dev,', 'ito,,']));
    expect(await world.run(file, 'kind=memberships')).toMatchObject({ outcomes: { unchanged: 2, changed: 0 } });
    const moved = await world.run('abe,dev,*\nito,*,\n', 'kind=memberships');
    expect((await world.rows(moved['id'])).map(({ outcome }) => outcome)).toEqual(['changed', 'unchanged']);
    expect((await world.undo(moved['id']))['undo']).toMatchObject({ restored: 1 });
    await world.run('abe,,\n', 'kind=memberships');
    expect(await codesOf('abe')).toEqual([]);
  });

  test('`*` beside a department keeps the job title there, and names no department behind the first', async () => {
    await world.run('abe,east,mgr\n', 'kind=memberships&header=false');
    await world.run('abe,dev,*,east,*\n', 'kind=memberships&header=false');
    expect(await codesOf('abe')).toEqual([
      { code: 'dev', primary: true },
      { code: 'east', jobTitleCode: 'mgr' },
    ]);
    const refused = await world.run('abe,dev,,*,\n', 'kind=memberships&header=false');
    expect(await world.rows(refused['id'])).toMatchObject([{ outcome: 'error', code: 'invalidValue' }]);
  });

  test('a department without a code stands by its id', async () => {
    const { body } = await world.call('post', '/organizations/acme/departments', { name: 'Without' });
    const { id } = body.department;
    await world.run(`abe,${id},\n`, 'kind=memberships');
    const exported = (await world.export('memberships.csv?header=false')).toString();
    // By id, and the two were made in one millisecond.
    expect(exported.split('\r\n').toSorted()).toEqual(['', `abe,${id},`, 'ito,,']);
    const file = await world.export('departments.csv');
    expect(file.toString()).toContain(`${id},Without,*,,`);
    expect(await world.run(file, 'kind=departments')).toMatchObject({
      outcomes: { unchanged: 4 },
      leftOut: { count: 0 },
    });
  });

  test('unknown people and departments, one twice, and titles without a department are errors', async () => {
    const file = 'nobody,dev,\nabe,nowhere,\nito,dev,x,DEV,y\nABE,dev,\n,dev,\n';
    const done = await world.run(file, 'kind=memberships&header=false');
    expect((await world.rows(done['id'])).map(({ code }) => code)).toEqual([
      'userNotFound',
      'departmentNotFound',
      'invalidValue',
      'duplicate',
      'invalidValue',
    ]);
    const title = await world.run('abe,,mgr\n', 'kind=memberships');
    expect((await world.rows(title['id']))[0]).toMatchObject({ code: 'invalidValue' });
  });
});

describeAtDoors('the leaves file', (open) => {
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open());
    await world.run('Login Name,Display Name\nabe,Abe\nito,Ito\n', 'kind=users');
  });
  afterEach(async () => void (await world.stop()));

  const header = 'Login Name,Type,From,Return Date,Note';

  test('leaves are planned, begun, changed and cancelled; the same file twice changes nothing', async () => {
    const file = [
      header,
      'abe,育休,2027/2/1,2027/4/1,"a, b"',
      'ito,leave,2027-01-01,2027-03-01,',
      'abe,left,2027-12-31,,',
    ].join('\n');
    const dry = await world.run(file, 'kind=leaves&dryRun=true');
    expect(dry).toMatchObject({ outcomes: { changed: 3 }, seats: { change: -1 } });
    const done = await world.run(file, 'kind=leaves');
    expect(done).toMatchObject({ actions: { updated: 2, deactivated: 1 }, seats: { change: -1 } });
    expect(await world.person('abe')).toMatchObject({
      status: 'scheduled',
      leave: { type: 'parental', until: '2027-04-01', note: 'a, b' },
    });
    expect(await world.person('ito')).toMatchObject({ status: 'onLeave' });
    expect(await world.run(file, 'kind=leaves')).toMatchObject({ outcomes: { unchanged: 3, changed: 0 } });
    const out = await world.export('leaves.csv');
    // In the order of people, who were made in one millisecond.
    expect(out.toString().split('\r\n')).toContain('abe,parental,2027-02-01,2027-04-01,0,release,"a, b",0');
    expect(await world.run(out, 'kind=leaves')).toMatchObject({ outcomes: { unchanged: 3, changed: 0 } });
    const change = [
      'Login Name,Type,From,Return Date,Delete',
      'ito,leave,2027-01-01,2027-05-01,0',
      'abe,parental,2027-02-01,*,1',
    ];
    const changed = await world.run(change.join('\n'), 'kind=leaves');
    expect(changed['outcomes']).toMatchObject({ changed: 2 });
    expect((await world.person('ito'))['leave']).toMatchObject({ until: '2027-05-01' });
    expect((await world.undo(changed['id']))['undo']).toMatchObject({ restored: 2 });
    expect((await world.person('ito'))['leave']).toMatchObject({ until: '2027-03-01' });
    expect((await world.undo(done['id']))['undo']).toMatchObject({ restored: 3 });
    expect([(await world.person('abe'))['status'], (await world.person('ito'))['status']]).toEqual([
      'active',
      'active',
    ]);
  });

  test('an empty note clears the one there is, `*` and a file without notes keep it', async () => {
    const noteAfter = async (file: string): Promise<unknown> => {
      await world.run(file, 'kind=leaves');
      return (await world.person('ito'))['leave'].note;
    };
    const row = 'ito,leave,2027-01-01,2027-03-01';
    expect(await noteAfter(`${header}\n${row},abroad\n`)).toBe('abroad');
    expect(await noteAfter(`${header}\n${row},*\n`)).toBe('abroad');
    expect(await noteAfter('Login Name,Type,From,Return Date\nito,leave,2027-01-01,2027-04-01\n')).toBe('abroad');
    expect(await noteAfter(`${header}\n${row},\n`)).toBeUndefined();
    expect(await world.run(`${header}\n${row},\n`, 'kind=leaves')).toMatchObject({ outcomes: { unchanged: 1 } });
  });

  test('one person may have many leaves in a file, and they are planned in its order', async () => {
    const months = Array.from({ length: 9 }, (_, index) => `2028-0${index + 1}`);
    const file = [header, ...months.map((month) => `abe,leave,${month}-01,${month}-20,`)].join('\n');
    const done = await world.run(file, 'kind=leaves');
    expect((await world.rows(done['id'])).map(({ code, action }) => action ?? code)).toEqual(
      months.map(() => 'updated'),
    );
  });

  test('a dry run foresees a person’s rows one beside the other, also where a hundred rows end between them', async () => {
    const rows = Array.from({ length: 99 }, (_, index) => `nobody${index},leave,2028-01-01,2028-02-01,`);
    const meeting = [
      'abe,leave,2027-01-01,2027-03-01,',
      'abe,secondment,2027-02-01,2027-04-01,',
      'abe,secondment,2027-03-01,2027-06-01,',
      'abe,left,2027-12-31,,',
    ];
    const file = [header, ...rows, ...meeting].join('\n');
    for (const query of ['kind=leaves&dryRun=true', 'kind=leaves']) {
      const job = await world.run(file, query);
      const { body } = await world.call('get', `${imports}/${job['id']}/rows?limit=200`);
      const all = body.items as readonly Body[];
      expect([query, all.slice(-4).map(({ code, action }) => action ?? code)]).toEqual([
        query,
        ['deactivated', 'leaveOverlaps', 'updated', 'updated'],
      ]);
      expect(job).toMatchObject({ seats: { change: -1 } });
    }
  });

  test('what cannot be is refused row by row', async () => {
    const file = [
      header,
      'abe,leave,2027-02-01,2027-04-01,',
      'abe,secondment,2027-03-01,2027-05-01,',
      'ito,leave,,2027-05-01,',
      'ito,nap,2027-03-01,,',
      'ito,leave,2027-05-01,2027-04-01,',
      'nobody,leave,2027-05-01,,',
    ].join('\n');
    for (const query of ['kind=leaves&dryRun=true', 'kind=leaves']) {
      const done = await world.run(file, query);
      expect((await world.rows(done['id'])).map(({ code, action }) => action ?? code)).toEqual([
        'updated',
        'leaveOverlaps',
        'invalidValue',
        'invalidValue',
        'invalidValue',
        'userNotFound',
      ]);
    }
  });
});
