// notice list | read | test, mail list | retry. The CLI reads on its own account: what it marks as read stays unread for administrators.

import { withOrganization, type CommonOptions } from './command-options.ts';
import type { CommandPlace } from './command-place.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import { findUser, userNaming } from './find-user.ts';
import { writeFacts, writeTable, type Terminal } from './terminal.ts';

interface ListOptions extends CommonOptions {
  readonly code?: string;
  readonly level?: string;
  readonly unread?: true;
}

export function addNoticeCommands({ program, terminal, endWith }: CommandPlace): void {
  const notice = program.command('notice').description('what an organisation’s administrators are told of');

  withOrganization(notice.command('list'))
    .description('notices, newest first, in the language of the terminal (English or Japanese)')
    .option('--code <code>', 'only these, for example seatShortage')
    .option('--level <level>', 'information, warning or important')
    .option('--unread', 'only those not marked by `notice read`')
    .action(async ({ org, json, code, level, unread }: ListOptions) => {
      const query = { code, level, unread: unread === true ? 'true' : undefined };
      const acceptLanguage = languageOf(terminal);
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'notices.list', organization: org, query, acceptLanguage }),
      );
      terminal.result(
        json === true ? JSON.stringify(items) : writeTable(['at', 'level', 'title', 'read', 'id'], items),
      );
    });

  withOrganization(notice.command('read'))
    .description('mark notices as read: the ones named, or with --up-to one and all before it')
    .argument('[notices...]', 'ids, as the list shows them')
    .option('--up-to <notice>')
    .action(async (ids: readonly string[], { org, json, upTo }: CommonOptions & { readonly upTo?: string }) => {
      if ((ids.length === 0) === (upTo === undefined)) throw new UsageError('Name either notices or --up-to.');
      const body = upTo === undefined ? { ids } : { upTo };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'notices.read', organization: org, body }),
      );
      terminal.result(json === true ? JSON.stringify(answer) : writeFacts(answer));
    });

  withOrganization(notice.command('test'))
    .description('send a mail to a person now, to try the mail settings out')
    .argument('<user>', userNaming)
    .action(async (name: string, { org, json }: CommonOptions) => {
      const answer = await insideHouse(terminal, async (house) =>
        runOperation(house, {
          operation: 'notices.test',
          organization: org,
          body: { user: await findUser(house, org, name) },
        }),
      );
      terminal.result(json === true ? JSON.stringify(answer) : writeFacts(answer));
      if (answer['outcome'] !== 'sent') endWith(exitCodes.failed);
    });

  const mail = program.command('mail').description('mails of notices');

  withOrganization(mail.command('list'))
    .description('what waits, was sent, was dropped or given up, and why')
    .option('--state <state>', 'waiting, sent, dead or dropped')
    .action(async ({ org, json, state }: CommonOptions & { readonly state?: string }) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'mails.list', organization: org, query: { state } }),
      );
      const columns = ['queuedAt', 'code', 'user', 'state', 'attempts', 'error', 'id'];
      terminal.result(json === true ? JSON.stringify(items) : writeTable(columns, items));
    });

  withOrganization(mail.command('retry'))
    .description('try a mail again that was given up or dropped; the server sends it')
    .argument('<mail>', 'its id, as the list shows it')
    .action(async (id: string, { org, json }: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'mails.retry', organization: org, params: { id } }),
      );
      terminal.result(json === true ? JSON.stringify(answer) : writeFacts(answer));
    });
}

/** `ja_JP.UTF-8` is `ja-JP`. */
function languageOf({ environment }: Terminal): string | undefined {
  const locale = environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'];
  return locale?.replace(/\..*$/, '').replaceAll('_', '-');
}
