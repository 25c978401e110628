// Fetching from HR systems: when a connection is due, who of several nodes does it, and from where it goes on.

import { createHash } from 'node:crypto';
import type { Connection } from '#directory/connection.ts';
import type { HrPull } from '#directory/hr-pull.ts';
import { createTimeOrderedId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { Metrics } from '#observability/metrics.ts';
import { connectionRecordId, connectionRecords, pullingKey } from '#storage/connection-records.ts';
import { hrPullId, hrPullRecords, type HrPullState, type PullRun } from '#storage/hr-pull-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import { openSource, type SourceContext } from './open-source.ts';
import { noCounts, PullLost, runPull, type RunContext, type RunParts, type RunReport } from './run-pull.ts';

export interface PullContext extends RunContext, SourceContext {
  readonly metrics: Pick<Metrics, 'pulls'>;
  readonly reportTrouble: (message: string, error: unknown) => void;
}

export interface HrPullRunner {
  run(
    organization: Organization,
    connection: Connection,
    dryRun: boolean,
  ): Promise<(RunReport & { readonly dryRun: boolean }) | null>;
  stateOf(connection: Connection): Promise<HrPullState | null>;
  forget(connection: Pick<Connection, 'id' | 'organizationId'>): Promise<void>;
  /** The sweep: whatever is due. */
  runDue(): Promise<void>;
}

const leaseMs = 300_000;
const renewMs = 30_000;
/** How long after its removal a connection may still change somebody. */
const lookMs = 250;
/** Within the time that a server has to stop. */
const sweepMs = 20_000;
const fullEveryMs = 86_400_000;
const together = 4;
const page = 100;

export function createHrPulls(context: PullContext): HrPullRunner {
  const { storage, now } = context;
  const records = storage.records(hrPullRecords);

  async function run(organization: Organization, connection: Connection, dryRun: boolean) {
    const pull = pullOf(connection);
    if (pull === undefined) return null;
    const requestId = createTimeOrderedId(now(), context.randomBytes);
    const known = await records.get(hrPullId(organization.id, connection.id), now());
    if (dryRun) {
      const { state, begun } = begin(connection, pull, known?.value ?? null, 0, now(), true);
      const parts = { organization, connection, pull, requestId, assertStillIn: async () => undefined, save: null };
      const source = openSource(context, organization, connection, pull, begun, state);
      return { dryRun, ...(await runPull(context, { ...parts, source }, state, begun)) };
    }
    return runAlone(organization, connection, pull, requestId);
  }

  async function runAlone(organization: Organization, connection: Connection, pull: HrPull, requestId: string) {
    const name = `pull:${organization.id}/${connection.id}`;
    const lease = await storage.leases.acquire(name, requestId, leaseMs);
    if (lease === null) return null;
    const { fence } = lease;
    let renewedAt = Date.now();
    let lookedAt = renewedAt;
    const assertStillIn: RunParts['assertStillIn'] = async (looksNow) => {
      if (looksNow === true || Date.now() - lookedAt >= lookMs) {
        lookedAt = Date.now();
        if (!(await isStillPulling(connection))) throw new PullLost('the connection was changed or removed');
      }
      if (Date.now() - renewedAt < renewMs) return;
      const renewed = await storage.leases.acquire(name, requestId, leaseMs);
      if (renewed?.fence !== fence) throw new PullLost('another node has begun');
      renewedAt = Date.now();
    };
    try {
      let record = await readOrMake(organization, connection, fence, now());
      if (record.value.fence > fence) return null;
      const save: NonNullable<RunParts['save']> = async (state, effects = []) => {
        const next = { ...record, value: { ...state, fence } };
        if (!(await records.replace(next, effects))) throw new PullLost('another node has written');
        if (effects.length > 0) context.wakeRelay();
        record = { ...next, revision: record.revision + 1 };
      };
      const { state, begun } = begin(connection, pull, record.value, fence, now(), false);
      await save({ ...state, run: begun });
      const source = openSource(context, organization, connection, pull, begun, state);
      const parts = { organization, connection, pull, requestId, assertStillIn, save, source };
      const report = await runPull(context, parts, { ...state, run: begun }, begun);
      context.metrics.pulls.inc({ connection: connection.id, outcome: report.outcome });
      return { dryRun: false, ...report };
    } catch (error) {
      if (error instanceof PullLost) return null;
      throw error;
    } finally {
      await storage.leases
        .release(name, requestId)
        .catch((error: unknown) => context.reportTrouble('the lease of a pull was not released', error));
    }
  }

  async function isStillPulling(connection: Connection): Promise<boolean> {
    const id = connectionRecordId(connection.organizationId, connection.id);
    const known = await storage.records(connectionRecords).get(id, now());
    const pull = known === null ? undefined : pullOf(known.value);
    return pull !== undefined && describeSource(pull) === describeSource(pullOf(connection) ?? pull);
  }

  async function readOrMake(
    { id: organizationId }: Organization,
    { id: connection }: Connection,
    fence: number,
    at: number,
  ): Promise<StoredRecord<HrPullState>> {
    const id = hrPullId(organizationId, connection);
    const known = await records.get(id, at);
    if (known !== null) return known;
    await records.insertOnce({ id, organizationId, value: { connection, fence, nextAt: at } });
    const made = await records.get(id, at);
    if (made === null) throw new PullLost('the connection was removed');
    return made;
  }

  async function runDue(): Promise<void> {
    const endBy = Date.now() + sweepMs;
    for (const organization of await storage.organizations.list()) {
      const due = await listDue(organization);
      // What finds no time is due the next time, too.
      for (let from = 0; from < due.length && Date.now() < endBy; from += together)
        await Promise.all(due.slice(from, from + together).map((connection) => runReported(organization, connection)));
    }
  }

  async function runReported(organization: Organization, connection: Connection): Promise<void> {
    try {
      await run(organization, connection, false);
    } catch (error) {
      context.reportTrouble(`fetching for ${organization.id}/${connection.id} failed`, error);
    }
  }

  async function listDue({ id: organizationId }: Organization): Promise<readonly Connection[]> {
    const due: Connection[] = [];
    for (let after: string | undefined; ; ) {
      const place = after === undefined ? {} : { after };
      const listed = await storage
        .records(connectionRecords)
        .list(organizationId, { key: pullingKey, limit: page, ...place }, now());
      const ids = listed.map(({ value }) => hrPullId(organizationId, value.id));
      const states = new Map((await records.getMany(ids, now())).map(({ value }) => [value.connection, value]));
      due.push(...listed.map(({ value }) => value).filter((one) => isDue(one, states.get(one.id), now())));
      after = listed.at(-1)?.id;
      if (listed.length < page) return due;
    }
  }

  return {
    run,
    runDue,
    stateOf: async (connection) =>
      (await records.get(hrPullId(connection.organizationId, connection.id), now()))?.value ?? null,
    forget: async ({ organizationId, id }) => void (await records.delete(hrPullId(organizationId, id))),
  };
}

function isDue(connection: Connection, state: HrPullState | undefined, now: number): boolean {
  const pull = pullOf(connection);
  if (pull === undefined) return false;
  return state === undefined || state.source !== describeSource(pull) || state.nextAt <= now;
}

/** Where the next run begins: at the beginning for another source, behind the last step of one that was cut off, else with what has changed. */
function begin(
  connection: Connection,
  pull: HrPull,
  known: HrPullState | null,
  fence: number,
  now: number,
  dryRun: boolean,
): { readonly state: HrPullState; readonly begun: PullRun } {
  const source = describeSource(pull);
  const base = { connection: connection.id, fence, source, nextAt: now };
  const timeOff = known?.timeOff === undefined ? {} : { timeOff: known.timeOff };
  const state: HrPullState = known?.source === source ? { ...known, fence } : { ...base, ...timeOff };
  const { fullAt, since, run } = state;
  const isFull = since === undefined || fullAt === undefined || now - fullAt >= fullEveryMs;
  const anew: PullRun = { startedAt: now, isFull, isHeld: false, counts: noCounts };
  return { state, begun: dryRun ? anew : (run ?? anew) };
}

/** Of another source nothing that was read counts. */
function describeSource({ everyMinutes: _often, sealedHeaders: _secret, ...settings }: HrPull): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 32);
}

function pullOf({ provisioning }: Connection): HrPull | undefined {
  return provisioning?.kind === 'hr' ? provisioning.pull : undefined;
}
