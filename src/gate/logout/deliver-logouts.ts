// Delivers queued logouts: several at once, few to one app, each under a claim, so that nodes do not double each other's work. What is not taken is
// tried again, later and later, for a day (gate.md 4.1, O16). Nothing waits for it: the doors are closed already.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { DeliveryOutcome, GateContext } from '../gate-context.ts';
import { logoutDeliveryRecords, type LogoutDelivery, type StoredLogoutDelivery } from './logout-delivery.ts';

/** Delivers one now. False: the app wants none. Rejects when it was not taken. */
export type SendLogout = (organizationId: OrganizationId, delivery: LogoutDelivery) => Promise<boolean>;

export interface LogoutDeliverer {
  /** Tries everything that is due, once. Answers how many were taken. Throws `StorageError`. */
  run(): Promise<number>;
}

/** Longer than a try can take. */
const claimMs = 60_000;
const pageSize = 200;
const mostAtOnce = 8;
/** So many failures in a row, and the app is left alone for this run. */
const patience = 3;
const firstDelayMs = 2_000;
const longestDelayMs = 3_600_000;

export function createLogoutDeliverer(context: GateContext, send: SendLogout): LogoutDeliverer {
  const records = context.storage.records(logoutDeliveryRecords);

  async function runFor(organizationId: OrganizationId): Promise<number> {
    const failures = new Map<string, number>();
    let taken = 0;
    for (let after: string | undefined; ; ) {
      const page = { key: 'state=waiting', limit: pageSize, ...(after === undefined ? {} : { after }) };
      const some = await records.list(organizationId, page, context.now());
      const due = some.filter(({ value }) => value.nextAt <= context.now());
      for (let from = 0; from < due.length; from += mostAtOnce) {
        const outcomes = await Promise.all(due.slice(from, from + mostAtOnce).map((each) => attempt(each, failures)));
        taken += outcomes.filter(Boolean).length;
      }
      if (some.length < pageSize) return taken;
      after = some.at(-1)?.id;
    }
  }

  async function attempt(record: StoredLogoutDelivery, failures: Map<string, number>): Promise<boolean> {
    const { organizationId, value } = record;
    if ((failures.get(value.app) ?? 0) >= patience) return false;
    const claimed = { ...value, nextAt: context.now() + claimMs };
    if (!(await records.replace({ ...record, value: claimed }))) return false;
    const outcome = await tryOnce(organizationId, claimed);
    context.metrics?.deliveries.inc({ kind: 'backchannelLogout', outcome: outcomeOf(outcome) });
    if (outcome.state === 'delivered') failures.delete(value.app);
    else if (outcome.error !== undefined) failures.set(value.app, (failures.get(value.app) ?? 0) + 1);
    // Whoever wrote meanwhile (a removal, a retry by hand) has the word.
    await records.replace({ ...record, revision: record.revision + 1, value: outcome });
    return outcome.state === 'delivered';
  }

  async function tryOnce(organizationId: OrganizationId, delivery: LogoutDelivery): Promise<LogoutDelivery> {
    const attempts = delivery.attempts + 1;
    try {
      const isWanted = await send(organizationId, delivery);
      const { error: _error, ...rest } = delivery;
      return isWanted
        ? { ...rest, attempts, state: 'delivered', deliveredAt: context.now() }
        : { ...rest, attempts, state: 'dropped' };
    } catch (error) {
      const now = context.now();
      const text = (error instanceof Error ? error.message : String(error)).slice(0, 300);
      const failed = { ...delivery, attempts, error: text };
      if (now >= delivery.giveUpAt) {
        context.logger.warn({ app: delivery.app, err: error }, 'a logout could not be delivered and was given up');
        return { ...failed, state: 'dead' };
      }
      return { ...failed, nextAt: Math.min(now + delayAfter(attempts), delivery.giveUpAt) };
    }
  }

  return {
    async run() {
      let taken = 0;
      for (const { id } of await context.storage.organizations.list()) taken += await runFor(id);
      return taken;
    },
  };
}

function outcomeOf({ state }: LogoutDelivery): DeliveryOutcome {
  return state === 'waiting' ? 'failed' : state;
}

/** Twice as long each time, up to an hour, between half and one and a half of it, so that a target that comes back is not overrun. */
function delayAfter(attempts: number): number {
  const delay = Math.min(firstDelayMs * 2 ** (attempts - 1), longestDelayMs);
  return Math.round(delay * (0.5 + Math.random()));
}
