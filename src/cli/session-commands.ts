// session list | end | end-all, of one person each. What is ended is dead at every door of every node when the command ends.

import { withOrganization, type CommonOptions } from './command-options.ts';
import type { CommandPlace } from './command-place.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import { findUser, userNaming } from './find-user.ts';
import { writeFacts, writeTable } from './terminal.ts';

type EndOptions = CommonOptions & { readonly reason?: string };

export function addSessionCommands({ program, terminal }: CommandPlace): void {
  const session = program.command('session').description('where people are signed in');

  withOrganization(session.command('list'))
    .description('a person’s sessions, newest first; ended ones too until they would have expired')
    .argument('<user>', userNaming)
    .action(async (name: string, options: CommonOptions) => {
      const items = await insideHouse(terminal, async (house) => {
        const params = { id: await findUser(house, options.org, name) };
        return listAll(house, { operation: 'users.sessions', organization: options.org, params });
      });
      const columns = ['id', 'live', 'connection', 'browser', 'network', 'createdAt', 'lastSeenAt', 'endedAt', 'cause'];
      terminal.result(options.json === true ? JSON.stringify(items) : writeTable(columns, items));
    });

  withOrganization(session.command('end'))
    .description('end one session')
    .argument('<user>', userNaming)
    .argument('<session>', 'its id, as the list shows it')
    .option('--reason <reason>', 'for the audit trail')
    .action((name: string, id: string, options: EndOptions) => end('users.endSession', name, { session: id }, options));

  withOrganization(session.command('end-all'))
    .description('log a person out everywhere; status and seat stay, and they may sign in again')
    .argument('<user>', userNaming)
    .option('--reason <reason>', 'for the audit trail')
    .action((name: string, options: EndOptions) => end('users.endSessions', name, {}, options));

  async function end(
    operation: string,
    name: string,
    params: Readonly<Record<string, string>>,
    { org, reason, json }: EndOptions,
  ): Promise<void> {
    const answer = await insideHouse(terminal, async (house) =>
      runOperation(house, {
        operation,
        organization: org,
        params: { ...params, id: await findUser(house, org, name) },
        body: { reason },
      }),
    );
    const { sessionsEnded, change } = answer;
    terminal.result(
      json === true
        ? JSON.stringify(answer)
        : writeFacts({ sessionsEnded, change: change ?? 'none; it had ended already' }),
    );
  }
}
