// Connections that fetch from an HR system by themselves: run now, also on trial, and how far they are.

import type { Connection } from '#directory/connection.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { HrPull } from '#directory/hr-pull.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import type { HrPullState } from '#storage/hr-pull-records.ts';
import * as contract from './admin-contract.ts';
import {
  defineOperation,
  paramOf,
  toIso,
  type AdminContext,
  type Operation,
  type OperationCall,
} from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readConnection } from './connection-changes.ts';

const path = '/organizations/:org/connections/:id/pull';

export const hrPullOperations: readonly Operation[] = [
  defineOperation({
    id: 'connections.pull',
    method: 'post',
    path,
    summary: 'Fetch from the HR system now; with `dryRun` everything is read and nothing stored',
    query: contract.pullQuery,
    answer: contract.pullRunAnswer,
    run: async (context, call) => {
      const { connection } = await readPulling(context, call);
      const report = await context.hrPulls.run(call.organization, connection, call.query.dryRun === 'true');
      if (report === null) throw new AdminError('pullRunning', 'This connection is fetching already; look again soon.');
      return { body: report };
    },
  }),
  defineOperation({
    id: 'connections.pullState',
    method: 'get',
    path,
    summary: 'How far fetching from the HR system is: the last run, the next one, and what went wrong',
    answer: contract.pullStateAnswer,
    run: async (context, call) => {
      const { connection, pull } = await readPulling(context, call);
      return { body: toStateAnswer(pull, await context.hrPulls.stateOf(connection)) };
    },
  }),
];

async function readPulling(
  context: AdminContext,
  call: Pick<OperationCall, 'organization' | 'params'>,
): Promise<{ readonly connection: Connection; readonly pull: HrPull }> {
  const connection = await readConnection(context, call.organization.id, paramOf(call, 'id') as ConnectionId);
  const pull = connection.provisioning?.kind === 'hr' ? connection.provisioning.pull : undefined;
  if (pull === undefined)
    throw new DirectoryError('notSupported', 'This connection fetches nothing; set `pull` in its provisioning part.');
  return { connection, pull };
}

function toStateAnswer({ kind, everyMinutes }: HrPull, state: HrPullState | null) {
  const { run, last, failing, since, nextAt } = state ?? {};
  return {
    kind,
    everyMinutes,
    running: run !== undefined,
    nextAt: nextAt === undefined ? null : toIso(nextAt),
    cursor: { since: since === undefined ? null : toIso(since), position: run?.position ?? null },
    last: last === undefined ? null : { ...last, startedAt: toIso(last.startedAt), endedAt: toIso(last.endedAt) },
    failing: failing === undefined ? null : { since: toIso(failing.since), tries: failing.tries },
  };
}
