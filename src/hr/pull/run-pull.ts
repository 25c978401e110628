// One run: step by step, what was read is carried out as lines of the feed, and how far it is is written behind each step. A crash loses one step,
// which is done again and changes nothing the second time. One node runs at a time; one that slept finds that it may not write any more, and stops.

import { toEffects } from '#directory/effect.ts';
import type { Connection } from '#directory/connection.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { HrPull } from '#directory/hr-pull.ts';
import type { Organization } from '#directory/organization.ts';
import { OutboundRefusal } from '#gate/connections/outbound-fetch.ts';
import type { HrPullState, PullCounts, PullRun, PulledTimeOff } from '#storage/hr-pull-records.ts';
import { applyStatusChanges } from '../apply-status-changes.ts';
import type { FeedClient, FeedContext } from '../hr-context.ts';
import type { LineOutcome } from '../line-outcome.ts';
import { PullFailure, PullLimited } from './pull-request.ts';
import type { PullSource, PullStep } from './pull-source.ts';

export interface RunContext extends FeedContext {
  readonly wakeRelay: () => void;
}

export interface RunParts {
  readonly organization: Organization;
  readonly connection: Connection;
  readonly pull: HrPull;
  readonly source: PullSource;
  /** Identifies the run in logs. */
  readonly requestId: string;
  /** Throws `PullLost` where another node may be at work, or the connection is gone; `looksNow`: as of this moment. */
  readonly assertStillIn: (looksNow?: true) => Promise<void>;
  /** Writes how far it is; throws `PullLost`. Null of a dry run. */
  readonly save: ((state: HrPullState, effects?: ReturnType<typeof toEffects>) => Promise<void>) | null;
}

/** Another node goes on. */
export class PullLost extends Error {
  override readonly name = 'PullLost';
}

export interface RunReport {
  readonly outcome: 'done' | 'limited' | 'failed' | 'unfinished';
  readonly error?: string;
  readonly counts: PullCounts;
  /** By which the feed can take back what was done. */
  readonly batches: readonly string[];
  readonly results: readonly LineOutcome[];
}

/** A longer one goes on the next time: a server must be able to stop. */
const budgetMs = 20_000;
const mostResults = 1_000;
/** Clocks differ, and what changes while it is read must not be missed. */
const overlapMs = 300_000;
const longestBackoffMs = 6 * 3_600_000;
const triesBeforeTold = 3;
/** A place to go on from that does not work is given up. */
const triesFromOnePlace = 4;
export const noCounts: PullCounts = { read: 0, changed: 0, unchanged: 0, failed: 0, unknown: 0 };

/** Goes on with `run`. What the other side does wrong is in the report. Throws `PullLost`, `StorageError`. */
export async function runPull(
  context: RunContext,
  parts: RunParts,
  from: HrPullState,
  begun: PullRun,
): Promise<RunReport> {
  const endBy = context.now() + budgetMs;
  const told: Told = { results: [], batches: [] };
  let state: HrPullState = from;
  let run = begun;
  try {
    for (;;) {
      await parts.assertStillIn();
      const step = await parts.source.read(run.position, state.timeOff ?? {});
      // Reading may have taken long.
      await parts.assertStillIn(true);
      const outcomes = await carryOut(context, parts, step, told);
      run = advance(run, step, outcomes);
      state = { ...state, timeOff: settle(state.timeOff ?? {}, step, outcomes), run };
      if (step.next === null) break;
      const isUnfinished = context.now() > endBy;
      await parts.save?.(isUnfinished ? { ...state, nextAt: context.now() } : state);
      if (isUnfinished) return { outcome: 'unfinished', counts: run.counts, ...told };
    }
  } catch (error) {
    if (!(error instanceof PullLimited || error instanceof PullFailure || error instanceof OutboundRefusal))
      throw error;
    return conclude(context, parts, state, run, told, error);
  }
  await parts.save?.(finished(context, parts.pull, state, run));
  return { outcome: 'done', counts: run.counts, ...told };
}

/** What a report will tell. */
interface Told {
  readonly results: LineOutcome[];
  readonly batches: string[];
}

async function carryOut(
  context: RunContext,
  parts: RunParts,
  { lines }: PullStep,
  { results, batches }: Told,
): Promise<readonly LineOutcome[]> {
  if (lines.length === 0) return [];
  const { organization, connection, requestId } = parts;
  const brake = connection.provisioning?.brake;
  const by: ChangeContext = {
    actor: { kind: 'connection', connection: connection.id },
    mouth: 'hrFeed',
    requestId,
    ...(brake === undefined ? {} : { brake }),
  };
  const credential = { id: 'pull' as FeedClient['credential']['id'] };
  const fetchedFrom = `/pull/${parts.pull.kind}`;
  const client = { organization, connection: connection.id, by, requestId, credential, fetchedFrom };
  const sent = lines.map(({ line }) => line);
  const done = await applyStatusChanges(
    context,
    { client, assertStillIn: () => parts.assertStillIn() },
    sent,
    parts.save === null,
  );
  if (done.batch !== null && done.summary.changed > 0) batches.push(done.batch);
  const first = results.length;
  results.push(...done.results.slice(0, mostResults - first).map((one) => ({ ...one, index: first + one.index })));
  return done.results;
}

function advance({ position: _position, ...run }: PullRun, step: PullStep, outcomes: readonly LineOutcome[]): PullRun {
  const isUnknown = ({ code }: LineOutcome) => code === 'userNotFound';
  const unknown = outcomes.filter(isUnknown).length;
  const count = (...kinds: readonly string[]) => outcomes.filter(({ outcome }) => kinds.includes(outcome)).length;
  const { counts } = run;
  return {
    ...run,
    ...(step.next === null ? {} : { position: step.next }),
    // Late: another clock was ahead of ours.
    isHeld: run.isHeld || outcomes.some(({ code, outcome }) => code === 'brakeHolds' || outcome === 'late'),
    counts: {
      read: counts.read + step.read,
      changed: counts.changed + count('changed'),
      unchanged: counts.unchanged + count('unchanged', 'repeated', 'late'),
      failed: counts.failed + count('failed') - unknown,
      unknown: counts.unknown + unknown + step.unknown,
    },
  };
}

/** What failed, or came too late, is not known, and so is tried again. */
function settle(
  known: Readonly<Record<string, PulledTimeOff>>,
  { lines, forgets = [] }: PullStep,
  outcomes: readonly LineOutcome[],
): Readonly<Record<string, PulledTimeOff>> {
  const timeOff = new Map(Object.entries(known));
  for (const [place, { settles }] of lines.entries()) {
    const outcome = outcomes[place]?.outcome ?? 'failed';
    if (settles === undefined || outcome === 'failed' || outcome === 'late') continue;
    if (settles.as === null) timeOff.delete(settles.request);
    else timeOff.set(settles.request, settles.as);
  }
  for (const id of forgets) timeOff.delete(id);
  return Object.fromEntries(timeOff);
}

function finished(
  context: RunContext,
  { everyMinutes }: HrPull,
  { run: _run, failing: _failing, ...state }: HrPullState,
  run: PullRun,
): HrPullState {
  const now = context.now();
  const { startedAt, counts, isFull, isHeld } = run;
  // What the brake held is read again, and goes on once somebody has decided.
  const seen = isHeld ? {} : { since: startedAt - overlapMs, ...(isFull ? { fullAt: startedAt } : {}) };
  const last = { startedAt, endedAt: now, outcome: 'done', counts } as const;
  return { ...state, ...seen, nextAt: now + everyMinutes * 60_000, last };
}

async function conclude(
  context: RunContext,
  parts: RunParts,
  { run: _run, failing: before, ...state }: HrPullState,
  run: PullRun,
  told: Told,
  error: PullLimited | PullFailure | OutboundRefusal,
): Promise<RunReport> {
  const now = context.now();
  const { startedAt, counts } = run;
  const words = sentence(error.message);
  const outcome = error instanceof PullLimited ? 'limited' : 'failed';
  const last = { startedAt, endedAt: now, outcome, counts, error: words } as const;
  const report = { outcome, error: words, counts, ...told } as const;
  if (parts.save === null) return report;
  if (error instanceof PullLimited) {
    await parts.save({ ...state, run, last, nextAt: now + error.seconds * 1000 });
    return report;
  }
  const tries = (before?.tries ?? 0) + 1;
  const isHopeless = error instanceof PullFailure && error.isRefused;
  const tells = before?.isTold !== true && (isHopeless || tries >= triesBeforeTold);
  const failing = { since: before?.since ?? now, tries, isTold: before?.isTold === true || tells };
  const goesOn = tries % triesFromOnePlace === 0 ? {} : { run };
  const nextAt = now + Math.min(60_000 * 2 ** Math.min(tries, 12), longestBackoffMs);
  await parts.save(
    { ...state, ...goesOn, last, failing, nextAt },
    tells ? tell(context, parts, failing.since, words) : [],
  );
  record(context, parts, words);
  return report;
}

/** Once for each time that it fails, in the same write, so that nobody hears of it twice or never. */
function tell(context: RunContext, { organization, connection }: RunParts, since: number, error: string) {
  const values = { connection: connection.name, date: new Date(since).toISOString().slice(0, 10), error };
  const about = { kind: 'connection', id: connection.id };
  const notice = { code: 'hrPullFailing', level: 'warning', values, roles: ['owner', 'administrator'], about } as const;
  return toEffects(context, organization.id, [{ kind: 'notice', notice }]);
}

function record(context: RunContext, { organization, connection, pull, requestId }: RunParts, why: string): void {
  context.provisioningLog.add(organization.id, {
    at: context.now(),
    outcome: 'failure',
    connection: connection.id,
    credential: 'pull' as FeedClient['credential']['id'],
    requestId,
    method: 'GET',
    path: `/pull/${pull.kind}`,
    status: 502,
    why: [why],
    code: 'pullFailed',
  });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
