// Commands for what the gate keeps: sessions, apps, domains. The same operations as the admin API's, so here only how they are said and answered.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '#config/load-config.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { resumeSession } from '#gate/sessions/resume-session.ts';
import { openSession } from '#gate/sessions/session.ts';
import { createLogger } from '#observability/logger.ts';
import { createServer, type House } from '#server.ts';
import { startDnsServer } from '../harness/dns-server.ts';
import { createCli, type Cli } from './cli-run.ts';

const at = 'default' as OrganizationId;

/** What a running server would do beside the commands. */
async function inside<Result>(cli: Cli, act: (house: House) => Promise<Result>): Promise<Result> {
  const server = createServer(loadConfig({}, cli.folder), { logger: createLogger({ level: 'silent' }) });
  try {
    return await act(await server.open());
  } finally {
    await server.stop();
  }
}

interface Entry {
  readonly action: string;
  readonly mouth: string;
  readonly actor: string;
  readonly reason?: string;
}

test('who opens a store and goes again leaves nothing claimed: the next carries it out', async () => {
  for (let round = 0; round < 5; round += 1) {
    const cli = createCli();
    await inside(cli, async ({ admin, relay }) => {
      const change = { licensed: 7 + round };
      const by = { actor: { kind: 'cli' }, mouth: 'cli' } as const;
      await admin.provisioning.changeSeats(at, change, by);
      // Begun, and not waited for.
      void relay.drain();
      for (let turn = 0; turn < round; turn += 1) await Promise.resolve();
    });
    expect(await auditOf(cli, 'seats.changed')).toHaveLength(1);
  }
});

async function auditOf(cli: Cli, action: string): Promise<readonly Entry[]> {
  const { result } = await cli.run('audit export');
  const entries = result.split('\n').map((line) => JSON.parse(line) as Entry);
  return entries.filter((entry) => entry.action === action);
}

describe('session', () => {
  const enter = async (cli: Cli, userName: string, times: number): Promise<readonly string[]> =>
    inside(cli, async ({ admin }) => {
      const connection = 'default' as ConnectionId;
      const by = { actor: { kind: 'connection', connection }, mouth: 'scimPost' } as const;
      const request = { profile: { userName }, active: true, connection, restore: true };
      const { user } = await admin.provisioning.provisionUser(at, request, by);
      const tokens: string[] = [];
      const from = { browser: 'Firefox\u001b[2J', network: '192.0.2.0/24' };
      for (let n = 0; n < times; n += 1)
        tokens.push(
          await openSession(admin.gate, { organizationId: at, userId: user.id, epoch: user.epoch, connection, from }),
        );
      return tokens;
    });
  const kinds = (cli: Cli, tokens: readonly string[]) =>
    inside(cli, ({ admin }) => Promise.all(tokens.map(async (token) => (await resumeSession(admin.gate, token)).kind)));

  test('list, end one, end all: by login name; the others live on, and it is audited with its reason', async () => {
    const cli = createCli();
    const tokens = await enter(cli, 'aoki', 3);
    const others = await enter(cli, 'baba', 1);
    const listed = await cli.json<{ id: string; live: boolean }[]>('session list aoki');
    expect(listed).toHaveLength(3);
    const table = await cli.run('session list aoki');
    expect(table.result).toContain('192.0.2.0/24');
    expect(table.result).not.toContain('\u001b');
    const [first] = listed;
    expect(await cli.json(`session end aoki ${first?.id ?? ''} --reason "lost laptop"`)).toMatchObject({
      sessionsEnded: 1,
    });
    expect((await kinds(cli, tokens)).toSorted()).toEqual(['nobody', 'signedIn', 'signedIn']);
    expect(await cli.run(`session end aoki ${first?.id ?? ''}`)).toMatchObject({
      code: 0,
      result: expect.stringMatching(/sessionsEnded: +0\nchange: +none; it had ended already/),
    });
    expect(await auditOf(cli, 'session.ended')).toMatchObject([{ mouth: 'cli', reason: 'lost laptop' }]);
    expect(await cli.json('session end-all aoki')).toMatchObject({ sessionsEnded: 2, change: expect.any(String) });
    expect(await kinds(cli, tokens)).toEqual(['nobody', 'nobody', 'nobody']);
    expect(await kinds(cli, others)).toEqual(['signedIn']);
    expect(await auditOf(cli, 'user.sessionsEnded')).toMatchObject([{ mouth: 'cli' }]);
    expect(await cli.json('user show aoki')).toMatchObject({ status: 'active' });
  });

  test('somebody else’s session, an unknown one, nobody: 3', async () => {
    const cli = createCli();
    await enter(cli, 'aoki', 1);
    const tokens = await enter(cli, 'baba', 1);
    const [theirs] = await cli.json<{ id: string }[]>('session list baba');
    for (const line of [
      `session end aoki ${theirs?.id ?? ''}`,
      'session end aoki nothing',
      'session list nobody',
      'session end-all nobody',
    ])
      expect(await cli.run(line)).toMatchObject({ code: 3, result: '' });
    expect(await kinds(cli, tokens)).toEqual(['signedIn']);
  });
});

describe('app', () => {
  test('create, show, list, replace, remove; taken 4, unknown 3', async () => {
    const cli = createCli();
    const created = await cli.run('app create --name "The Wiki" --id wiki --host wiki.example.com --public /assets/');
    expect(created).toMatchObject({ code: 0, talk: expect.not.stringContaining('secret') });
    expect(await cli.json('app show wiki')).toMatchObject({
      id: 'wiki',
      name: 'The Wiki',
      forwardAuth: { hosts: ['wiki.example.com'], rules: [{ path: '/assets/', access: 'public' }] },
    });
    expect(await cli.run('app create --name Other --host wiki.example.com')).toMatchObject({ code: 4, result: '' });
    expect(await cli.run('app create --name Other --id wiki --host other.example.com')).toMatchObject({ code: 4 });
    const whole = { name: 'Wiki', forwardAuth: { hosts: ['w.example.com'] } };
    writeFileSync(join(cli.folder, 'wiki.json'), JSON.stringify(whole));
    expect(await cli.run('app replace wiki --file wiki.json')).toMatchObject({ code: 0 });
    expect((await cli.run('app list')).result).toMatch(/wiki +Wiki +w\.example\.com +-/);
    expect(await cli.run('app remove wiki')).toMatchObject({
      code: 0,
      result: expect.stringMatching(/removed: +true/),
    });
    for (const line of ['app show wiki', 'app remove wiki', 'app secret wiki', 'app replace wiki --file wiki.json'])
      expect(await cli.run(line)).toMatchObject({ code: 3, result: '' });
    expect(await cli.json('app list')).toEqual([]);
    expect(await auditOf(cli, 'app.added')).toMatchObject([{ mouth: 'cli' }]);
    expect(await auditOf(cli, 'app.removed')).toMatchObject([{ mouth: 'cli' }]);
  });

  test('a client of OpenID Connect: its secret alone is on standard output, once, and in no list and no audit', async () => {
    const cli = createCli();
    const line =
      'app create --name CRM --redirect-uri https://crm.example.com/cb --backchannel-logout-uri https://crm.example.com/out';
    const created = await cli.run(line);
    expect(created).toMatchObject({ code: 0, result: expect.stringMatching(/^furl_app_[0-9A-Za-z]{49}$/) });
    expect(created.talk).toContain('"backchannelLogoutUri":"https://crm.example.com/out"');
    const renewed = await cli.run('app secret crm --overlap 60');
    expect(renewed.result).toMatch(/^furl_app_/);
    expect(renewed.result).not.toBe(created.result);
    const seen = [await cli.run('app list'), await cli.run('app show crm'), await cli.run('audit export')].map(
      ({ result }) => result,
    );
    for (const secret of [created.result, renewed.result]) expect(seen.join('\n')).not.toContain(secret);
    expect(seen[0]).toMatch(/crm +CRM +- +client_secret_basic/);
    const keys = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: 'private' }] };
    writeFileSync(join(cli.folder, 'keys.json'), JSON.stringify(keys));
    expect(
      await cli.run(
        'app create --name Keyed --redirect-uri https://k.example.com/cb --auth-method private_key_jwt --jwks keys.json',
      ),
    ).toMatchObject({ code: 2, talk: expect.stringContaining('nothing private') });
    expect(readFileSync(join(cli.folder, 'keys.json'), 'utf8')).toContain('private');
  });

  test.each([
    ['app create', '--name'],
    ['app create --name x', 'forwardAuth'],
    ['app create --name x --public /a', '--host'],
    ['app create --name x --host "a b"', 'host'],
    ['app create --name x --redirect-uri ftp://x', 'https'],
    ['app create --file missing.json', 'cannot be read'],
    ['app replace x', '--file'],
    ['app secret x --overlap soon', '--overlap'],
  ])('wrong use, "%s": 2, and it says %s', async (line, words) => {
    expect(await createCli().run(line)).toMatchObject({ code: 2, result: '', talk: expect.stringContaining(words) });
  });
});

describe('domain', () => {
  test('add says what to put into DNS; verify is 4 until it is there; remove gives it up', async () => {
    const dns = await startDnsServer();
    try {
      const cli = createCli({ FURLOUGH_GATE_DNS_SERVERS: dns.address });
      const added = await cli.run('domain add Example.com');
      expect(added).toMatchObject({
        code: 0,
        result: expect.stringMatching(/verified: +false\nname: +_furlough\.example\.com/),
      });
      const [, value = ''] = /value: +(furlough-domain=\S+)/.exec(added.result) ?? [];
      expect(await cli.run('domain verify example.com')).toMatchObject({ code: 4, result: '' });
      dns.zone.set('_furlough.example.com', [value]);
      expect((await cli.run('domain verify EXAMPLE.com')).result).toMatch(/verified: +true\nverifiedBy: +dns/);
      expect((await cli.run('domain list')).result).toMatch(/example\.com +true +dns/);
      expect(await cli.run('domain remove example.com')).toMatchObject({ code: 0 });
      expect(await cli.json('domain list')).toEqual([]);
      for (const line of ['domain verify example.com', 'domain remove example.com'])
        expect(await cli.run(line)).toMatchObject({ code: 3, result: '' });
    } finally {
      await dns.close();
    }
  });

  test('by word, without DNS; another organisation cannot have it then; no domain at all: 2', async () => {
    const cli = createCli();
    await cli.run('domain add example.com');
    expect(await cli.json('domain verify example.com --by-word')).toMatchObject({
      domain: { verified: true, verifiedBy: 'administrator' },
    });
    await cli.run('organization create beta --name Beta');
    await cli.run('domain add example.com --org beta');
    expect(await cli.run('domain verify example.com --by-word --org beta')).toMatchObject({ code: 4, result: '' });
    expect(await cli.run('domain add nothing')).toMatchObject({ code: 2, result: '' });
    expect(await auditOf(cli, 'domain.verified')).toMatchObject([{ mouth: 'cli' }]);
  });
});
