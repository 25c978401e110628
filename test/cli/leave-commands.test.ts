// `furlough leave change | run-due`: what they do, what they answer, and how they end.

import { loadConfig } from '#config/load-config.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { createLogger } from '#observability/logger.ts';
import type { LeavePlan } from '#provisioning/plan-leave.ts';
import { createServer } from '#server.ts';
import { createCli, type Cli } from './cli-run.ts';

type Facts = Readonly<Record<string, any>>; // oxlint-disable-line no-explicit-any

const organization = 'default' as OrganizationId;
const connection = 'default' as ConnectionId;
const byFeed: ChangeContext = { actor: { kind: 'connection', connection }, mouth: 'scimPost' };
const byAdministrator: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };
const dayMs = 86_400_000;
const dayFromNow = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);

/** Puts people in who had planned these leaves a year ago. */
async function addPeople(
  cli: Cli,
  plans: Readonly<Record<string, LeavePlan & { readonly owner?: boolean }>>,
): Promise<void> {
  const overrides = { now: () => Date.now() - 366 * dayMs };
  const server = createServer(loadConfig({}, cli.folder), { logger: createLogger({ level: 'silent' }), ...overrides });
  const { provisioning } = (await server.open()).admin;
  const people: User[] = [];
  for (const [userName, { owner = false }] of Object.entries(plans)) {
    const request = { profile: { userName }, active: true, connection, restore: true };
    const { user } = await provisioning.provisionUser(organization, request, byFeed);
    if (owner) await provisioning.assignRoles(organization, user.id, ['owner'], byAdministrator);
    people.push(user);
  }
  for (const [at, { owner: _owner, ...plan }] of Object.values(plans).entries())
    await provisioning.planLeave(organization, people[at]!.id, plan, byAdministrator);
  await server.stop();
}

test('a plan is changed word by word; a running one keeps its start, one that is over is refused', async () => {
  const cli = createCli();
  await addPeople(cli, { aoki: { type: 'leave', from: dayFromNow(20), until: dayFromNow(40), note: 'first' } });
  const [planned] = await cli.json<Facts[]>('leave list aoki');
  const change = `leave change aoki ${planned?.['id']}`;
  const later = await cli.json<Facts>(
    `${change} --type parental --from ${dayFromNow(30)} --until ${dayFromNow(60)} --return-hour 9 --keep-seat --note second`,
  );
  expect(later).toMatchObject({
    leave: {
      type: 'parental',
      from: dayFromNow(30),
      until: dayFromNow(60),
      returnHour: 9,
      seat: 'keep',
      note: 'second',
    },
    user: { status: 'scheduled' },
  });
  const indefinite = await cli.json<Facts>(`${change} --indefinite --release-seat`);
  expect(indefinite['leave']).toMatchObject({
    type: 'parental',
    from: dayFromNow(30),
    seat: 'release',
    note: 'second',
  });
  expect(indefinite['leave']).not.toHaveProperty('until');
  const now = await cli.run(`${change} --from ${dayFromNow(-1)}`);
  expect([now.code, now.result]).toEqual([0, expect.stringMatching(/status: +onLeave[^]*state: +running/)]);
  expect((await cli.run(`${change} --from ${dayFromNow(3)}`)).code).toBe(2);
  for (const options of ['', `--until ${dayFromNow(9)} --indefinite`, '--keep-seat --release-seat', '--return-hour x'])
    expect([options, (await cli.run(`${change} ${options}`)).code]).toEqual([options, 2]);
  expect((await cli.run('leave change aoki nothing --note x')).code).toBe(3);
  expect((await cli.run(`leave change nobody ${planned?.['id']} --note x`)).code).toBe(3);
  await cli.json(`leave end aoki ${planned?.['id']}`);
  expect((await cli.run(`${change} --note x`)).code).toBe(4);
});

test('run-due carries out what is due, says what became of it, and does it once', async () => {
  const cli = createCli();
  await addPeople(cli, {
    aoki: { type: 'parental', from: dayFromNow(-2), until: dayFromNow(40) },
    baba: { type: 'leave', from: dayFromNow(-9), until: dayFromNow(-2) },
    chiba: { type: 'left', from: dayFromNow(-1) },
    sato: { type: 'leave', from: dayFromNow(-1), owner: true },
  });
  const first = await cli.run('leave run-due --json');
  expect(first.code).toBe(6);
  const done = JSON.parse(first.result) as Facts[];
  expect(done.map(({ user, kind, outcome }) => [user, kind, outcome])).toEqual([
    ['baba', 'passed', 'done'],
    ['aoki', 'started', 'done'],
    ['chiba', 'left', 'done'],
    ['sato', 'started', 'refused'],
  ]);
  expect(done[1]).toMatchObject({ organization: 'default', type: 'parental', leave: expect.any(String) });
  expect(done[1]?.['lateBySeconds']).toBeGreaterThan(86_400);
  expect(first.talk).toContain('a leave could not be carried out');
  const states: unknown[] = [];
  for (const name of ['aoki', 'baba', 'chiba', 'sato'])
    states.push((await cli.json<Facts>(`user show ${name}`))['status']);
  expect(states).toEqual(['onLeave', 'active', 'inactive', 'scheduled']);
  const second = await cli.run('leave run-due');
  expect([second.code, second.result]).toEqual([
    6,
    expect.stringMatching(/^ORGANIZATION[^\n]*\n[^\n]*sato[^\n]*refused[^\n]*$/),
  ]);
  const [of] = await cli.json<Facts[]>('leave list sato');
  await cli.json(`leave cancel sato ${of?.['id']}`);
  expect(await cli.run('leave run-due')).toMatchObject({ code: 0, result: '', talk: 'Nothing is due.' });
});
