// seats contract list | set; seats billing; seats move

import type { Command } from 'commander';
import { collect, toSeats, withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { UsageError } from './exit-code.ts';
import { findUser } from './find-user.ts';
import { writeFacts, writeTable, type Terminal } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;
type Place = Pick<CommandPlace, 'terminal'>;

/** The contract by date, the bill of a month, and moves in the waiting list. */
export function addSeatContractCommands(seats: Command, place: Place): void {
  addContractCommands(seats, place);
  addBillingCommand(seats, place);
  addMoveCommand(seats, place);
}

interface RowOptions {
  readonly row?: readonly string[];
  readonly none?: boolean;
}

function addContractCommands(seats: Command, { terminal }: Place): void {
  const contract = seats.command('contract').description('from when how many seats, and for how much');

  withOrganization(contract.command('list'))
    .description('the rows there are, and which is in force')
    .action(async ({ org, json }: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.contract', organization: org }),
      );
      writeRows(terminal, answer, json);
    });

  withOrganization(contract.command('set'))
    .description('replace all rows; one whose day has come takes effect at once')
    .option(
      '--row <row>',
      'FROM=SEATS or FROM=SEATS@PRICE CURRENCY, a seat and month, as "2027-04-01=12@1200 JPY"; may be repeated',
      collect,
    )
    .option('--none', 'take all rows away; the seats that are licensed now stay')
    .action(async ({ org, json, row = [], none = false }: CommonOptions & RowOptions) => {
      if (none === row.length > 0) throw new UsageError('Give either --row, once for each row, or --none.');
      const body = { rows: row.map(toRow) };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.planContract', organization: org, body }),
      );
      writeRows(terminal, answer, json);
    });
}

function addBillingCommand(seats: Command, { terminal }: Place): void {
  withOrganization(seats.command('billing'))
    .description('a month for the bill: what was licensed from when to when, and for how much')
    .requiredOption('--month <month>', 'as 2027-04')
    .action(async ({ org, json, month }: CommonOptions & { readonly month: string }) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.billing', organization: org, query: { month } }),
      );
      const { lines, ...rest } = answer;
      const rows = (lines as readonly Facts[]).map(withUnlimited);
      const table = writeTable(['from', 'to', 'days', 'seats', 'unitPrice', 'amount', 'currency'], rows);
      terminal.result(json === true ? JSON.stringify(answer) : `${table}\n${writeFacts(rest)}`);
    });
}

function addMoveCommand(seats: Command, { terminal }: Place): void {
  withOrganization(seats.command('move <user>'))
    .description('move somebody who waits; without --before to the end of the line')
    .option('--before <user>', 'who is to come right after them')
    .requiredOption('--reason <text>', 'why; it is in the audit trail')
    .action(async (user: string, options: CommonOptions & { readonly before?: string; readonly reason: string }) => {
      const { org, json, before, reason } = options;
      const answer = await insideHouse(terminal, async (house) => {
        const id = await findUser(house, org, user);
        const body = { before: before === undefined ? null : await findUser(house, org, before), reason };
        return runOperation(house, { operation: 'seats.moveWaiting', organization: org, params: { id }, body });
      });
      const items = answer['items'] as readonly { readonly place: number; readonly user: Facts }[];
      const rows = items.map((entry) => ({ place: entry.place, user: entry.user['userName'] }));
      terminal.result(json === true ? JSON.stringify(answer) : writeTable(['place', 'user'], rows));
    });
}

/** `UsageError` where it is not as `--row` says; what the words mean is the operation's to check. */
function toRow(text: string): Facts {
  const [, from, seats = '', unitPrice, currency] = /^([^=]+)=([^@]+)(?:@(\S+) (\S+))?$/.exec(text.trim()) ?? [];
  if (from === undefined) throw new UsageError('--row must be as "2027-04-01=12" or "2027-04-01=12@1200 JPY".');
  return { from, licensed: toSeats(seats, 'The seats of a row'), unitPrice, currency };
}

function writeRows(terminal: Terminal, answer: Facts, json: boolean | undefined): void {
  const rows = (answer['rows'] as readonly Facts[]).map(withUnlimited);
  const columns = ['from', 'licensed', 'unitPrice', 'currency', 'inForce', 'appliedAt'];
  terminal.result(json === true ? JSON.stringify(answer) : writeTable(columns, rows));
}

const endless: ReadonlySet<string> = new Set(['licensed', 'seats']);

function withUnlimited(row: Facts): Facts {
  const shown = ([name, value]: readonly [string, unknown]) => [
    name,
    value === null && endless.has(name) ? 'unlimited' : value,
  ];
  return Object.fromEntries(Object.entries(row).map(shown) as [string, unknown][]);
}
