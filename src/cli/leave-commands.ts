// leave add | list | change | end | cancel | run-due.

import { withJson, withOrganization, type CommonOptions } from './command-options.ts';
import type { CommandPlace } from './command-place.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import { findUser, userNaming } from './find-user.ts';
import { writeFacts, writeTable } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;
interface PlanOptions extends CommonOptions {
  readonly type?: string;
  readonly from?: string;
  readonly until?: string;
  readonly returnHour?: string;
  readonly keepSeat?: true;
  readonly note?: string;
}
interface ChangeOptions extends PlanOptions {
  readonly indefinite?: true;
  readonly releaseSeat?: true;
}

const doneColumns = ['organization', 'user', 'leave', 'type', 'kind', 'outcome', 'lateBySeconds'];
const columns = ['user', 'id', 'type', 'state', 'from', 'until', 'seat', 'note'];

export function addLeaveCommands({ program, terminal, endWith }: CommandPlace): void {
  const leave = program.command('leave').description('absences with an automatic return');

  withOrganization(leave.command('add'))
    .description('plan a leave; without --from it begins now')
    .argument('<user>', userNaming)
    .option('--type <type>', 'leave, parental, secondment, other, or left: a planned end')
    .option('--from <date>', 'the first day away, as 2027-02-01')
    .option('--until <date>', 'the first day back; left out: until somebody says so')
    .option('--return-hour <hour>', 'the local hour of the return, 0 to 23')
    .option('--keep-seat', 'the seat is not given back meanwhile')
    .option('--note <note>')
    .action(async (name: string, { org, json, type, from, until, returnHour, keepSeat, note }: PlanOptions) => {
      const hour = returnHour === undefined ? undefined : Number(returnHour);
      const seat = keepSeat === true ? 'keep' : undefined;
      const body = { type, from, until, returnHour: hour, seat, note };
      const answer = await insideHouse(terminal, async (house) =>
        runOperation(house, {
          operation: 'users.planLeave',
          organization: org,
          params: { id: await findUser(house, org, name) },
          body,
        }),
      );
      terminal.result(json === true ? JSON.stringify(answer) : writeChange(answer));
    });

  withOrganization(leave.command('list'))
    .description('leaves that are ahead or running; with a person, theirs, past ones too')
    .argument('[user]', userNaming)
    .action(async (name: string | undefined, { org, json }: CommonOptions) => {
      const items = await insideHouse(terminal, async (house) => {
        if (name === undefined) {
          const found = await listAll(house, { operation: 'leaves.list', organization: org });
          return found.map((item) => ({ ...(item['leave'] as Facts), user: (item['user'] as Facts)['userName'] }));
        }
        const params = { id: await findUser(house, org, name) };
        const { leaves } = await runOperation(house, { operation: 'users.leaves', organization: org, params });
        return (leaves as readonly Facts[]).map((item) => ({ ...item, user: name }));
      });
      terminal.result(json === true ? JSON.stringify(items) : writeTable(columns, items));
    });

  withOrganization(leave.command('change'))
    .description('change the plan of a leave that is not over; what is left out stays')
    .argument('<user>', userNaming)
    .argument('<leave>', 'its id, as the list shows it')
    .option('--type <type>', 'leave, parental, secondment, other, or left: a planned end')
    .option('--from <date>', 'the first day away; of a running leave it stays')
    .option('--until <date>', 'the first day back')
    .option('--indefinite', 'nobody knows the first day back any more')
    .option('--return-hour <hour>', 'the local hour of the return, 0 to 23')
    .option('--keep-seat', 'the seat is not given back meanwhile')
    .option('--release-seat', 'the seat is given back meanwhile')
    .option('--note <note>')
    .action(async (name: string, id: string, options: ChangeOptions) => {
      const body = toChange(options);
      const answer = await insideHouse(terminal, async (house) => {
        const params = { id: await findUser(house, options.org, name), leave: id };
        return runOperation(house, { operation: 'users.changeLeave', organization: options.org, params, body });
      });
      terminal.result(options.json === true ? JSON.stringify(answer) : writeChange(answer));
    });

  withJson(leave.command('run-due'))
    .description('carry out now what is due of leaves, in all organisations; exit code 6 when a rule refused some')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const notes = await insideHouse(terminal, (house) => house.admin.provisioning.runDueLeaves());
      const done = notes.map(({ user, leave: { id, type }, kind, outcome, lagSeconds }) => ({
        organization: user.organizationId,
        user: user.profile.userName,
        leave: id,
        type,
        kind,
        outcome,
        lateBySeconds: Math.floor(lagSeconds),
      }));
      if (json === true) terminal.result(JSON.stringify(done));
      else if (done.length === 0) terminal.talk('Nothing is due.');
      else terminal.result(writeTable(doneColumns, done));
      if (done.some(({ outcome }) => outcome === 'refused')) endWith(exitCodes.partlyDone);
    });

  for (const [command, words] of [
    ['end', 'end a running leave now; without another hold the person is in again if a seat is free'],
    ['cancel', 'cancel a leave that is ahead; one that is running ends now'],
  ] as const) {
    withOrganization(leave.command(command))
      .description(words)
      .argument('<user>', userNaming)
      .argument('<leave>', 'its id, as the list shows it')
      .action(async (name: string, id: string, { org, json }: CommonOptions) => {
        const answer = await insideHouse(terminal, async (house) => {
          const params = { id: await findUser(house, org, name), leave: id };
          return runOperation(house, { operation: 'users.endLeave', organization: org, params });
        });
        terminal.result(json === true ? JSON.stringify(answer) : writeChange(answer));
      });
  }
}

function toChange({
  type,
  from,
  until,
  indefinite,
  returnHour,
  keepSeat,
  releaseSeat,
  note,
}: ChangeOptions): Readonly<Record<string, unknown>> {
  if (indefinite === true && until !== undefined) throw new UsageError('Give --until or --indefinite.');
  if (keepSeat === true && releaseSeat === true) throw new UsageError('Give --keep-seat or --release-seat.');
  const body = {
    type,
    from,
    until: indefinite === true ? null : until,
    returnHour: returnHour === undefined ? undefined : Number(returnHour),
    seat: keepSeat === true ? 'keep' : releaseSeat === true ? 'release' : undefined,
    note,
  };
  if (Object.values(body).every((value) => value === undefined)) throw new UsageError('Say what is to change.');
  return body;
}

function writeChange({ leave, user, sessionsEnded, change }: Facts): string {
  const { id, state, from, until } = leave as Facts;
  const { userName, status, seat } = user as Facts;
  return writeFacts({ user: userName, status, seat, leave: id, state, from, until, sessionsEnded, change });
}
