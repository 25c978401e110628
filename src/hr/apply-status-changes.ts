// Carries out the lines of a feed: each is a commit of its own with an outcome of its own. One person's lines keep their order, different people's
// run side by side.

import { createBreath } from '#breath.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { createTimeOrderedId, type UserId } from '#directory/identifiers.ts';
import { statusOf, type User } from '#directory/user.ts';
import { previewBrake } from '#provisioning/preview-brake.ts';
import { traceOf } from '#provisioning/report-status.ts';
import { findPerson } from './find-person.ts';
import type { FeedCall, FeedClient, FeedContext } from './hr-context.ts';
import type { LineOutcome, LineOutcomeKind } from './line-outcome.ts';
import { recordLine } from './line-record.ts';
import { keepHead, keepPiece, type BatchEntry } from './status-batch.ts';
import { isFaulty, readLine, type SentLine } from './status-line.ts';

export interface BatchOutcome {
  /** By which it can be undone; null of a dry run. */
  readonly batch: string | null;
  readonly dryRun: boolean;
  readonly summary: Readonly<Record<LineOutcomeKind, number>>;
  /** How many people came in and went out by it, and how many of those who come in wait for a seat. */
  readonly people: { readonly in: number; readonly out: number; readonly waiting: number };
  readonly results: readonly LineOutcome[];
}

/** What a dry run has made of people, and of the brake, so far. */
interface Drafts {
  readonly people: Map<UserId, User>;
  readonly askBrake: (before: User, after: User) => void;
}

const piece = 200;
const together = 16;
const breathAfterMs = 5;

interface Step {
  readonly outcome: LineOutcome;
  readonly before?: User;
  readonly after?: User;
  readonly entry?: BatchEntry;
}

/** Throws `StorageError`: what was done so far is done, and sending all of it again does the rest. */
export async function applyStatusChanges(
  context: FeedContext,
  call: FeedCall,
  lines: readonly unknown[],
  dryRun: boolean,
): Promise<BatchOutcome> {
  const { client } = call;
  const batch = dryRun ? null : createTimeOrderedId(context.now(), context.randomBytes);
  const steps: Step[] = [];
  const drafts: Drafts | null = dryRun
    ? { people: new Map(), askBrake: await previewBrake(context, client.organization.id, client.by) }
    : null;
  const breathe = createBreath(breathAfterMs);
  // A batch that changed nobody is nothing that could be taken back.
  let isKept = false;
  for (let from = 0; from < lines.length; from += piece) {
    const done = await applyPiece(context, call, lines.slice(from, from + piece), from, drafts, breathe);
    steps.push(...done);
    if (batch === null) continue;
    const entries = done.flatMap(({ entry }) => entry ?? []);
    await keepPiece(context, client.organization.id, { batch, connection: client.connection, entries });
    if (entries.length > 0 || isKept) await keepHead(context, client.organization.id, batch, toHead(client, steps));
    isKept ||= entries.length > 0;
    for (const { outcome } of done) recordLine(context, client, outcome);
  }
  return summarize(batch, steps);
}

async function applyPiece(
  context: FeedContext,
  call: FeedCall,
  lines: readonly unknown[],
  from: number,
  drafts: Drafts | null,
  breathe: ReturnType<typeof createBreath>,
): Promise<readonly Step[]> {
  const { client, assertStillIn } = call;
  const steps: Step[] = [];
  const ofPeople = new Map<UserId, { index: number; sent: SentLine; user: User }[]>();
  await sideBySide([...lines.entries()], async ([place, value]) => {
    await breathe();
    const index = from + place;
    const sent = readLine(value);
    if (isFaulty(sent)) {
      const detail = 'This line is not what is expected here.';
      steps[place] = { outcome: { index, outcome: 'failed', code: 'invalidInput', detail, errors: sent } };
      return;
    }
    const found = await findPerson(context.storage, client.organization.id, sent.identifiers);
    if (!('user' in found)) steps[place] = { outcome: { index, outcome: 'failed', ...found } };
    else {
      const own = ofPeople.get(found.user.id) ?? [];
      ofPeople.set(found.user.id, own);
      own.push({ index, sent, user: found.user });
    }
  });
  await sideBySide([...ofPeople.values()], async (own) => {
    for (const { index, sent, user } of own.toSorted((a, b) => a.index - b.index)) {
      await breathe();
      // A key that is revoked meanwhile changes nobody any more.
      await assertStillIn();
      steps[index - from] =
        drafts === null
          ? await apply(context, client, index, sent, user)
          : draft(context, client, index, sent, user, drafts);
    }
  });
  return steps;
}

async function apply(
  context: FeedContext,
  client: FeedClient,
  index: number,
  { line }: SentLine,
  user: User,
): Promise<Step> {
  const { organization, connection, by } = client;
  try {
    const result = await context.provisioning.reportStatus(organization, user.id, line, connection, by);
    if (result.kind !== 'done') return { outcome: { index, outcome: result.kind, user: describe(result.user) } };
    const change = result.change === null ? {} : { change: result.change };
    // A higher number alone is nothing that anybody would look for.
    const isChanged = result.difference !== undefined;
    const outcome = isChanged ? 'changed' : 'unchanged';
    return {
      outcome: { index, outcome, user: describe(result.user), ...change },
      ...(result.before === null ? {} : { before: result.before }),
      after: result.user,
      ...(result.changed ? { entry: { user: user.id, ...traceOf(result, connection) } } : {}),
    };
  } catch (error) {
    return refuse(index, user, error);
  }
}

function draft(
  context: FeedContext,
  { organization, connection, by }: FeedClient,
  index: number,
  { line }: SentLine,
  user: User,
  { people, askBrake }: Drafts,
): Step {
  const before = people.get(user.id) ?? user;
  try {
    const { kind, user: after } = context.provisioning.previewStatus(organization, before, line, connection, by);
    if (kind !== 'done') return { outcome: { index, outcome: kind, user: describe(after) } };
    askBrake(before, after);
    people.set(user.id, after);
    const isChanged = JSON.stringify([before.holds, before.leaves]) !== JSON.stringify([after.holds, after.leaves]);
    return { outcome: { index, outcome: isChanged ? 'changed' : 'unchanged', user: describe(after) }, before, after };
  } catch (error) {
    return refuse(index, before, error);
  }
}

/** What a rule refuses is this line's outcome; what nobody foresaw and outages are the whole request's. */
function refuse(index: number, user: User, error: unknown): Step {
  if (!(error instanceof DirectoryError)) throw error;
  const { code, message: detail, details } = error;
  const { field } = details;
  const errors = typeof field === 'string' ? { errors: [{ pointer: `/${nameOfField(field)}`, detail }] } : {};
  return { outcome: { index, outcome: 'failed', user: describe(user), code, detail, ...errors } };
}

/** A leave begins `from`, a report is effective. */
function nameOfField(field: string): string {
  return field === 'from' ? 'effectiveAt' : field;
}

function describe(user: User): NonNullable<LineOutcome['user']> {
  const { id, profile, holds, active } = user;
  const heldBy = [...new Set(holds.map(({ kind }) => kind))];
  return { id, userName: profile.userName, status: statusOf(user), active, heldBy };
}

function summarize(batch: string | null, steps: readonly Step[]): BatchOutcome {
  return { batch, dryRun: batch === null, ...countSteps(steps), results: steps.map(({ outcome }) => outcome) };
}

function toHead({ connection, fetchedFrom }: FeedClient, steps: readonly Step[]) {
  return { connection, source: fetchedFrom === undefined ? 'feed' : 'pull', ...countSteps(steps) } as const;
}

function countSteps(steps: readonly Step[]): Pick<BatchOutcome, 'summary' | 'people'> {
  const summary = { changed: 0, unchanged: 0, repeated: 0, late: 0, failed: 0 };
  const people = { in: 0, out: 0, waiting: 0 };
  for (const { outcome, before, after } of steps) {
    summary[outcome.outcome] += 1;
    if (before === undefined || after === undefined) continue;
    if (before.active && !after.active) people.out += 1;
    if (!before.active && after.active) people.in += 1;
    if (statusOf(before) !== 'waiting' && statusOf(after) === 'waiting') people.waiting += 1;
  }
  return { summary, people };
}

/** Up to so many at once; the first failure ends it, after what is under way. */
async function sideBySide<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const runOn = async (): Promise<void> => {
    for (let next = waiting.next(); next.done !== true && failures.length === 0; next = waiting.next()) {
      await work(next.value).catch((error: unknown) => void failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(together, items.length) }, runOn));
  if (failures.length > 0) throw failures[0];
}
