// seats show | set | recount | forecast | waiting | history | usage; budgets, contract, billing and move have files of their own

import { readOrganization } from '#admin/admin-operation.ts';
import { toLocalDate } from '#provisioning/leave-dates.ts';
import { monthOf } from '#provisioning/seat-history.ts';
import type { House } from '../server.ts';
import { toCount, toSeats, withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import type { CommandPlace } from './command-place.ts';
import { addSeatBudgetCommands } from './seat-budget-commands.ts';
import { addSeatContractCommands } from './seat-contract-commands.ts';
import { inOneLine, writeFacts, writeTable, type Terminal } from './terminal.ts';

interface SetOptions extends CommonOptions {
  readonly licensed?: string;
  readonly over?: string;
  readonly overUntil?: string;
  readonly reserveForReturn?: string;
  readonly policy?: string;
}

export function addSeatCommands(place: CommandPlace): void {
  const { program, terminal, endWith } = place;
  const seats = program.command('seats').description('seats of an organisation');
  addSeatBudgetCommands(seats, place);
  addSeatContractCommands(seats, place);

  withOrganization(seats.command('show'))
    .description('seats licensed, used, free and waited for')
    .action(async (options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.get', organization: options.org }),
      );
      show(terminal, answer, options.json);
    });

  withOrganization(seats.command('set'))
    .description('change the contract or the policy; what is left out stays')
    .option('--licensed <seats>', 'seats bought, or "unlimited"')
    .option('--over <seats>', 'how many more may be used, with policy allowOver')
    .option('--over-until <day>', 'the first day on which that ends, as 2027-04-01, or "none"')
    .option('--reserve-for-return <days>', 'from so many days before a return on a seat is kept for it')
    .option('--policy <policy>', 'wait, refuse or allowOver')
    .action(async (options: SetOptions) => {
      const { licensed, over, overUntil, reserveForReturn, policy } = options;
      if ([licensed, over, overUntil, reserveForReturn, policy].every((value) => value === undefined))
        throw new UsageError('Nothing to set.');
      const body = {
        policy,
        licensed: licensed === undefined ? undefined : toSeats(licensed, '--licensed'),
        over: over === undefined ? undefined : toCount(over, '--over'),
        overUntil: overUntil === 'none' ? null : overUntil,
        reserveForReturn:
          reserveForReturn === undefined ? undefined : toCount(reserveForReturn, '--reserve-for-return'),
      };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.change', organization: options.org, body }),
      );
      show(terminal, answer, options.json);
    });

  withOrganization(seats.command('forecast'))
    .description('how many seats will be needed, by day, from leaves and planned ends')
    .option('--days <days>', 'how far ahead', '90')
    .action(async ({ org, json, days }: CommonOptions & { readonly days: string }) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.forecast', organization: org, query: { days } }),
      );
      terminal.result(json === true ? JSON.stringify(answer) : writeForecast(answer));
    });

  withOrganization(seats.command('waiting'))
    .description('who waits for a seat, in order, and when their turn is to be expected')
    .action(async ({ org, json }: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.waiting', organization: org }),
      );
      const items = answer['items'] as readonly {
        readonly user: { readonly userName: string };
        readonly budget?: { readonly name: string };
      }[];
      const rows = items.map(({ user, budget, ...entry }) => ({
        ...entry,
        user: user.userName,
        ...(budget === undefined ? {} : { budget: budget.name }),
      }));
      const columns = ['place', 'user', 'since', 'for', 'reason', 'budget', 'turn'];
      terminal.result(json === true ? JSON.stringify(answer) : writeTable(columns, rows));
    });

  withOrganization(seats.command('history'))
    .description('seats in use by day, and how many could be dropped')
    .option('--from <date>', 'the first day; 90 days before the last')
    .option('--to <date>', 'the last day; today')
    .action(async ({ org, json, from, to }: CommonOptions & { readonly from?: string; readonly to?: string }) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.history', organization: org, query: { from, to } }),
      );
      terminal.result(json === true ? JSON.stringify(answer) : writeHistory(answer as unknown as History));
    });

  withOrganization(seats.command('usage'))
    .description('a month: the most seats in use, and how many people used one')
    .option('--month <month>', 'as 2027-04; this month')
    .action(async ({ org, json, month }: CommonOptions & { readonly month?: string }) => {
      const answer = await insideHouse(terminal, async (house) => {
        const query = { month: month ?? (await thisMonth(house, org)) };
        return runOperation(house, { operation: 'seats.usage', organization: org, query });
      });
      show(terminal, answer, json);
    });

  withOrganization(seats.command('recount'))
    .description('count the holders of seats and repair the ledger if it is wrong')
    .action(async (options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.recount', organization: options.org }),
      );
      show(terminal, answer, options.json);
      if (answer['outcome'] === 'busy') endWith(exitCodes.failed);
    });
}

/** The organisation's, not the server's. */
async function thisMonth({ admin }: House, id: string): Promise<string> {
  const { timeZone } = await readOrganization(admin, id);
  return monthOf(toLocalDate(admin.now(), timeZone));
}

interface History {
  readonly days: readonly Readonly<Record<string, unknown>>[];
  readonly peak: number;
  readonly average: number;
  readonly couldDrop: number | null;
}

function writeHistory({ days, peak, average, couldDrop }: History): string {
  const columns = ['date', 'licensed', 'used', 'peak', 'average', 'taken', 'given'];
  const dropped = couldDrop === null ? '' : `, ${couldDrop} could be dropped`;
  return `${writeTable(columns, days)}\nPeak ${peak}, average ${average}${dropped}.`;
}

interface ForecastEvent {
  readonly kind: string;
  readonly name: string;
  readonly waits?: true;
}

function writeEvent({ kind, name, waits }: ForecastEvent): string {
  return kind === 'reserved' ? `reserved for ${name}` : `${name} ${kind}${waits === true ? ' and waits' : ''}`;
}

function writeForecast({ steps, firstShortage }: Readonly<Record<string, unknown>>): string {
  const rows = (steps as readonly { readonly events: readonly ForecastEvent[] }[]).map((step) => ({
    ...step,
    events: step.events.map(writeEvent).join(', '),
  }));
  const table = writeTable(['date', 'needed', 'used', 'reserved', 'free', 'short', 'events'], rows);
  const { sentence } = (firstShortage ?? { sentence: 'Nobody will go without a seat, as far as is known.' }) as {
    readonly sentence: string;
  };
  return `${table}\n\n${inOneLine(sentence)}`;
}

/** What is null when there is no end to it. */
const unlimited: ReadonlySet<string> = new Set(['licensed', 'billed', 'free']);

function show(terminal: Terminal, answer: Readonly<Record<string, unknown>>, json: boolean | undefined): void {
  const facts = Object.entries(answer).map(([name, value]) => [
    name,
    unlimited.has(name) ? (value ?? 'unlimited') : value,
  ]);
  terminal.result(json === true ? JSON.stringify(answer) : writeFacts(Object.fromEntries(facts)));
}
