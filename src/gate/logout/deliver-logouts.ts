// Delivers queued logouts: several at once, few to one app, each under a claim, so that nodes do not double each other's work. What is not taken is
// tried again, later and later, for a day (gate.md 4.1, O16). Nothing waits for it: the doors are closed already. However many organisations
// there are, a look costs one question while nothing is due.

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { DeliveryOutcome, GateContext } from '../gate-context.ts';
import { logoutDeliveryRecords, type LogoutDelivery, type StoredLogoutDelivery } from './logout-delivery.ts';
import { listLogoutsDue, moveLogoutDue, putLogoutDue, type StoredLogoutDue } from './logout-due.ts';

/** Delivers one now. False: the app wants none. Rejects when it was not taken. */
export type SendLogout = (organizationId: OrganizationId, delivery: LogoutDelivery) => Promise<boolean>;

export interface LogoutDeliverer {
  /** Tries everything that is due, once. Answers how many were taken. Throws `StorageError`. */
  run(): Promise<number>;
  /** Finds what waits and nobody would look at any more, in every organisation: what a crash left behind. Throws `StorageError`. */
  recover(): Promise<void>;
}

/** Longer than a try can take. */
const claimMs = 60_000;
const pageSize = 100;
const mostAtOnce = 8;
/** So many at once to one app; and so many failures in a row, and it is left alone for this run. */
const patience = 3;
const firstDelayMs = 2_000;
const longestDelayMs = 3_600_000;
/** What was left alone with its app is looked at again so much later. */
const restMs = 30_000;
/** What is due for so long was forgotten. */
const forgottenMs = 600_000;

interface Try {
  readonly due: StoredLogoutDue;
  readonly record: StoredLogoutDelivery;
  /** Unique over all organisations. */
  readonly app: string;
}

export function createLogoutDeliverer(context: GateContext, send: SendLogout): LogoutDeliverer {
  const records = context.storage.records(logoutDeliveryRecords);

  /** Of what is due, what is to be tried now; the rest is put where it belongs. */
  async function pick(dues: readonly StoredLogoutDue[]): Promise<readonly Try[]> {
    const ids = [...new Set(dues.map(({ value }) => value.delivery))];
    const found = new Map((await records.getMany(ids, context.now())).map((record) => [record.id, record]));
    const tries: Try[] = [];
    for (const due of dues) {
      const record = found.get(due.value.delivery);
      if (record?.value.state !== 'waiting') await moveLogoutDue(context, due, null);
      // Somebody is at it, or it was put off: its own word counts.
      else if (record.value.nextAt > context.now()) await moveLogoutDue(context, due, record.value.nextAt);
      else tries.push({ due, record, app: `${record.organizationId}/${record.value.app}` });
    }
    return tries;
  }

  /** Works them off, so that an app that hangs takes a few of the places and not all. Answers how many were taken. */
  async function workOff(tries: readonly Try[], failures: Map<string, number>): Promise<number> {
    const left = [...tries];
    const busy = new Map<string, number>();
    let taken = 0;
    const next = (): Try | undefined => {
      const index = left.findIndex(({ app }) => (busy.get(app) ?? 0) < patience);
      return index === -1 ? undefined : left.splice(index, 1)[0];
    };
    const worker = async (): Promise<void> => {
      for (let one = next(); one !== undefined; one = next()) {
        busy.set(one.app, (busy.get(one.app) ?? 0) + 1);
        try {
          if (await attempt(one, failures)) taken += 1;
        } finally {
          busy.set(one.app, (busy.get(one.app) ?? 0) - 1);
        }
      }
    };
    await Promise.all(Array.from({ length: mostAtOnce }, worker));
    return taken;
  }

  async function attempt({ due, record, app }: Try, failures: Map<string, number>): Promise<boolean> {
    const { organizationId, value } = record;
    const isLeftAlone = (failures.get(app) ?? 0) >= patience;
    const claimed = { ...value, nextAt: context.now() + claimMs };
    if (!isLeftAlone && !(await records.replace({ ...record, value: claimed }))) return false;
    const outcome = isLeftAlone ? putOff(value) : await tryOnce(organizationId, claimed);
    if (outcome.state === 'delivered') failures.delete(app);
    else if (!isLeftAlone && outcome.error !== undefined) failures.set(app, (failures.get(app) ?? 0) + 1);
    if (!isLeftAlone || outcome.state === 'dead') count(outcome);
    // Whoever wrote meanwhile (a removal, a retry by hand) has the word; the next look finds what it is.
    const revision = record.revision + (isLeftAlone ? 0 : 1);
    if (await records.replace({ ...record, revision, value: outcome }))
      await moveLogoutDue(context, due, outcome.state === 'waiting' ? outcome.nextAt : null);
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
      const text = (error instanceof Error ? error.message : String(error)).slice(0, 300);
      return waitOrGiveUp({ ...delivery, attempts, error: text }, delayAfter(attempts));
    }
  }

  /** Its app failed just now, several times: it waits without a try of its own, or, its day being over, was given up with it. */
  function putOff(delivery: LogoutDelivery): LogoutDelivery {
    return waitOrGiveUp({ error: 'the app does not take others either', ...delivery }, spread(restMs));
  }

  function waitOrGiveUp(delivery: LogoutDelivery, delayMs: number): LogoutDelivery {
    const now = context.now();
    if (now < delivery.giveUpAt) return { ...delivery, nextAt: Math.min(now + delayMs, delivery.giveUpAt) };
    const { app, error } = delivery;
    context.logger.warn({ app, error }, 'a logout could not be delivered and was given up');
    return { ...delivery, state: 'dead' };
  }

  function count({ state }: LogoutDelivery): void {
    const outcome: DeliveryOutcome = state === 'waiting' ? 'failed' : state;
    context.metrics?.deliveries.inc({ kind: 'backchannelLogout', outcome });
  }

  return {
    async run() {
      const failures = new Map<string, number>();
      let taken = 0;
      for (let after: string | undefined; ; ) {
        const page = await listLogoutsDue(context, pageSize, after);
        const dues = page.filter(({ value }) => value.at <= context.now());
        if (dues.length > 0) taken += await workOff(await pick(dues), failures);
        if (dues.length < pageSize) return taken;
        after = dues.at(-1)?.id;
      }
    },
    async recover() {
      const now: Instant = context.now();
      for (const { id: organizationId } of await context.storage.organizations.list()) {
        for (let after: string | undefined; ; ) {
          const page = { key: 'state=waiting', limit: pageSize, ...(after === undefined ? {} : { after }) };
          const some = await records.list(organizationId, page, now);
          for (const { id, value } of some)
            if (value.nextAt <= now - forgottenMs) await putLogoutDue(context, id, value.nextAt);
          if (some.length < pageSize) break;
          after = some.at(-1)?.id;
        }
      }
    },
  };
}

/** Twice as long each time, up to an hour. */
function delayAfter(attempts: number): number {
  return spread(Math.min(firstDelayMs * 2 ** (attempts - 1), longestDelayMs));
}

/** Between half and one and a half of it, so that a target that comes back is not overrun. */
function spread(delayMs: number): number {
  return Math.round(delayMs * (0.5 + Math.random()));
}
