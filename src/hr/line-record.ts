// A line of a feed as the provisioning log keeps it, beside the calls of SCIM clients.

import type { ProvisioningOutcome } from '#storage/provisioning-log-records.ts';
import type { FeedClient, HrContext } from './hr-context.ts';
import type { LineOutcome, LineOutcomeKind } from './line-outcome.ts';

const outcomeOf: Readonly<Record<LineOutcomeKind, ProvisioningOutcome>> = {
  changed: 'success',
  unchanged: 'skipped',
  repeated: 'skipped',
  late: 'skipped',
  failed: 'failure',
};

export function recordLine(
  context: Pick<HrContext, 'provisioningLog' | 'now'>,
  { organization, connection, credential, requestId, fetchedFrom }: FeedClient,
  { index, outcome, user, code, detail, errors = [] }: LineOutcome,
): void {
  if (fetchedFrom !== undefined && (outcome === 'unchanged' || outcome === 'repeated')) return;
  const isHeldElsewhere = outcome !== 'failed' && user !== undefined && !user.active && user.heldBy.length > 0;
  const why = [
    ...(detail === undefined ? [] : [detail]),
    ...errors.map((fault) => `${fault.pointer} ${fault.detail}`.trim()),
    ...(outcome === 'late' || outcome === 'repeated' ? [`Left alone: the report is ${outcome}.`] : []),
    ...(isHeldElsewhere ? [`Held by ${user.heldBy.join(', ')}.`] : []),
  ];
  context.provisioningLog.add(organization.id, {
    at: context.now(),
    outcome: outcomeOf[outcome],
    connection,
    credential: credential.id,
    requestId,
    method: fetchedFrom === undefined ? 'POST' : 'GET',
    path: fetchedFrom ?? '/hr/v1/status-changes',
    operation: index,
    status: outcome === 'failed' ? 409 : 200,
    ...(user === undefined ? {} : { resource: { type: 'User', id: user.id, name: user.userName } }),
    why,
    ...(code === undefined ? {} : { code }),
  });
}
