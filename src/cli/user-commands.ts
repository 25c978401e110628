// user show | deactivate | reactivate | why. A user is named by id, login name or e-mail address.

import { AdminError } from '#admin/admin-problem.ts';
import type { House } from '../server.ts';
import { collect, withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { findUser, userNaming as naming } from './find-user.ts';
import { inOneLine, writeFacts, writeTable, type Terminal } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;

export function addUserCommands({ program, terminal }: CommandPlace): void {
  const user = program.command('user').description('people');

  withOrganization(user.command('show'))
    .description('show a person')
    .argument('<user>', naming)
    .action(async (name: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, async (house) => operate(house, 'users.get', options.org, name));
      terminal.result(options.json === true ? JSON.stringify(answer) : writeUser(answer));
    });

  withOrganization(user.command('why'))
    .description('why this person can or cannot come in now; with a reference: why that sign-in was refused')
    .argument('<user or reference>', `${naming}; or the reference a refused person reads out`)
    .action(async (name: string, options: CommonOptions) => {
      const { signIn, answer } = await insideHouse(terminal, (house) => explain(house, options.org, name));
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else terminal.result(signIn ? writeSignIn(answer) : writeWhy(answer));
    });

  withOrganization(user.command('deactivate'))
    .description('switch the account off: the person is out everywhere when this ends')
    .argument('<user>', naming)
    .option('--reason <reason>', '"security" places a hold that only an explicit lift removes')
    .option('--note <note>')
    .action(async (name: string, options: CommonOptions & { reason?: string; note?: string }) => {
      const { reason, note } = options;
      const answer = await insideHouse(terminal, async (house) =>
        operate(house, 'users.deactivate', options.org, name, { reason, note }),
      );
      showChange(terminal, answer, options.json);
    });

  withOrganization(user.command('reactivate'))
    .description('lift holds; with none left the person is in again if a seat is free')
    .argument('<user>', naming)
    .option('--lift <kind>', 'which holds; all but security unless given; may be repeated', collect)
    .option('--if-no-seat <what>', 'wait or refuse')
    .action(async (name: string, options: CommonOptions & { lift?: readonly string[]; ifNoSeat?: string }) => {
      const { lift, ifNoSeat } = options;
      const answer = await insideHouse(terminal, async (house) =>
        operate(house, 'users.reactivate', options.org, name, { lift, ifNoSeat }),
      );
      showChange(terminal, answer, options.json);
    });

  withOrganization(user.command('undo'))
    .description('take a change of status back, as far as nobody changed that since')
    .argument('<change>', 'the id that the change was answered with')
    .action(async (change: string, { org, json }: CommonOptions) => {
      const call = { operation: 'changes.undo', organization: org, params: { change } };
      showChange(terminal, await insideHouse(terminal, (house) => runOperation(house, call)), json);
    });
}

/** A sign-in by its reference, three times four letters and digits as the page of a refusal shows them; else a person, who may be called so. */
async function explain(
  house: House,
  organization: string,
  name: string,
): Promise<{ readonly signIn: boolean; readonly answer: Facts }> {
  const isReference = /^[0-9a-z]{4}([ -])[0-9a-z]{4}\1[0-9a-z]{4}$/i.test(name);
  try {
    if (isReference) {
      const params = { reference: name };
      return { signIn: true, answer: await runOperation(house, { operation: 'signIns.get', organization, params }) };
    }
  } catch (error) {
    if (!(error instanceof AdminError) || error.code !== 'signInNotFound') throw error;
  }
  return { signIn: false, answer: await operate(house, 'users.why', organization, name) };
}

const writeChecks = (checks: unknown): string => writeTable(['check', 'passed', 'detail'], checks as readonly Facts[]);

function writeWhy(answer: Facts): string {
  const refusals = (answer['refusals'] as readonly Facts[]).map(({ door, ...rest }) => ({
    ...rest,
    app: (door as Facts | undefined)?.['app'],
  }));
  const parts = [
    inOneLine(answer['sentence']),
    writeChecks(answer['checks']),
    ...(refusals.length === 0
      ? []
      : [`Last refusals\n${writeTable(['reference', 'at', 'reason', 'protocol', 'app'], refusals)}`]),
    ...(answer['apps'] as readonly Facts[]).map(writeApp),
  ];
  return parts.join('\n\n');
}

/** An app that is not for the person: what it asked for then, and what would be now. */
function writeApp({ app, path, reference, then, now }: Facts): string {
  const { sentence, checks } = now as Facts;
  const where = path === undefined ? '' : ` at ${inOneLine(path)}`;
  const head = inOneLine(`Refused by ${String(app)}${where}, ${String(reference)}`);
  return `${head}\nThen\n${writeChecks(then)}\nNow: ${inOneLine(sentence)}\n${writeChecks(checks)}`;
}

/** The ladder of one sign-in: how far it came, what was found then, what would be now. */
function writeSignIn(answer: Facts): string {
  const { reference, at, outcome, reason, connection, protocol, userId, then } = answer;
  const { name: door, app, path } = (answer['door'] ?? {}) as Facts;
  const now = answer['now'] as Facts | null;
  const parts = [
    writeFacts({
      reference,
      at,
      outcome,
      reason: reason ?? 'none',
      connection,
      protocol,
      door,
      app,
      path,
      userId: userId ?? 'unknown',
    }),
    writeTable(['step', 'passed', 'detail'], answer['why'] as readonly Facts[]),
    ...(then === null ? [] : [`Then\n${writeChecks(then)}`]),
    ...(now === null ? [] : [`Now: ${inOneLine(now['sentence'])}\n${writeChecks(now['checks'])}`]),
  ];
  return parts.join('\n\n');
}

async function operate(
  house: House,
  operation: string,
  organization: string,
  name: string,
  body: Facts = {},
): Promise<Facts> {
  return runOperation(house, {
    operation,
    organization,
    params: { id: await findUser(house, organization, name) },
    body,
  });
}

function showChange(terminal: Terminal, answer: Facts, json: boolean | undefined): void {
  if (json === true) {
    terminal.result(JSON.stringify(answer));
    return;
  }
  const { seat, sessionsEnded, change } = answer;
  const lifted = (answer['lifted'] as readonly Facts[]).map(writeHold).join('; ');
  const facts = {
    seat,
    sessionsEnded,
    ...(lifted === '' ? {} : { lifted }),
    change: change ?? 'none; it was so already',
  };
  terminal.result(`${writeUser(answer['user'] as Facts)}\n${writeFacts(facts)}`);
}

function writeHold(hold: Facts): string {
  return `${String(hold['kind'])} since ${String(hold['since'])} by ${String(hold['by'])}`;
}

function writeUser(user: Facts): string {
  const { id, userName, displayName, status, roles, createdAt } = user;
  const holds = (user['holds'] as readonly Facts[]).map(writeHold);
  return writeFacts({
    id,
    userName,
    displayName,
    status,
    ...(holds.length === 0 ? {} : { holds: holds.join('; ') }),
    roles,
    createdAt,
  });
}
