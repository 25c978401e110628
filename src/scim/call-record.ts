// One call of a provisioning client as the provisioning log keeps it: every write, and whatever was refused. Reads that succeed are not kept: a client
// may send thousands an hour, and they change nothing.

import type { Logger } from '#observability/logger.ts';
import type { ProvisioningLog } from '#provisioning/provisioning-log.ts';
import type { ProvisioningOutcome } from '#storage/provisioning-log-records.ts';
import type { CallNotes } from './call-notes.ts';
import type { JsonValue } from './protocol/json-value.ts';
import { redactText, toKeptJson, toShortJson } from './redaction.ts';
import type { ScimClient } from './scim-operation.ts';

export interface RecordedCall {
  readonly client: Pick<ScimClient, 'organizationId' | 'connection' | 'credential'>;
  readonly notes: CallNotes;
  readonly requestId: string;
  readonly method: string;
  /** Made only for what is kept. */
  readonly path: () => string;
  readonly status: number;
  readonly changes: boolean;
  readonly operation?: number;
}

export interface CallRecordContext {
  readonly provisioningLog: Pick<ProvisioningLog, 'add'>;
  readonly now: () => number;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Records one call, if it is of those that are kept. Never throws: whatever goes wrong here has gone wrong behind an answer. */
export function recordCall(context: CallRecordContext, call: RecordedCall): void {
  try {
    record(context, call);
  } catch (error) {
    const details = { event: 'scim.recordTrouble', request_id: call.requestId, err: error };
    context.logger.warn(details, 'a call could not be recorded in the provisioning log');
  }
}

function record({ provisioningLog, now }: CallRecordContext, call: RecordedCall): void {
  const { client, notes, requestId, method, path, status, operation } = call;
  if (status < 400 && (!call.changes || notes.isRecordedInParts === true)) return;
  const { resource, difference, refusal, body } = notes;
  provisioningLog.add(client.organizationId, {
    at: now(),
    outcome: outcomeOf(status, notes),
    connection: client.connection,
    credential: client.credential,
    requestId,
    method,
    path: path(),
    ...(operation === undefined ? {} : { operation }),
    status,
    ...(resource === undefined ? {} : { resource }),
    why: (refusal === undefined ? [...notes.warnings] : [notes.detail ?? refusal.message]).map(redactText),
    ...(refusal?.scimType === undefined ? {} : { code: refusal.scimType }),
    ...(difference === undefined ? {} : { changes: toShortJson(difference as JsonValue, notes.unreturned) }),
    ...(body === undefined ? {} : { body: 'text' in body ? body.text : toKeptJson(body.value, notes.unreturned) }),
  });
}

function outcomeOf(status: number, { warnings, changed }: CallNotes): ProvisioningOutcome {
  if (status >= 400) return 'failure';
  if (warnings.size > 0) return 'warning';
  return changed === false ? 'skipped' : 'success';
}
