// The users' file: what a dry run foresees, what the run does, what an undo takes back (console.md 4, J9).

import encodingJapanese from 'encoding-japanese';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { imports, kintoneRow, openImportWorld, type Body, type ImportWorld } from './import-world.ts';

const status = 11;
const acme = 'acme' as OrganizationId;

function sjis(text: string): Buffer {
  return Buffer.from(encodingJapanese.convert(encodingJapanese.stringToCode(text), { from: 'UNICODE', to: 'SJIS' }));
}

describeAtDoors('the users file', (open) => {
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open());
  });
  afterEach(async () => void (await world.stop()));

  const hire = async (count: number, first = 1): Promise<void> => {
    const rows = Array.from(
      { length: count },
      (_, i) => `user${first + i},社員 ${first + i},user${first + i}@example.com`,
    );
    const done = await world.run(`Login Name,Display Name,E-mail Address\n${rows.join('\n')}`, 'kind=users');
    expect(done).toMatchObject({ state: 'done', outcomes: { changed: count } });
  };
  const makeOwner = async (userName: string): Promise<void> => {
    const { id } = await world.person(userName);
    const answer = await world.call('put', `/organizations/acme/users/${id}/roles`, { roles: ['owner'] });
    expect(answer.status).toBe(200);
  };
  const audited = async (): Promise<readonly Body[]> => {
    const { body } = await world.call('get', '/organizations/acme/audit?limit=200');
    return body.items as Body[];
  };

  test('J9: a dry run says what 40 rows would do, the run does it, the same file again does nothing, an undo restores all but one', async () => {
    await hire(48);
    await makeOwner('user48');
    const off = { [status]: '停止中' };
    const file = sjis(
      [
        ...Array.from({ length: 35 }, (_, i) => kintoneRow(`user${i + 1}`, i === 0 ? { ...off, 4: '髙橋' } : off)),
        ...['x1', 'x2', 'x3'].map((name) => kintoneRow(name, off)),
        kintoneRow('USER2', off),
        kintoneRow('user48', off),
      ].join('\r\n'),
    );
    const dry = await world.run(file, 'kind=users&preset=kintone&dryRun=true&name=off.csv');
    const outcomes = { changed: 35, unchanged: 0, error: 3, duplicate: 1, blocked: 1 };
    expect(dry).toMatchObject({
      state: 'done',
      dryRun: true,
      outcomes,
      actions: { deactivated: 35 },
      seats: { licensed: 50, before: 48, change: -35, after: 13, waiting: 0 },
      people: { in: 0, out: 35 },
      file: { encoding: 'shift_jis', header: false, name: 'off.csv' },
    });
    expect(dry['file'].sample).toHaveLength(5);
    const rows = await world.rows(dry['id']);
    expect(rows[0]).toMatchObject({
      line: 1,
      action: 'deactivated',
      before: { status: 'active' },
      after: { status: 'inactive', name: { familyName: '髙橋' } },
    });
    expect(rows.slice(35).map(({ name, code }) => [name, code])).toEqual([
      ['x1', 'userNotFound'],
      ['x2', 'userNotFound'],
      ['x3', 'userNotFound'],
      ['USER2', 'duplicate'],
      ['user48', 'lastOwner'],
    ]);
    expect((await world.person('user1'))['status']).toBe('active');

    const { status: accepted, body: job, headers } = await world.call('post', `${imports}/${dry['id']}/run`);
    expect([accepted, headers['location']]).toEqual([202, `/api/v1${imports}/${job.id}`]);
    await world.work();
    expect(await world.show(job.id)).toMatchObject({ state: 'done', outcomes, seats: { change: -35, after: 13 } });
    expect((await world.call('get', '/organizations/acme/seats')).body).toMatchObject({ used: 13, licensed: 50 });
    expect((await world.person('user1'))['holds']).toMatchObject([{ kind: 'admin', reason: 'csv.import' }]);
    const entries = (await audited()).filter(({ mouth }) => mouth === 'csvImport');
    expect(entries.filter(({ job: of }) => of === job.id)).toHaveLength(35);
    expect(entries.filter(({ target }) => target.id === job.id)).toMatchObject([
      { action: 'import.done', actor: 'administrator:acme key', after: { kind: 'users', ...outcomes, seats: -35 } },
    ]);

    const again = await world.run(file, 'kind=users&preset=kintone');
    expect(again).toMatchObject({
      outcomes: { changed: 0, unchanged: 35, error: 3, duplicate: 1, blocked: 1 },
      actions: {},
    });

    const { id: third } = await world.person('user3');
    await world.call('post', `/organizations/acme/users/${third}/reactivate`);
    const undone = await world.undo(job.id);
    expect(undone).toMatchObject({
      state: 'undone',
      undo: { restored: 34, changedSince: 1, partly: 0, gone: 0, blocked: 0 },
    });
    const left = (await world.rows(job.id)).filter(({ undo }) => undo === 'changedSince');
    expect(left).toMatchObject([{ name: 'user3', undoDetail: 'Changed since and left as it is: status.' }]);
    expect(await world.person('user1')).toMatchObject({ status: 'active', holds: [] });
    expect((await world.person('user1'))['profile'].name).toBeUndefined();
    expect((await world.undo(job.id))['undo']).toEqual(undone['undo']);
    const result = (await world.call('get', `${imports}/${job.id}/result`)).text.split('\r\n');
    expect(result).toHaveLength(1 + 40 + 1);
    expect(result[3]).toMatch(/^3,user3,changed,deactivated,.*changedSince,/);
  });

  test('J4: a dry run warns that somebody who returns will find no seat', async () => {
    await world.call('put', '/organizations/acme/seats', { licensed: 10 });
    await hire(10);
    const { id } = await world.person('user1');
    const leave = { type: 'parental', until: '2027-04-01' };
    expect((await world.call('post', `/organizations/acme/users/${id}/leaves`, leave)).status).toBe(201);
    const dry = await world.run('Login Name,Display Name\nsuzuki,鈴木\n', 'kind=users&dryRun=true');
    expect(dry).toMatchObject({
      seats: { before: 9, change: 1, after: 10 },
      warnings: ['On 2027-04-01 you are one seat short: 社員 1 returns, 10 of 10 in use.'],
    });
    const two = await world.run('Login Name,Display Name\nsuzuki,鈴木\nsaito,斎藤\n', 'kind=users&dryRun=true');
    expect(two['seats']).toMatchObject({ change: 1, waiting: 1 });
    expect((await world.rows(two['id']))[1]).toMatchObject({ warnings: ['Would wait for a seat.'] });
    const real = await world.run('Login Name,Display Name\nsuzuki,鈴木\nsaito,斎藤\n', 'kind=users');
    expect(real).toMatchObject({ actions: { created: 2 }, seats: { change: 1, waiting: 1, after: 10 }, warnings: [] });
  });

  test('with the policy `refuse` a row without a seat is blocked, in the dry run and in the run', async () => {
    await world.call('put', '/organizations/acme/seats', { licensed: 1, policy: 'refuse' });
    const file = 'Login Name,Display Name\na1,A\na2,B\n';
    for (const query of ['kind=users&dryRun=true', 'kind=users']) {
      const done = await world.run(file, query);
      expect(done).toMatchObject({ outcomes: { changed: 1, blocked: 1 }, seats: { after: 1 } });
      const blocked = (await world.rows(done['id'])).filter(({ outcome }) => outcome === 'blocked');
      expect(blocked).toMatchObject([{ code: 'noFreeSeat' }]);
    }
  });

  test('all 25 columns are stored and exported, `*` leaves a cell, an empty one clears it', async () => {
    const cells = [
      'abe',
      '髙橋 一郎',
      '*',
      '*',
      '髙橋',
      '一郎',
      'たかはし',
      'いちろう',
      'Ichiro',
      'en',
      'abe@example.com',
      '使用中',
      'ja',
      'Asia/Tokyo',
      '+81-3-1',
      '12',
      '090',
      'https://example.com/',
      'E-1',
      '2020/4/1',
      '1990-05-06',
      '=自己紹介',
      '3',
      'skype1',
      '0',
    ]; // prettier-ignore
    await world.run(cells.join(','), 'kind=users&preset=kintone');
    const { profile } = await world.person('abe');
    expect(profile).toMatchObject({
      userName: 'abe',
      name: { familyName: '髙橋', givenName: '一郎' },
      emails: [{ value: 'abe@example.com', type: 'work', primary: true }],
      phoneNumbers: [
        { value: '+81-3-1', type: 'work' },
        { value: '090', type: 'mobile' },
      ],
      ims: [{ value: 'skype1', type: 'skype' }],
      preferredLanguage: 'ja',
      timezone: 'Asia/Tokyo',
      profileUrl: 'https://example.com/',
      enterprise: { employeeNumber: 'E-1' },
      person: {
        phoneticName: { familyName: 'たかはし', givenName: 'いちろう' },
        localizedName: { formatted: 'Ichiro', locale: 'en' },
        extensionNumber: '12',
        hireDate: '2020-04-01',
        birthday: '1990-05-06',
        displayOrder: 3,
        aboutMe: '=自己紹介',
      },
    }); // prettier-ignore
    const file = await world.export('users.csv?preset=kintone&encoding=shift_jis&language=ja');
    const [, line] = new TextDecoder('shift_jis').decode(file).split('\r\n');
    const exported = cells.with(19, '2020-04-01').with(21, "'=自己紹介").with(14, "'+81-3-1");
    expect(line).toBe(exported.join(','));
    expect(await world.run(file, 'kind=users&preset=kintone')).toMatchObject({
      outcomes: { changed: 0, unchanged: 1 },
    });

    await world.run(kintoneRow('abe', { 4: '', 10: '', 19: '', 22: '' }), 'kind=users&preset=kintone');
    const after = (await world.person('abe'))['profile'];
    expect(after.name).toEqual({ givenName: '一郎' });
    expect(after.emails).toBeUndefined();
    expect([after.person.hireDate, after.person.displayOrder, after.person.birthday]).toEqual([
      undefined,
      undefined,
      '1990-05-06',
    ]);
  });

  test('rows that cannot be meant are errors in words, and nothing of them is stored', async () => {
    await hire(2);
    const password = kintoneRow('user1', { 3: 'hunter2-secret' });
    const rows: readonly (readonly [row: string, code: string])[] = [
      [password, 'passwordRefused'],
      [`${kintoneRow('user2')},more`, 'wrongColumns'],
      ['user2,short', 'wrongColumns'],
      [kintoneRow('', { 1: 'Nobody' }), 'invalidValue'],
      [kintoneRow('*', { 1: 'Nobody' }), 'invalidValue'],
      [kintoneRow('a1', { 1: 'x', [status]: 'perhaps' }), 'invalidValue'],
      [kintoneRow('a2', { 1: 'x', 19: '2021-02-30' }), 'invalidValue'],
      [kintoneRow('a3', { 1: 'x', 10: 'no address' }), 'invalidValue'],
      [kintoneRow('a4', { 1: 'x'.repeat(300) }), 'invalidValue'],
      [kintoneRow('a5', { 1: 'x', 22: '1.5' }), 'invalidValue'],
      [kintoneRow('a6', { 1: 'x\u0007' }), 'invalidValue'],
      [kintoneRow('a7', { 1: '' }), 'userNotFound'],
      [kintoneRow('a8', { 24: '1' }), 'userNotFound'],
      [kintoneRow(' a9', { 1: 'x' }), 'invalidValue'],
    ];
    for (const query of ['kind=users&preset=kintone&dryRun=true', 'kind=users&preset=kintone']) {
      const done = await world.run(rows.map(([row]) => row).join('\n'), query);
      expect(done['outcomes']).toMatchObject({ error: rows.length, changed: 0 });
      expect((await world.rows(done['id'])).map(({ code }) => code)).toEqual(rows.map(([, code]) => code));
      expect(JSON.stringify([done, await world.rows(done['id'])])).not.toContain('hunter2');
    }
    expect(await world.context.storage.users.count(acme)).toBe(2);
    expect(world.lines.join('\n')).not.toContain('hunter2');
  });

  test('a new login name renames, a later row of the file may use it, and an undo gives the old one back', async () => {
    await hire(2);
    const file = [
      kintoneRow('user1', { 2: 'renamed' }),
      kintoneRow('renamed', { 4: '新' }),
      kintoneRow('user2', { 2: 'RENAMED' }),
    ];
    const rowsOf = async (query: string) => {
      const job = await world.run(file.join('\n'), query);
      return { job, rows: (await world.rows(job['id'])).map(({ outcome, code }) => [outcome, code]) };
    };
    const { rows: foreseen } = await rowsOf('kind=users&preset=kintone&dryRun=true');
    const { job: done, rows } = await rowsOf('kind=users&preset=kintone');
    expect(rows).toEqual([
      ['changed', undefined],
      ['changed', undefined],
      ['error', 'userNameTaken'],
    ]);
    expect(foreseen).toEqual(rows);
    expect((await world.person('renamed'))['profile'].name).toEqual({ familyName: '新' });
    expect((await world.undo(done['id']))['undo']).toMatchObject({ restored: 2 });
    expect((await world.person('user1'))['profile'].name).toBeUndefined();
  });

  test.each([
    ['a name that somebody has', [['user1', 'user2']], ['userNameTaken']],
    [
      'a name in other letters, and one that stays',
      [
        ['user1', 'USER1'],
        ['user2', 'user2'],
      ],
      ['updated', 'unchanged'],
    ],
    [
      'names passed on',
      [
        ['user1', 'user9'],
        ['user2', 'user1'],
        ['user3', 'user2'],
      ],
      ['updated', 'updated', 'updated'],
    ],
    [
      'a name given up and given to two',
      [
        ['user1', 'user9'],
        ['user2', 'user1'],
        ['user3', 'user1'],
      ],
      ['updated', 'updated', 'userNameTaken'],
    ],
    [
      'a name of somebody whom the file deletes',
      [
        ['user1', '', '1'],
        ['user2', 'user1'],
      ],
      ['removed', 'updated'],
    ],
    ['a new person under a name that is there', [['somebody', 'user1']], ['userNameTaken']],
    [
      'a person who was renamed above, by either name',
      [
        ['user1', 'user9'],
        ['user9', 'user8'],
        ['user2', 'user9'],
      ],
      ['updated', 'updated', 'updated'],
    ],
  ])('a dry run foresees of new login names what the run does: %s', async (_what, names, expected) => {
    await hire(3);
    const file = names
      .map(([login = '', newLogin = '', removes = '0']) =>
        kintoneRow(login, { 2: newLogin, 24: removes, ...(login === 'somebody' ? { 1: '新人' } : {}) }),
      )
      .join('\n');
    for (const query of ['kind=users&preset=kintone&dryRun=true', 'kind=users&preset=kintone']) {
      const job = await world.run(file, query);
      expect([
        query,
        (await world.rows(job['id'])).map(({ code, action, outcome }) => code ?? action ?? outcome),
      ]).toEqual([query, expected]);
    }
  });

  test('an undo removes whom the import made, unless they were changed since; who was deleted is not brought back', async () => {
    await hire(1);
    const done = await world.run('Login Name,Display Name,Delete\nnew1,N,0\nnew2,N,0\nuser1,*,1\n', 'kind=users');
    expect(done['actions']).toEqual({ created: 2, removed: 1 });
    const { id } = await world.person('new2');
    await world.call('post', `/organizations/acme/users/${id}/deactivate`, { reason: 'Left' });
    expect((await world.undo(done['id']))['undo']).toMatchObject({ restored: 1, changedSince: 1, blocked: 1 });
    expect(await world.person('new1')).toEqual({});
    expect(await world.person('new2')).toMatchObject({ status: 'inactive' });
  });

  test('an undo takes back also what was done to people who wait for a seat', async () => {
    await world.call('put', '/organizations/acme/seats', { licensed: 1 });
    await hire(2);
    expect(await world.person('user2')).toMatchObject({ status: 'waiting' });
    const off = await world.run('Login Name,Status\nuser2,Inactive\n', 'kind=users');
    expect((await world.undo(off['id']))['undo']).toMatchObject({ restored: 1 });
    const { status: word, profile } = await world.person('user2');
    expect([word, profile.waitingSince]).toEqual(['waiting', undefined]);
    const made = await world.run('Login Name,Display Name\nnew1,N\n', 'kind=users');
    expect(await world.person('new1')).toMatchObject({ status: 'waiting' });
    expect((await world.undo(made['id']))['undo']).toMatchObject({ restored: 1, changedSince: 0 });
    expect(await world.person('new1')).toEqual({});
  });

  test('status is an administrator’s word: others’ holds stay until somebody says Active, and a security hold even then', async () => {
    await hire(4);
    const [, leaver, held, away] = await Promise.all(
      ['user1', 'user2', 'user3', 'user4'].map((name) => world.person(name)),
    );
    const at = '/organizations/acme/users';
    await world.call('post', `${at}/${leaver?.['id']}/deactivate`, { reason: 'Left' });
    await world.call('post', `${at}/${held?.['id']}/deactivate`, { reason: 'security' });
    await world.call('post', `${at}/${away?.['id']}/leaves`, { type: 'leave', until: '2027-03-01' });
    const inactive = ['user2', 'user3', 'user4'].map((name) => `${name},Inactive`).join('\n');
    expect(await world.run(`Login Name,Status\n${inactive}`, 'kind=users')).toMatchObject({
      outcomes: { unchanged: 3 },
    });
    const back = await world.run('Login Name,Status\nuser2,1\nuser3,1\nuser4,使用中\n', 'kind=users');
    expect(back['actions']).toEqual({ reactivated: 2 });
    const rows = await world.rows(back['id']);
    expect(rows[1]).toMatchObject({ outcome: 'unchanged', warnings: [expect.stringContaining('security')] });
    expect(rows[2]).toMatchObject({ warnings: ['Ends the leave from 2027-01-12, planned until 2027-03-01.'] });
    expect((await world.undo(back['id']))['undo']).toMatchObject({ restored: 2 });
    const user = await world.context.storage.users.get(acme, away?.['id'] as UserId);
    expect(user).toMatchObject({ active: false, leaves: [{ state: 'running' }], holds: [{ kind: 'leave' }] });
  });
});
