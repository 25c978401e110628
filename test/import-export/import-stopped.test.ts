// An import goes on after its request: whoever began it must still be allowed to, row by row, else it stops, and what it did can be undone.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { ImportContext } from '#import-export/import-context.ts';
import { readImportFile, startImport, undoImport } from '#import-export/import-jobs.ts';
import { importJobRecords } from '#import-export/import-records.ts';
import { runImports } from '#import-export/run-import.ts';
import type { NewCredential } from '#secrets/credentials.ts';
import { acme, other } from '../admin/admin-house.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { imports, openImportWorld, type Body, type ImportWorld } from './import-world.ts';

const by: ChangeContext = { actor: { kind: 'system', name: 'test' }, mouth: 'adminApi' };
const header = 'Login Name,Display Name';
const fileOf = (count: number): string =>
  `${header}\n${Array.from({ length: count }, (_, index) => `n${index},N`).join('\n')}\n`;
/** A row that gives a new login name is a step of its own. */
const renames = (count: number): string =>
  `${header},New Login Name\n${Array.from({ length: count }, (_, index) => `c${index},C,d${index}`).join('\n')}\n`;

describeOnBothStorages('an import whose administrator loses the right', (open) => {
  let world: ImportWorld;
  beforeEach(async () => {
    world = await openImportWorld(await open(), null);
  });
  afterEach(async () => void (await world.stop()));

  const issue = (request: Partial<NewCredential> = {}, organization = acme) =>
    world.context.credentials.issue(organization, { kind: 'admin', name: 'key', ...request }, by);
  const revoke = ({ credential }: Awaited<ReturnType<typeof issue>>) =>
    world.context.credentials.revoke(credential.organizationId, credential.id, by);
  const start = async (file: string, key: string, query = 'kind=users'): Promise<string> => {
    const { status, body } = await world.send(file, query, key);
    if (status !== 202) throw new Error(JSON.stringify(body));
    return body.id as string;
  };
  const entryOf = async (action: string): Promise<Body | undefined> => {
    const { body } = await world.call('get', `/organizations/acme/audit?limit=200`);
    return (body.items as Body[]).find((entry) => entry['action'] === action);
  };
  /** Once so many rows have been carried out `lose` happens; rows that are under way by then wait for it. */
  const losing = (after: number, lose: () => Promise<unknown>): ImportContext => {
    const { imports: context } = world.context;
    let done = 0;
    let lost: Promise<unknown> | undefined;
    const counted = async <Result>(act: () => Promise<Result>): Promise<Result> => {
      await lost;
      const result = await act();
      done += 1;
      if (done === after) await (lost = lose());
      return result;
    };
    const { provisionUser, changeUser } = context.provisioning;
    const provisioning = {
      ...context.provisioning,
      provisionUser: (...given: Parameters<typeof provisionUser>) => counted(() => provisionUser(...given)),
      changeUser: (...given: Parameters<typeof changeUser>) => counted(() => changeUser(...given)),
    };
    return { ...context, provisioning };
  };

  test('stops before its first row, says why, and is entered in the audit trail', async () => {
    const key = await issue();
    const id = await start(fileOf(2), key.secret);
    await revoke(key);
    await world.work();
    const stopped = { reason: 'revoked', detail: 'The key that it was begun with is revoked.' };
    expect(await world.show(id)).toMatchObject({ state: 'stopped', stopped, rowsDone: 0 });
    expect(await world.person('n0')).toEqual({});
    expect(await entryOf('import.stopped')).toMatchObject({
      actor: 'system:imports',
      reason: 'revoked',
      target: { id },
      after: { changed: 0 },
    });
    await world.work();
    expect(await world.context.storage.records(importJobRecords).get(id, 0)).toMatchObject({ revision: 2 });
    expect((await world.call('post', `${imports}/${id}/cancel`)).body).toMatchObject({ code: 'importState' });
  });

  test('stops between two steps, keeps what is done and can be undone by somebody else', async () => {
    const key = await issue();
    const id = await start(renames(6), key.secret);
    let looks = 0;
    await runImports({ ...world.context.imports, isStopping: () => (looks += 1) > 4 });
    await revoke(key);
    await world.work();
    const { rowsDone, outcomes, ...shown } = await world.show(id);
    expect(shown).toMatchObject({ state: 'stopped', rows: 6 });
    expect([rowsDone, outcomes.blocked]).toEqual([outcomes.changed, 0]);
    expect(rowsDone).toBeGreaterThan(0);
    expect((await world.undo(id))['undo']).toMatchObject({ restored: rowsDone });
    expect((await world.person('d0'))['status']).not.toBe('active');
  });

  test.each([
    ['the key is revoked', 'revoked', (key: Awaited<ReturnType<typeof issue>>) => revoke(key)],
    [
      'the key expires',
      'expired',
      async () => {
        world.clock.now += 86_400_000;
      },
    ],
    [
      'its owner is deactivated',
      'ownerInactive',
      (key: Awaited<ReturnType<typeof issue>>) =>
        world.call('post', `/organizations/acme/users/${key.credential.owner ?? ''}/deactivate`, {}),
    ],
  ])('stops in the middle of a step when %s: the rows after it are left alone', async (_title, reason, lose) => {
    const owner = await world.add('sato');
    const key = await issue({ owner: owner.id, expiresAt: world.clock.now + 3_600_000 });
    const id = await start(fileOf(30), key.secret);
    await runImports(losing(5, async () => lose(key)));
    const { outcomes, ...shown } = await world.show(id);
    expect(shown).toMatchObject({ state: 'stopped', stopped: { reason }, rowsDone: 30 });
    // Eight are under way side by side; each ends, and is followed by one at most that was asked about before.
    expect(outcomes.changed).toBeGreaterThanOrEqual(5);
    expect(outcomes.changed).toBeLessThan(5 + 2 * 8);
    expect(outcomes.changed + outcomes.blocked).toBe(30);
    const blocked = (await world.rows(id)).filter((row) => row['outcome'] === 'blocked');
    expect(blocked[0]).toMatchObject({ code: 'importStopped' });
    expect(await world.person(String(blocked[0]?.['name']))).toEqual({});
    expect((await world.undo(id))['undo']).toMatchObject({ restored: outcomes.changed });
  });

  test('stops where a process has died in the middle of a step, and what that one did can be undone', async () => {
    const key = await issue();
    const id = await start(fileOf(12), key.secret);
    const died = losing(3, () => Promise.reject(new Error('died')));
    await expect(runImports(died)).rejects.toThrow('died');
    await revoke(key);
    await world.work();
    const { state, outcomes } = await world.show(id);
    expect([state, outcomes.changed + outcomes.blocked]).toEqual(['stopped', 12]);
    const made = await Promise.all(Array.from({ length: 12 }, (_, index) => world.person(`n${index}`)));
    expect(made.filter((person) => person['id'] !== undefined)).toHaveLength(outcomes.changed);
    expect((await world.undo(id))['undo']).toMatchObject({ restored: outcomes.changed });
  });

  test('stops as a dry run, which cannot be run then', async () => {
    const key = await issue();
    const id = await start(fileOf(2), key.secret, 'kind=users&dryRun=true');
    await revoke(key);
    await world.work();
    expect(await world.show(id)).toMatchObject({ state: 'stopped', dryRun: true });
    for (const action of ['run', 'undo'])
      expect((await world.call('post', `${imports}/${id}/${action}`)).body).toMatchObject({ code: 'importState' });
  });

  test('stops while it is taken back, and somebody else takes back the rest', async () => {
    const { id } = await world.run(fileOf(10), 'kind=users');
    const key = await issue();
    await world.call('post', `${imports}/${id}/undo`, undefined, key.secret);
    const { removeUser } = world.context.provisioning;
    let removed = 0;
    const provisioning = {
      ...world.context.provisioning,
      removeUser: async (...given: Parameters<typeof removeUser>) => {
        const result = await removeUser(...given);
        removed += 1;
        if (removed === 4) await revoke(key);
        return result;
      },
    };
    await runImports({ ...world.context.imports, provisioning });
    expect(await world.show(id)).toMatchObject({ state: 'stopped', undo: { restored: 0, stepsLeft: 1 } });
    expect([(await world.person('n9'))['id'], (await world.person('n0'))['userName']]).toEqual([undefined, 'n0']);
    expect(await world.undo(id)).toMatchObject({ state: 'undone', undo: { restored: 10, stepsLeft: 0 } });
    expect(await world.person('n0')).toEqual({});
  });

  test('goes on with a key of another organisation that reaches all, until that is revoked there', async () => {
    const key = await issue({ scopes: ['instance'] }, other);
    const done = await start(fileOf(1), key.secret);
    await world.work();
    expect((await world.show(done))['state']).toBe('done');
    const id = await start(fileOf(1), key.secret);
    await revoke(key);
    await world.work();
    expect(await world.show(id)).toMatchObject({ state: 'stopped', stopped: { reason: 'revoked' } });
  });

  test.each([
    ['of the organisation itself goes on', acme, 'done'],
    ['of another organisation stops', other, 'stopped'],
  ])('stored by a version that does not say whose the key is: one %s', async (_title, organization, state) => {
    const key = await issue({ scopes: ['instance'] }, organization as OrganizationId);
    const id = await start(fileOf(1), key.secret);
    const jobs = world.context.storage.records(importJobRecords);
    const stored = await jobs.get(id, world.clock.now);
    if (stored === null) throw new Error('no job');
    const actor = { kind: 'administrator', credential: key.credential.id, name: 'key' } as const;
    await jobs.replace({ ...stored, value: { ...stored.value, by: { ...stored.value.by, actor } } });
    await world.work();
    expect((await world.show(id))['state']).toBe(state);
  });

  test('needs no key where a command began it, and stops where nobody can be asked about', async () => {
    const { value } = (await world.context.storage
      .records(importJobRecords)
      .get((await world.run(fileOf(1), 'kind=users')).id as string, world.clock.now)) ?? { value: null };
    if (value === null) throw new Error('no job');
    await readImportFile(world.context.imports, acme, value.file);
    const again = async (actor: ChangeContext['actor']): Promise<unknown> => {
      const begun = await startImport(
        world.context.imports,
        acme,
        { file: value.file, dryRun: false },
        { ...by, actor },
      );
      await world.work();
      return (await world.show(begun.id))['state'];
    };
    expect(await again({ kind: 'cli' })).toBe('done');
    expect(await again({ kind: 'administrator', name: 'nobody' })).toBe('stopped');
    const begun = await startImport(world.context.imports, acme, { file: value.file, dryRun: false }, by);
    await world.work();
    await undoImport(world.context.imports, acme, begun.id, { ...by, actor: { kind: 'cli' } });
    await world.work();
    expect((await world.show(begun.id))['state']).toBe('undone');
  });
});
