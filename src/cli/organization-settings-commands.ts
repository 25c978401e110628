// organization show | set: what an organisation is set to.

import type { Command } from 'commander';
import { toCount, withJson } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { UsageError } from './exit-code.ts';
import { writeFacts } from './terminal.ts';

interface SettingOptions {
  readonly name?: string;
  readonly timeZone?: string;
  readonly leaveSeat?: string;
  readonly returnHour?: string;
  readonly alertAt?: string;
  readonly shortageDays?: string;
  readonly noticeDays?: string;
  /** False: `--no-dormancy`. */
  readonly dormancy?: string | false;
  readonly language?: string;
  readonly hideInactive?: string;
  readonly contactText?: string;
  readonly contactEmail?: string;
  /** False: `--no-contact`. */
  readonly contact?: false;
  readonly json?: boolean;
}

type Facts = Readonly<Record<string, unknown>>;

export function addOrganizationSettingsCommands(
  organization: Command,
  { terminal }: Pick<CommandPlace, 'terminal'>,
): void {
  const write = (answer: Facts, json: boolean | undefined): void =>
    terminal.result(json === true ? JSON.stringify(answer) : writeFacts(answer));

  withJson(organization.command('show'))
    .description('what an organisation is set to')
    .argument('<id>')
    .action(async (id: string, { json }: { readonly json?: boolean }) => {
      write(
        await insideHouse(terminal, (house) =>
          runOperation(house, { operation: 'organizations.get', organization: id }),
        ),
        json,
      );
    });

  withJson(organization.command('set'))
    .description('change what an organisation is set to; what is left out stays')
    .argument('<id>')
    .option('--name <name>')
    .option('--time-zone <zone>', 'IANA zone')
    .option('--leave-seat <what>', 'the seat during a leave that does not say: release or keep')
    .option('--return-hour <hour>', 'the local hour of returns that do not say')
    .option('--alert-at <percents>', 'shares of the licensed seats at which people are told, as 80,90,100; or "none"')
    .option('--shortage-days <days>', 'a shortage within so many days is told of; 0: none is')
    .option('--notice-days <days>', 'days before a return without a free seat, as 14,7,1,0; or "none"')
    .option('--dormancy <rule>', 'who has not signed in for so many days is held, warned so many days before, as 90:14')
    .option('--no-dormancy', 'nobody is held for not signing in')
    .option('--language <language>', 'of mails to people who have not chosen one: en or ja')
    .option(
      '--hide-inactive <parts>',
      'what colleagues do not see of who is inactive, as emails,phoneNumbers; or "none"',
    )
    .option('--contact-text <text>', 'whom people may ask when they are kept out')
    .option('--contact-email <address>')
    .option('--no-contact', 'nobody is named')
    .action(async (id: string, { json, ...options }: SettingOptions) => {
      const body = toChange(options);
      if (Object.keys(body).length === 0) throw new UsageError('Nothing to set.');
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'organizations.change', organization: id, body }),
      );
      const { organization: changed, change } = answer;
      write(json === true ? answer : { ...(changed as Facts), change: change ?? 'none' }, json);
    });
}

function toChange(options: SettingOptions): Facts {
  const { name, timeZone, leaveSeat, returnHour, alertAt, shortageDays, noticeDays, dormancy, language } = options;
  const { hideInactive } = options;
  const alerts = given({
    thresholds: alertAt === undefined ? undefined : toCounts(alertAt, '--alert-at'),
    shortageDays: shortageDays === undefined ? undefined : toCount(shortageDays, '--shortage-days'),
  });
  return given({
    name,
    timeZone,
    leaveSeat,
    returnHour: returnHour === undefined ? undefined : toCount(returnHour, '--return-hour'),
    alerts: Object.keys(alerts).length === 0 ? undefined : alerts,
    noticeDays: noticeDays === undefined ? undefined : toCounts(noticeDays, '--notice-days'),
    dormancy: toDormancy(dormancy),
    language,
    hiddenWhileInactive:
      hideInactive === undefined ? undefined : hideInactive === 'none' ? [] : hideInactive.split(','),
    contact: toContact(options),
  });
}

/** commander says `true` where a `--no-…` exists and neither was given. */
function toDormancy(rule: string | boolean | undefined): Facts | null | undefined {
  if (rule === undefined || rule === true) return undefined;
  if (rule === false) return null;
  const [after = '', warn = '', ...rest] = rule.split(':');
  if (rest.length > 0) throw new UsageError('--dormancy must be two numbers of days, as 90:14.');
  return { afterDays: toCount(after, '--dormancy'), warnDays: toCount(warn, '--dormancy') };
}

function toContact({ contact, contactText: text, contactEmail: email }: SettingOptions): Facts | null | undefined {
  if (text === undefined && email === undefined) return contact === false ? null : undefined;
  return given({ text, email });
}

function toCounts(text: string, name: string): readonly number[] {
  return text === 'none' ? [] : text.split(',').map((part) => toCount(part.trim(), `Each of ${name}`));
}

function given(values: Facts): Facts {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
