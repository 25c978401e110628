// What the house does by the clock, and how often. background-jobs.ts runs it, each job on one node at a time.

import type { AdminContext } from '#admin/admin-operation.ts';
import { announceShortages } from '#admin/announce-shortages.ts';
import { followMetadata } from '#admin/follow-metadata.ts';
import { rotateOldKeys } from '#admin/rotate-signing-keys.ts';
import { warnOfCertificates } from '#admin/warn-of-certificates.ts';
import type { Job } from '#background-jobs.ts';
import type { Gate } from '#gate/gate.ts';
import { deliverMails, type MailPlace } from '#notices/deliver-mails.ts';
import type { HrPullRunner } from '#hr/pull/hr-pulls.ts';
import { runImports } from '#import-export/run-import.ts';
import type { Metrics } from '#observability/metrics.ts';
import { runDormancy } from '#provisioning/dormancy.ts';
import { moveAllLeaves } from '#provisioning/move-leaves.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { runDue } from '#provisioning/run-due.ts';
import { addUpSeatDays } from '#provisioning/seat-history.ts';
import { watchSeats } from '#provisioning/seat-alerts.ts';
import { recountAll, sweepSeats } from '#provisioning/seat-sweep.ts';
import { recordKinds } from '#record-kinds.ts';
import { expireRecords } from '#storage/expire-records.ts';
import type { Storage } from '#storage/storage.ts';

export interface ScheduledParts {
  readonly storage: Storage;
  readonly write: ProvisioningContext;
  readonly admin: AdminContext;
  readonly gate: Gate;
  readonly hrPulls: HrPullRunner;
  readonly metrics: Metrics;
  readonly now: () => number;
}

/** All jobs of the house. */
export function listScheduledWork({
  storage,
  write,
  admin,
  gate,
  hrPulls,
  metrics,
  now,
}: ScheduledParts): readonly Job[] {
  return [
    { name: 'seats', everyMs: 5_000, run: () => sweepSeats(write) },
    { name: 'leaves', everyMs: 5_000, run: () => runLeavesMeasured(write, metrics) },
    { name: 'leaveZones', everyMs: 3_600_000, run: () => moveAllLeaves(write) },
    { name: 'seatHistory', everyMs: 3_600_000, run: () => addUpSeatDays({ storage, now }) },
    { name: 'recount', everyMs: 3_600_000, run: () => recountAll(write) },
    { name: 'seatAlerts', everyMs: 60_000, run: () => watchSeats(write) },
    { name: 'shortages', everyMs: 300_000, run: () => announceShortages(admin) },
    { name: 'dormancy', everyMs: 60_000, run: () => runDormancy(write, admin.mailer !== null) },
    { name: 'mails', everyMs: 2_000, run: () => deliverMailsMeasured(admin, metrics, write.reportTrouble) },
    { name: 'metadata', everyMs: 600_000, run: () => followMetadata(admin) },
    { name: 'hrPulls', everyMs: 60_000, run: () => hrPulls.runDue() },
    { name: 'certificates', everyMs: 3_600_000, run: () => warnOfCertificates(admin) },
    { name: 'signingKeys', everyMs: 3_600_000, run: () => rotateOldKeys(admin) },
    { name: 'logouts', everyMs: 2_000, run: async () => void (await gate.deliverLogouts()) },
    { name: 'logoutRecovery', everyMs: 3_600_000, run: () => gate.recoverLogouts() },
    { name: 'imports', everyMs: 2_000, run: () => runImports(admin.imports) },
    { name: 'expiry', everyMs: 60_000, run: () => expireRecords(storage, recordKinds, now()) },
  ];
}

async function runLeavesMeasured(context: ProvisioningContext, metrics: Metrics): Promise<void> {
  await runDue(context, ({ kind, outcome, lagSeconds }) => {
    metrics.leaveTransitions.inc({ kind, outcome });
    if (outcome !== 'refused') metrics.leaveTransitionLag.observe(lagSeconds);
  });
  metrics.leavesRanAt.set(context.now() / 1000);
}

async function deliverMailsMeasured(
  { storage, mailer, config: { baseUrl }, now }: AdminContext,
  metrics: Metrics,
  reportTrouble: ProvisioningContext['reportTrouble'],
): Promise<void> {
  if (mailer === null) return;
  const note: MailPlace['note'] = (outcome) => metrics.deliveries.inc({ kind: 'mail', outcome });
  await deliverMails({ storage, now, mailer, baseUrl, note, reportTrouble });
}
