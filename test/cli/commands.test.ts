// Each command by outcome: what it writes where, and its exit code.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import request from 'supertest';
import { loadConfig } from '#config/load-config.ts';
import type { App, AppId } from '#directory/app.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { noteNotAllowed } from '#gate/sessions/refuse-app-use.ts';
import { resumeSession } from '#gate/sessions/resume-session.ts';
import { openSession } from '#gate/sessions/session.ts';
import { recordSignIn } from '#gate/sign-in/sign-in-record.ts';
import { createLogger } from '#observability/logger.ts';
import { createServer } from '#server.ts';
import { appRecordId, appRecords } from '#storage/app-records.ts';
import { createCli, type Cli } from './cli-run.ts';

/** People come from an identity provider, so a test puts them in by the write side. */
async function addPeople(cli: Cli, ...names: readonly string[]): Promise<readonly string[]> {
  const server = createServer(loadConfig({}, cli.folder), { logger: createLogger({ level: 'silent' }) });
  const { admin } = await server.open();
  const connection = 'default' as ConnectionId;
  const ids: string[] = [];
  for (const userName of names) {
    const profile = { userName, displayName: `Display ${userName}`, emails: [{ value: `${userName}@example.com` }] };
    const request = { profile, active: true, connection, restore: true };
    const by = { actor: { kind: 'connection', connection }, mouth: 'scimPost' } as const;
    ids.push((await admin.provisioning.provisionUser('default' as OrganizationId, request, by)).user.id);
  }
  await server.stop();
  return ids;
}

describe('notice', () => {
  test('list, read and test: in the language of the terminal; without a mail server the test is refused', async () => {
    const cli = createCli();
    const [id = ''] = await addPeople(cli, 'aoki');
    expect((await cli.run('seats set --licensed 1')).code).toBe(0);
    const listed = await cli.run('notice list --json');
    const [notice] = JSON.parse(listed.result) as { id: string; title: string; read: boolean }[];
    expect(notice).toMatchObject({ title: '1 of 1 seats are in use', read: false });
    expect((await cli.run(`notice read --up-to ${notice?.id}`)).result).toMatch(/unread: +0/);
    expect(JSON.parse((await cli.run('notice list --unread --json')).result)).toEqual([]);
    expect((await cli.run('notice read')).code).toBe(2);
    expect((await cli.run('notice read nothing')).code).toBe(3);
    const refused = await cli.run(`notice test ${id}`);
    expect([refused.code, refused.talk]).toEqual([2, expect.stringMatching(/No mail server is configured/)]);
    expect((await cli.run('mail list --json')).result).toBe('[]');
  });
});

describe('user', () => {
  test('deactivate and reactivate, by id, login name or address; audited as cli', async () => {
    const cli = createCli();
    const [id = ''] = await addPeople(cli, 'aoki');
    const off = await cli.run('user deactivate aoki --reason left --note "last day"');
    expect(off.code).toBe(0);
    expect(off.result).toMatch(/status: +inactive/);
    const shown = await cli.json<{ holds: unknown }>(`user show ${id}`);
    expect(shown.holds).toMatchObject([{ kind: 'admin', by: 'cli', reason: 'left', note: 'last day' }]);
    const why = await cli.run('user why AOKI@example.com');
    expect(why.result).toContain('Display aoki is kept out: the account is inactive.');
    expect(why.result).toContain('hold:admin');
    const again = await cli.json<{ change: string | null }>('user deactivate aoki');
    expect(again.change).toBeNull();
    expect(await cli.json('user reactivate aoki')).toMatchObject({ seat: 'held', user: { status: 'active' } });
    const { result } = await cli.run('audit export');
    const entries = result
      .split('\n')
      .map((line) => JSON.parse(line) as { action: string; mouth: string; seq: number });
    expect(entries.filter(({ mouth }) => mouth === 'cli').map(({ action }) => action)).toEqual([
      'user.deactivated',
      'user.reactivated',
    ]);
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1));
  });

  test('why by reference: how far that sign-in came, what was found then, what is found now', async () => {
    const cli = createCli();
    const [id = ''] = await addPeople(cli, 'aoki', 'abcd-efgh-jkmn');
    const at = 'default' as OrganizationId;
    const server = createServer(loadConfig({}, cli.folder), { logger: createLogger({ level: 'silent' }) });
    const { admin } = await server.open();
    const connection = 'default' as ConnectionId;
    const reference = await recordSignIn(
      admin.gate,
      { organizationId: at, id: connection },
      {
        outcome: 'refused',
        reason: 'accountInactive',
        protocol: 'saml',
        userId: id as UserId,
        checks: [
          { step: 'match', passed: true },
          { step: 'access', passed: false, detail: 'kept out' },
        ],
        then: {
          organizationOpen: true,
          exists: true,
          holds: [{ kind: 'idp', source: 'okta', since: 0, by: 'connection:okta' }],
        },
      },
    );
    await server.stop();
    for (const typed of [reference, reference.toLowerCase().replaceAll('-', ' ')]) {
      const { code, result } = await cli.run(`user why "${typed}"`);
      expect(code).toBe(0);
      expect(result).toMatch(/reason: +accountInactive/);
      expect(result).toMatch(/access +false +kept out/);
      expect(result).toMatch(/Then\n[^]*hold:idp +false[^]*Now: Display aoki can come in\./);
    }
    expect((await cli.run('user why aoki')).result).toContain(reference);
    // Somebody's login name may look like one; no sign-in has it.
    expect((await cli.run('user why abcd-efgh-jkmn')).result).toContain('Display abcd-efgh-jkmn can come in.');
    expect(await cli.run('user why 0000-0000-0000')).toMatchObject({ code: 3, result: '' });
  });

  test('why of a person whom an app refused: what it asked for then, and now', async () => {
    const cli = createCli();
    const [id = ''] = await addPeople(cli, 'evil\u001b[2J');
    const at = 'default' as OrganizationId;
    const server = createServer(loadConfig({}, cli.folder), { logger: createLogger({ level: 'silent' }) });
    const { admin } = await server.open();
    const { provisioning, storage, gate } = admin;
    const by: ChangeContext = { actor: { kind: 'cli' }, mouth: 'cli' };
    const { group } = await provisioning.createGroup(at, { profile: { displayName: 'Staff' }, members: [] }, by);
    const value: App = {
      id: 'wiki' as AppId,
      organizationId: at,
      name: 'Wiki',
      groups: [group.id],
      forwardAuth: { hosts: ['wiki.example.com'], rules: [] },
      createdAt: 0,
    };
    await storage.records(appRecords).insert({ id: appRecordId(at, 'wiki'), organizationId: at, value });
    const user = await storage.users.get(at, id as UserId);
    const opened = {
      organizationId: at,
      userId: id as UserId,
      epoch: user?.epoch ?? 0,
      connection: 'default' as ConnectionId,
    };
    const resumed = await resumeSession(gate, await openSession(gate, opened));
    if (resumed.kind !== 'signedIn') throw new Error(resumed.kind);
    const { session } = resumed;
    const demands = [{ groups: [group.id], isMember: false }];
    const reference = await noteNotAllowed(gate, { session, app: 'wiki', demands, path: '/a' }, 'forwardAuth');
    await provisioning.changeGroup(at, group.id, async ({ profile }) => ({ profile, add: [id], remove: [] }), by);
    await server.stop();
    for (const line of [`user why ${id}`, `user why ${reference}`]) {
      const { code, result } = await cli.run(line);
      expect(code).toBe(0);
      expect(result).toContain(reference);
      expect(result).toMatch(/notAllowed/);
      expect(result).toMatch(/Then\n[^]*groups +false +In none of the groups that the app wiki asks for: Staff\./);
      expect(result).toMatch(/Now: Display evil \[2J can come in\.\n[^]*groups +true +In one of the groups/);
      expect(result).not.toContain('\u001b');
    }
    expect((await cli.run(`user why ${id}`)).result).toContain(`Refused by wiki at /a, ${reference}`);
  });

  test('nobody, a foreign organisation and an address that several have: 3', async () => {
    const cli = createCli();
    await addPeople(cli, 'aoki');
    for (const line of [
      'user show nobody',
      'user why 01900000-0000-7000-8000-000000000000',
      'user show aoki --org nowhere',
    ]) {
      expect(await cli.run(line)).toMatchObject({ code: 3, result: '', talk: expect.stringContaining('no') });
    }
  });

  test('a rule refuses: 4, with the rule’s words, and nothing is changed', async () => {
    const cli = createCli();
    await addPeople(cli, 'aoki', 'baba');
    await cli.json('user deactivate aoki');
    await cli.json('seats set --licensed 1');
    expect(await cli.run('user reactivate aoki --if-no-seat refuse')).toMatchObject({
      code: 4,
      result: '',
      talk: 'All 1 seats are in use.',
    });
    expect(await cli.run('seats set --licensed 0')).toMatchObject({
      code: 4,
      talk: '1 seat too many is in use or reserved for this.',
    });
    expect(await cli.json('user show aoki')).toMatchObject({ status: 'inactive', holds: [{ kind: 'admin' }] });
    expect(await cli.json('seats show')).toMatchObject({ licensed: 1, used: 1, free: 0 });
  });

  test('a name cannot write to the terminal of whoever looks at it', async () => {
    const cli = createCli();
    await addPeople(cli, 'evil\u001b[2J\u202e');
    const { result } = await cli.run('user show "evil\u001b[2J\u202e"');
    expect(result).toContain('evil [2J ');
    expect(result).not.toContain('\u001b');
    expect(result).not.toContain('\u202e');
  });
});

describe('credential and admin', () => {
  test('the secret alone is on standard output; it is in no list', async () => {
    const cli = createCli();
    const admin = await cli.run('admin create --name me');
    expect(admin).toMatchObject({ code: 0, result: expect.stringMatching(/^furl_admin_[0-9A-Za-z]{49}$/) });
    const scim = await cli.run('credential issue --kind scim --name Okta');
    expect(scim.result).toMatch(/^furl_scim_[0-9A-Za-z]{49}$/);
    const list = await cli.run('credential list');
    expect(list.result).toContain('Okta');
    expect(list.result).not.toContain(scim.result);
    expect(list.result).not.toContain(admin.result);
  });

  test('one that trusts an issuer: its id is the client id, and there is no secret', async () => {
    const cli = createCli();
    const trust = '--issuer https://login.example.com/t/v2.0 --audience api://app --subject sync';
    const issued = await cli.run(`credential issue --kind scim --name Entra --scope users --scope groups ${trust}`);
    expect(issued).toMatchObject({ code: 0, result: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    const [one] = await cli.json<Record<string, unknown>[]>('credential list');
    expect(one).toMatchObject({
      id: issued.result,
      scopes: ['users', 'groups'],
      trust: { issuer: 'https://login.example.com/t/v2.0', audience: 'api://app', subject: 'sync' },
    });
    expect(await cli.run('credential issue --kind scim --name x --subject sync')).toMatchObject({ code: 2 });
    expect(await cli.run('credential issue --kind scim --name x --scope everything')).toMatchObject({ code: 2 });
  });

  test('rotate and revoke', async () => {
    const cli = createCli();
    const { credential } = await cli.json<{ credential: { id: string } }>('credential issue --kind app --name app');
    const { credential: next } = await cli.json<{ credential: { id: string } }>(
      `credential rotate ${credential.id} --overlap 0`,
    );
    expect(next.id).not.toBe(credential.id);
    expect(await cli.json(`credential revoke ${next.id}`)).toMatchObject({ credential: { state: 'revoked' } });
    const states = await cli.json<{ id: string; state: string }[]>('credential list');
    expect(states.map(({ state }) => state)).toEqual(['revoked', 'revoked']);
    expect(await cli.run('credential revoke nothing')).toMatchObject({ code: 3 });
    expect(await cli.run(`credential rotate ${credential.id} --overlap soon`)).toMatchObject({ code: 2 });
  });
});

describe('organization, seats, connection', () => {
  test('create and list; a taken id is 4, a bad one 2', async () => {
    const cli = createCli();
    expect(
      await cli.run('organization create acme --name "Acme KK" --time-zone Asia/Tokyo --licensed 10'),
    ).toMatchObject({ code: 0 });
    expect(await cli.run('organization create acme --name Acme')).toMatchObject({ code: 4 });
    expect(await cli.run('organization create login --name Login')).toMatchObject({ code: 2 });
    expect(await cli.run('organization create NO --name No')).toMatchObject({
      code: 2,
      talk: expect.stringContaining('id must be'),
    });
    expect((await cli.run('organization list')).result).toContain('Acme KK');
    const settings =
      '--leave-seat keep --return-hour 9 --alert-at 50,100 --shortage-days 60 --notice-days none --dormancy 90:14 --language ja --hide-inactive emails,title --contact-email it@example.com';
    await cli.run(`organization set acme ${settings}`);
    expect(await cli.json('organization show acme')).toMatchObject({
      name: 'Acme KK',
      leaveSeat: 'keep',
      returnHour: 9,
      alerts: { thresholds: [50, 100], shortageDays: 60 },
      noticeDays: [],
      dormancy: { afterDays: 90, warnDays: 14 },
      language: 'ja',
      hiddenWhileInactive: ['emails', 'title'],
      contact: { email: 'it@example.com' },
    });
    expect((await cli.run('organization set acme --no-dormancy --no-contact')).code).toBe(0);
    const shown = (await cli.json('organization show acme')) as Record<string, unknown>;
    expect([shown['dormancy'], shown['contact'], shown['returnHour']]).toEqual([undefined, undefined, 9]);
    for (const bad of [
      '',
      '--alert-at many',
      '--dormancy 90',
      '--dormancy 90:14:1',
      '--language fr',
      '--hide-inactive password',
      '--return-hour 24',
    ])
      expect([bad, (await cli.run(`organization set acme ${bad}`)).code]).toEqual([bad, 2]);
    expect((await cli.run('organization show nobody')).code).toBe(3);
    expect(await cli.json('seats show --org acme')).toMatchObject({ licensed: 10, used: 0, free: 10 });
    expect(await cli.json('seats set --org acme --licensed unlimited --policy refuse')).toMatchObject({
      licensed: null,
      policy: 'refuse',
    });
    expect((await cli.run('seats show --org acme')).result).toMatch(/^licensed: +unlimited$[^]*^free: +unlimited$/m);
    const { result: usage } = await cli.run('seats usage --org acme');
    expect(usage).toMatch(/^licensed: +unlimited$/m);
    expect(usage).not.toContain('free:');
    expect(await cli.json('seats recount --org acme')).toMatchObject({ drift: 0, outcome: 'exact' });
    expect(await cli.run('seats set --org acme')).toMatchObject({ code: 2, talk: 'Nothing to set.' });
    expect(await cli.run('seats set --org acme --licensed many')).toMatchObject({ code: 2 });
  });

  test('this month is the month of the organisation', async () => {
    const cli = createCli();
    const [clock, begin] = [Date.now, Date.now()];
    Date.now = () => Date.parse('2027-03-31T20:00:00Z') + clock() - begin;
    try {
      await cli.run('organization create tokyo --name Tokyo --time-zone Asia/Tokyo');
      await cli.run('organization create hilo --name Hilo --time-zone Pacific/Honolulu');
      expect(await cli.json('seats usage --org tokyo')).toMatchObject({ month: '2027-04' });
      expect(await cli.json('seats usage --org hilo')).toMatchObject({ month: '2027-03' });
      await cli.run('seats set --org hilo --licensed 10');
      expect((await cli.run('seats usage --org hilo --month 2027-05')).result).toMatch(/^licensed: +10$/m);
      for (const command of ['usage', 'billing'])
        expect(await cli.run(`seats ${command} --org hilo --month 2027-02`)).toMatchObject({
          code: 2,
          talk: expect.stringContaining('The history of seats begins on 2027-03-31'),
        });
    } finally {
      Date.now = clock;
    }
  });

  test('budgets of departments by id or code; an unknown department is 3, a number that is none 2', async () => {
    const cli = createCli();
    expect(await cli.run('organization create acme --name Acme --licensed 10')).toMatchObject({ code: 0 });
    writeFileSync(join(cli.folder, 'departments.csv'), 'Department Code,Display Name\nS1,Sales\n');
    expect(await cli.run('import departments.csv --kind departments --org acme')).toMatchObject({ code: 0 });
    const set = await cli.json('seats budgets set S1 4 --org acme');
    expect(set).toMatchObject({ budget: { name: 'Sales', limit: 4, used: 0, free: 4 }, change: expect.any(String) });
    const id = (set as { budget: { department: string } }).budget.department;
    expect(await cli.json(`seats budgets set ${id} 4 --org acme`)).toMatchObject({ change: null });
    expect((await cli.run('seats budgets list --org acme')).result).toMatch(/Sales +4 +0 +4/);
    expect(await cli.run('seats budgets set nobody 4 --org acme')).toMatchObject({
      code: 3,
      talk: 'There is no such department.',
    });
    expect(await cli.run('seats budgets set S1 many --org acme')).toMatchObject({ code: 2 });
    expect(await cli.json('seats budgets remove S1 --org acme')).toMatchObject({ budget: null });
    expect(await cli.json('seats budgets list --org acme')).toEqual({ items: [] });
  });

  test('a connection by options, with its secret from a file or standard input, and by a file in the API’s form', async () => {
    const cli = createCli();
    const oidc =
      'connection add --kind oidc --name Okta --issuer https://idp.example.com --client-id furlough --domain Example.com';
    const added = await cli.run(`${oidc} --client-secret-file -`, 'planted-secret\n');
    expect(added).toMatchObject({ code: 0, result: expect.stringContaining('"hasClientSecret":true') });
    expect(added.result).not.toContain('planted-secret');
    writeFileSync(join(cli.folder, 'hr.json'), JSON.stringify({ id: 'bamboo', kind: 'hr' }));
    expect(await cli.run('connection add --file hr.json')).toMatchObject({ code: 0 });
    const list = await cli.run('connection list');
    expect(list.result).toMatch(/okta +Okta +oidc +- +userName/);
    expect(list.result).toMatch(/bamboo +bamboo +- +hr +userName/);
    expect(await cli.run('connection test bamboo')).toMatchObject({
      code: 1,
      result: expect.stringContaining('No live hr credential'),
    });
    expect(await cli.run('connection test nothing')).toMatchObject({ code: 3 });
    expect(await cli.run('connection add --file missing.json')).toMatchObject({
      code: 2,
      talk: 'missing.json cannot be read.',
    });
    expect(await cli.run('connection add --name x')).toMatchObject({ code: 2 });
    expect(await cli.run('connection add --kind oidc --name x --issuer nothing')).toMatchObject({
      code: 2,
      talk: expect.stringContaining('issuer'),
    });
  });

  test('an HR connection that fetches, on trial and for good, and a decision about its brake', async () => {
    const cli = createCli();
    const pull = { kind: 'generic', url: 'https://10.0.0.7/', mapping: { userName: 'u', status: 's', statuses: {} } };
    const brake = { mode: 'hold', atMost: 5 };
    writeFileSync(join(cli.folder, 'hr.json'), JSON.stringify({ id: 'people', kind: 'hr', pull, brake }));
    await cli.run('connection add --file hr.json');
    expect(await cli.run('connection pull people --dry-run')).toMatchObject({
      code: 1,
      result: expect.stringContaining('10.0.0.7 has a private address.'),
    });
    expect(await cli.json('connection brake people --release --minutes 5 --at-most 2')).toMatchObject({
      brake: { state: 'released', releasedAtMost: 2 },
    });
    expect(await cli.run('connection brake people')).toMatchObject({ code: 2, talk: 'Give --release or --keep.' });
    expect(await cli.run('connection brake people --release --minutes soon')).toMatchObject({ code: 2 });
    expect(await cli.run('connection pull default')).toMatchObject({ code: 2 });
    expect(await cli.run('connection brake nothing --keep')).toMatchObject({ code: 3 });
  });

  test('what an HR connection reported is listed and taken back; an unknown batch or connection is not found', async () => {
    const cli = createCli();
    const [id = ''] = await addPeople(cli, 'aoki');
    await cli.run('connection add --kind hr --id people --name People');
    const { secret } = await cli.json<{ secret: string }>('credential issue --kind hr --name HR --connection people');
    const server = createServer(loadConfig({}, cli.folder), { logger: createLogger({ level: 'silent' }) });
    const line = { userName: 'aoki', status: 'terminated', effectiveAt: '2020-01-01' };
    const sent = request(server.app).post('/hr/v1/status-changes').set('Authorization', `Bearer ${secret}`);
    const { batch } = (await sent.send([line]).expect(200)).body as { batch: string };
    await server.stop();
    expect((await cli.run('connection batches people')).result).toMatch(new RegExp(`${batch} .* feed +1 +0 +0 +1`));
    expect(await cli.json(`connection undo-batch people ${batch}`)).toEqual({
      batch,
      lines: { restored: 1, unchanged: 0, gone: 0, refused: 0 },
    });
    expect(await cli.json(`user show ${id}`)).toMatchObject({ status: 'active' });
    expect(await cli.json('connection batches people')).toMatchObject([{ id: batch, undone: { by: 'cli' } }]);
    expect(await cli.run('connection undo-batch people none')).toMatchObject({ code: 3 });
    expect(await cli.run('connection batches nothing')).toMatchObject({ code: 3 });
  });
});

describe('audit', () => {
  test('verify: 0 for a whole chain, 1 for one that another secret did not seal', async () => {
    const cli = createCli();
    await cli.json('seats set --licensed 5');
    expect(await cli.json('audit verify')).toMatchObject({ intact: true, entries: 3 });
    writeFileSync(join(cli.folder, 'data/secret'), Buffer.alloc(32, 9).toString('base64'));
    const broken = await cli.run('audit verify');
    expect(broken.code).toBe(1);
    expect(broken.result).toMatch(/intact: +false/);
  });
});

describe('check and use', () => {
  test('check makes nothing, and says that the first start will', async () => {
    const cli = createCli();
    expect(await cli.run('check')).toMatchObject({
      code: 0,
      result: expect.stringContaining('the first start makes it'),
    });
    expect(() => readFileSync(join(cli.folder, 'data/secret'))).toThrow(
      expect.objectContaining({ code: 'ENOENT' }) as Error,
    );
    await cli.json('migrate');
    expect(await cli.json('check')).toMatchObject({ configuration: 'ok', storage: 'ok', kind: 'sqlite' });
  });

  test('the first command on an empty store hands on the set-up link', async () => {
    const cli = createCli();
    expect((await cli.run('organization list')).talk).toContain('/console/set-up?code=');
    expect((await cli.run('organization list')).talk).toBe('');
  });

  test('faults of the configuration come all together: 2', async () => {
    const outcome = await createCli({ PORT: 'x', FURLOUGH_NOTHING: '1' }).run('check');
    expect(outcome).toMatchObject({ code: 2, result: '' });
    expect(outcome.talk).toContain('PORT (server.port)');
    expect(outcome.talk).toContain('FURLOUGH_NOTHING is not an option');
  });

  test('a store that does not answer: 5', async () => {
    const secret = Buffer.alloc(32, 1).toString('base64');
    const uri = 'mongodb://127.0.0.1:1/furlough?serverSelectionTimeoutMS=50';
    expect(await createCli({ FURLOUGH_STORAGE: uri, FURLOUGH_SECRET: secret }).run('seats show')).toMatchObject({
      code: 5,
      result: '',
    });
  });

  test.each([
    'nothing',
    'user',
    'user show',
    'user show a --what',
    'credential issue --kind scim',
    'credential issue --kind robot --name x',
  ])('wrong use, "%s": 2', async (line) => {
    expect(await createCli().run(line)).toMatchObject({ code: 2, result: '' });
  });

  test.each(['--help', '--version', 'user --help'])('%s: 0', async (line) => {
    expect(await createCli().run(line)).toMatchObject({ code: 0 });
  });
});
