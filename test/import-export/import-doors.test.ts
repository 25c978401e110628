// The doors of imports and exports: who may, what is refused, and that a refusal leaves nothing behind.

import { recordKinds } from '#record-kinds.ts';
import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import { acme } from '../admin/admin-house.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { exportsPath, imports, openImportWorld, type ImportWorld } from './import-world.ts';

const good = 'Login Name,Display Name\nabe,髙橋\n';

describeAtDoors('imports and exports at their doors', (open) => {
  let world: ImportWorld;
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
    world = await openImportWorld(storage);
  });
  afterEach(async () => void (await world.stop()));

  /** Records of imports that the organisation has. */
  const kept = async (): Promise<number> => {
    const own = recordKinds.filter(({ name }) => name.startsWith('import'));
    const found = await Promise.all(
      own.map(({ name }) => storage.records<unknown>({ name, keysOf: () => [] }).list(acme, { limit: 1_000 }, 0)),
    );
    return found.flat().length;
  };

  test('without a credential, with one that reads only, and with another organisation’s nothing is taken', async () => {
    const { id } = await world.run(good, 'kind=users&dryRun=true');
    const before = await kept();
    const asked = (key: string) => world.call('get', `${imports}/${id}`, undefined, key);
    expect(
      (await world.call('post', `${imports}?kind=users`, undefined, null).type('text/csv').send(good)).status,
    ).toBe(401);
    expect((await world.send(good, 'kind=users', world.keys.acmeRead)).body).toMatchObject({
      status: 403,
      code: 'notAllowed',
    });
    expect((await world.send(good, 'kind=users', world.keys.other)).status).toBe(404);
    expect([(await asked(world.keys.other)).status, (await asked(world.keys.acmeRead)).status]).toEqual([404, 200]);
    const elsewhere = world.call('get', `/organizations/other/imports/${id}`, undefined, world.keys.other);
    expect((await elsewhere).body).toMatchObject({ status: 404, code: 'importNotFound' });
    for (const action of ['run', 'cancel', 'undo', 'result']) {
      const path = `/organizations/other/imports/${id}/${action}`;
      const answer = await world.call(action === 'result' ? 'get' : 'post', path, undefined, world.keys.other);
      expect([action, answer.status]).toEqual([action, 404]);
    }
    expect((await world.call('get', `${exportsPath}/users.csv`, undefined, world.keys.other)).status).toBe(404);
    expect((await world.call('get', `${exportsPath}/users.csv`, undefined, world.keys.acmeRead)).status).toBe(200);
    expect(await kept()).toBe(before);
  });

  test.each([
    ['no kind', '', good, 400, 'invalidInput'],
    ['an unknown kind', 'kind=people', good, 400, 'invalidInput'],
    ['a dry run that is misspelt', 'kind=users&dryrun=true', good, 400, 'invalidInput'],
    ['an empty file', 'kind=users', '', 400, 'fileEmpty'],
    ['a header alone', 'kind=users', 'Login Name,Display Name\n', 400, 'fileEmpty'],
    [
      'a quote never closed after two thousand good rows',
      'kind=users',
      `${good}${'a,b\n'.repeat(2_000)}c,"d\n`,
      400,
      'fileUnreadable',
    ],
    [
      'bytes that are no text',
      'kind=users',
      Buffer.from([0x61, 0x2c, 0x81, 0x00, 0xff, 0xfe, 0xa0]),
      400,
      'fileUnreadable',
    ],
    ['a cell of a megabyte', 'kind=users', `${good}x,"${'y'.repeat(1_000_000)}"\n`, 400, 'fileUnreadable'],
    ['columns nobody knows', 'kind=users&header=true', 'a,b\nc,d\n', 400, 'columnsUnknown'],
    [
      'the wrong encoding',
      'kind=users&encoding=utf-8',
      Buffer.from([0x61, 0x2c, 0x8d, 0x82, 0x0a]),
      400,
      'fileUnreadable',
    ],
  ] as const)('%s is refused in words and nothing is kept', async (_what, query, file, status, code) => {
    const answer = await world.send(file, query);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(await kept()).toBe(0);
  });

  test('other media types and packed bodies are refused; a charset counts', async () => {
    const as = (type: string) => world.call('post', `${imports}?kind=users`).type(type);
    expect((await as('application/json').send('{}')).body).toMatchObject({ status: 415 });
    expect((await as('text/csv; charset=ebcdic').send(good)).body).toMatchObject({ status: 415 });
    expect((await as('text/csv').set('Content-Encoding', 'gzip').send(good)).body).toMatchObject({ status: 415 });
    expect((await as('text/csv; charset=Shift_JIS').send(good)).body).toMatchObject({ code: 'fileUnreadable' });
    expect((await as('text/csv; charset=utf-8').send(good)).status).toBe(202);
  });

  test('a file beyond the limits is refused while it is read', async () => {
    const { limits } = world.context.imports as { limits: { fileBytes: number; fileRows: number } };
    Object.assign(limits, { fileRows: 150, fileBytes: 4_000 });
    expect((await world.send(`${good}${'a,b\n'.repeat(200)}`, 'kind=users')).body).toMatchObject({
      status: 413,
      code: 'fileTooLarge',
    });
    expect((await world.send(`${good}${`a,${'b'.repeat(90)}\n`.repeat(50)}`, 'kind=users')).body).toMatchObject({
      status: 413,
    });
    expect(await kept()).toBe(0);
  });

  test('a repeated key gets the first answer and one import; with another file it is refused', async () => {
    const send = (file: string) => world.send(file, 'kind=users').set('Idempotency-Key', 'once');
    const first = await send(good);
    const second = await send(good);
    expect([second.status, second.body.id, second.headers['idempotency-replayed']]).toEqual([
      202,
      first.body.id,
      'true',
    ]);
    expect((await send(`${good}ito,Ito\n`)).body).toMatchObject({ status: 422, code: 'idempotencyKeyReused' });
    // One file, its one piece, one job; the files of the other two are gone again.
    expect(await kept()).toBe(3);
  });

  test('a dry run cannot be undone, a run cannot be run, and what is not there is not found', async () => {
    const dry = await world.run(good, 'kind=users&dryRun=true');
    const real = await world.run(good, 'kind=users');
    const post = async (path: string) => (await world.call('post', `${imports}/${path}`)).body;
    expect(await post(`${dry['id']}/undo`)).toMatchObject({ status: 409, code: 'importState' });
    expect(await post(`${real['id']}/run`)).toMatchObject({ status: 409, code: 'importState' });
    expect(await post(`${real['id']}/cancel`)).toMatchObject({ status: 409, code: 'importState' });
    expect(await post('none/undo')).toMatchObject({ status: 404, code: 'importNotFound' });
    const { body } = await world.call('get', `${imports}?limit=1`);
    expect(body).toMatchObject({ items: [{ id: real['id'] }], next: expect.any(String) as string });
    const next = await world.call('get', `${imports}?cursor=${body.next}`);
    expect(next.body).toMatchObject({ items: [{ id: dry['id'] }], next: null });
  });

  test('rows come in pages, by outcome', async () => {
    const file = `${good}${Array.from({ length: 150 }, (_, index) => `u${index},${index % 50 === 0 ? '' : 'U'}`).join('\n')}`;
    const { id } = await world.run(file, 'kind=users&dryRun=true');
    const first = (await world.call('get', `${imports}/${id}/rows?limit=120`)).body;
    const second = (await world.call('get', `${imports}/${id}/rows?limit=120&cursor=${first.next}`)).body;
    expect([first.items.length, second.items.length, second.next]).toEqual([120, 31, null]);
    expect(second.items[0].line).toBe(first.items.at(-1).line + 1);
    const errors = (await world.call('get', `${imports}/${id}/rows?outcome=error&limit=2`)).body;
    expect(errors.items.map(({ line }: { line: number }) => line)).toEqual([3, 53]);
    const rest = (await world.call('get', `${imports}/${id}/rows?outcome=error&limit=2&cursor=${errors.next}`)).body;
    expect(rest).toMatchObject({ items: [{ line: 103 }], next: null });
    expect((await world.call('get', `${imports}/${id}/rows?cursor=x`)).body).toMatchObject({ code: 'invalidCursor' });
  });

  test('what an encoding lacks is listed by row before anything is exported, and nothing stands in for it', async () => {
    // One after the other: people of one moment have no order among them.
    for (const row of ['abe,𠮷野,', 'ito,伊藤,〜', 'sato,佐藤,'])
      await world.run(`Login Name,Display Name,About Me\n${row}\n`, 'kind=users');
    const answer = await world.call('get', `${exportsPath}/users.csv?encoding=shift_jis`);
    expect(answer.body).toMatchObject({
      status: 422,
      code: 'notEncodable',
      errors: [
        { pointer: '/2/displayName', detail: 'abe: 𠮷 (U+20BB7)' },
        { pointer: '/3/aboutMe', detail: 'ito: 〜 (U+301C)' },
      ],
    });
    const { headers, text } = await world.call(
      'get',
      `${exportsPath}/users.csv?encoding=utf-8-bom&delimiter=semicolon`,
    );
    expect(headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="users.csv"',
    });
    expect(text.startsWith('\uFEFFLogin Name;Display Name;')).toBe(true);
    expect(text).toContain('𠮷野');
  });

  test('while storage is away both are 503, and an import that had begun goes on later', async () => {
    const { id } = (await world.send(good, 'kind=users')).body;
    const { users, organizations } = storage;
    const away = (): never => {
      throw new StorageError('unavailable', 'away');
    };
    const { list, findByKeys } = users;
    Object.assign(users, { list: away, findByKeys: away });
    expect((await world.call('get', `${exportsPath}/users.csv`)).status).toBe(503);
    await expect(world.work()).rejects.toMatchObject({ code: 'unavailable' });
    expect((await world.show(id))['state']).toBe('running');
    const own = organizations.get;
    Object.assign(organizations, { get: away });
    expect((await world.send(good, 'kind=users')).status).toBe(503);
    Object.assign(organizations, { get: own });
    Object.assign(users, { list, findByKeys });
    await world.work();
    expect((await world.show(id))['state']).toBe('done');
  });
});
