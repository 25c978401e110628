// user show | deactivate | reactivate | why. A user is named by id, login name or e-mail address.

import { DirectoryError } from '#directory/directory-error.ts';
import type { House } from '../server.ts';
import { collect, withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { writeFacts, writeTable, type Terminal } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;

export function addUserCommands({ program, terminal }: CommandPlace): void {
  const user = program.command('user').description('people');
  const naming = 'id, login name or e-mail address';

  withOrganization(user.command('show'))
    .description('show a person')
    .argument('<user>', naming)
    .action(async (name: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, async (house) => operate(house, 'users.get', options.org, name));
      terminal.result(options.json === true ? JSON.stringify(answer) : writeUser(answer));
    });

  withOrganization(user.command('why'))
    .description('why this person can or cannot come in now')
    .argument('<user>', naming)
    .action(async (name: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, async (house) => operate(house, 'users.why', options.org, name));
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else {
        const checks = answer['checks'] as readonly Facts[];
        terminal.result(`${String(answer['sentence'])}\n\n${writeTable(['check', 'passed', 'detail'], checks)}`);
      }
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

/** The id of the one person meant. Throws `userNotFound`, also when several have the address. */
async function findUser(house: House, organization: string, name: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name)) return name.toLowerCase();
  for (const query of [{ userName: name }, { email: name }]) {
    const { items } = await runOperation(house, { operation: 'users.list', organization, query });
    const [first, ...others] = items as readonly { id: string }[];
    if (first === undefined) continue;
    if (others.length === 0) return first.id;
    throw new DirectoryError('userNotFound', `Several people have ${name}; give the id.`);
  }
  throw new DirectoryError('userNotFound', `There is no user ${name}.`);
}

function showChange(terminal: Terminal, answer: Facts, json: boolean | undefined): void {
  if (json === true) {
    terminal.result(JSON.stringify(answer));
    return;
  }
  const { seat, sessionsEnded, change } = answer;
  terminal.result(
    `${writeUser(answer['user'] as Facts)}\n${writeFacts({ seat, sessionsEnded, change: change ?? 'none; it was so already' })}`,
  );
}

function writeUser(user: Facts): string {
  const { id, userName, displayName, status, roles, createdAt } = user;
  const holds = (user['holds'] as readonly Facts[]).map(
    (hold) => `${String(hold['kind'])} since ${String(hold['since'])} by ${String(hold['by'])}`,
  );
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
