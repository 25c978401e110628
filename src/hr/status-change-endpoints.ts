// `POST /hr/v1/status-changes` and the way back.

import { applyStatusChanges } from './apply-status-changes.ts';
import type { HrCall, HrContext } from './hr-context.ts';
import { HrError } from './hr-problem.ts';
import { undoBatch } from './undo-batch.ts';

const mostLines = 10_000;

export async function receiveStatusChanges(context: HrContext, call: HrCall) {
  const { query, body } = call;
  if (!Array.isArray(body)) throw new HrError('invalidInput', 'Send a JSON array of status changes.');
  if (body.length > mostLines) throw new HrError('invalidInput', `Send at most ${mostLines} lines at once.`);
  return { body: await applyStatusChanges(context, call, body, isDryRun(query)) };
}

/** A dry run that was misspelt must not become a real one. */
function isDryRun({
  dryRun,
  organization: _organization,
  credential: _credential,
  ...others
}: HrCall['query']): boolean {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw new HrError('invalidInput', `The query member ${unknown.slice(0, 40)} is not known here.`);
  if (dryRun === undefined || dryRun === 'false') return false;
  if (dryRun === 'true') return true;
  throw new HrError('invalidInput', '`dryRun` is true or false.');
}

/** Takes back what a batch did, the last first; what somebody changed since stays. The second time there is nothing left to do. */
export async function undoStatusChanges(context: HrContext, { client, assertStillIn, params }: HrCall) {
  const { organization, connection, by } = client;
  const lines = await undoBatch(context, { organization, connection, by, assertStillIn }, params['batch'] ?? '');
  if (lines === null) throw new HrError('batchNotFound', 'This feed has no such batch, or it is too old to be undone.');
  // A system is refused nothing for the last owner.
  const { refused: _none, ...told } = lines;
  return { body: { batch: params['batch'], lines: told } };
}
