// Asks the brake of a connection before a change that takes access away, in the one place through which every door's change goes (change-user.ts).
// The count is stored and guarded by its revision, so it holds over all nodes; those who ask at the same moment in one process ask together, in one
// write, so that a mass of lock-outs does not queue up behind its own counting.

import { describeActor } from '#directory/actor.ts';
import {
  decideBrake,
  givePermitsBack,
  takePermits,
  type BrakeDecision,
  type BrakeSetting,
  type BrakeState,
  type Taken,
} from '#directory/brake.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { toEffects, type EffectBody } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type ConnectionId, type OrganizationId } from '#directory/identifiers.ts';
import type { RandomBytes } from '#directory/identifiers.ts';
import { brakeRecordId, brakeRecords } from '#storage/brake-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';

/** What is counted of it. `held`: refused. */
export type BrakeNote = 'brakeHolds' | 'brakeWarns' | 'held';

export interface BrakeContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  readonly wakeRelay: () => void;
  readonly reportTrouble: (message: string, error: unknown) => void;
  /** For metrics. */
  readonly noteBrake?: (connection: ConnectionId, note: BrakeNote) => void;
}

export interface Brakes {
  /** Throws `DirectoryError('brakeHolds')`: nothing may be stored. Throws `StorageError`. */
  take(organizationId: OrganizationId, by: ChangeContext): Promise<void>;
  /** What was taken and did not happen. Never throws: a permit that is not given back counts until its time is over. */
  giveBack(organizationId: OrganizationId, by: ChangeContext): Promise<void>;
}

const rounds = 200;

export function createBrakes(context: BrakeContext): Brakes {
  const waiting = new Map<string, ((granted: boolean, error?: unknown) => void)[]>();

  async function serve(id: string, organizationId: OrganizationId, by: ChangeContext): Promise<void> {
    for (let asked = waiting.get(id) ?? []; asked.length > 0; asked = waiting.get(id) ?? []) {
      waiting.set(id, []);
      try {
        const granted = await takeStored(context, organizationId, by, asked.length);
        for (const [place, answer] of asked.entries()) answer(place < granted);
      } catch (error) {
        for (const answer of asked) answer(false, error);
      }
    }
    waiting.delete(id);
  }

  return {
    async take(organizationId, by) {
      const id = brakeRecordId(organizationId, connectionOf(by));
      const granted = await new Promise<boolean>((resolve, reject) => {
        const answer = (isGranted: boolean, error?: unknown): void =>
          error === undefined ? resolve(isGranted) : reject(error as Error);
        const others = waiting.get(id);
        if (others !== undefined) {
          others.push(answer);
          return;
        }
        waiting.set(id, [answer]);
        void serve(id, organizationId, by);
      });
      if (granted) return;
      context.noteBrake?.(connectionOf(by), 'held');
      throw refusalOfBrake(connectionOf(by));
    },
    async giveBack(organizationId, by) {
      try {
        await change(context, organizationId, connectionOf(by), (state) => ({
          state: givePermitsBack(state, 1),
          effects: [],
        }));
      } catch (error) {
        context.reportTrouble('a place under the brake could not be given back', error);
      }
    },
  };
}

/** What a change is told that the brake refuses. */
export function refusalOfBrake(connection: ConnectionId): DirectoryError {
  const words =
    'The brake for mass change of this connection holds: nobody else is deactivated or deleted through it until an owner decides.';
  return new DirectoryError('brakeHolds', words, { connection });
}

export interface BrakeOrder {
  readonly decision: BrakeDecision;
  /** Of a release. */
  readonly minutes: number;
  readonly atMost?: number;
}

/** Decides about the brake of a connection, in one call. Answers null where it holds nothing that could be kept. */
export async function decideAboutBrake(
  context: BrakeContext,
  organizationId: OrganizationId,
  connection: { readonly id: ConnectionId; readonly name: string },
  { decision, minutes, atMost }: BrakeOrder,
  by: ChangeContext,
): Promise<{ readonly state: BrakeState; readonly change: ChangeId } | null> {
  const id = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const order = { decision, until: context.now() + minutes * 60_000, ...(atMost === undefined ? {} : { atMost }) };
  const state = await change(context, organizationId, connection.id, (before, now) => {
    if (decision === 'keep' && before.heldSince === undefined) return null;
    const after = decideBrake(before, order, now, describeActor(by.actor));
    const { released } = after;
    const words = {
      ...(released === undefined ? {} : { until: new Date(released.until).toISOString() }),
      ...(atMost === undefined ? {} : { atMost }),
    };
    const action = decision === 'keep' ? 'connection.brakeKept' : 'connection.brakeReleased';
    const target = { kind: 'connection', id: connection.id, name: connection.name };
    return { state: after, effects: [audit(by, action, target, words, id)] };
  });
  return state === null ? null : { state, change: id };
}

/** How far the brakes are, of at most 1,000 connections. */
export async function readBrakes(
  context: Pick<BrakeContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  connections: readonly ConnectionId[],
): Promise<ReadonlyMap<ConnectionId, BrakeState>> {
  if (connections.length === 0) return new Map();
  const ids = connections.map((id) => brakeRecordId(organizationId, id));
  const records = await context.storage.records(brakeRecords).getMany(ids, context.now());
  return new Map(records.map(({ value }) => [value.connection, value]));
}

async function takeStored(
  context: BrakeContext,
  organizationId: OrganizationId,
  by: ChangeContext,
  wanted: number,
): Promise<number> {
  const setting = settingOf(by);
  const connection = connectionOf(by);
  let taken: Taken | undefined;
  await change(context, organizationId, connection, (before, now) => {
    taken = takePermits(before, setting, wanted, now);
    return { state: taken.state, effects: taken.tells === null ? [] : tell(by, setting, taken.tells) };
  });
  if (taken !== undefined && taken.tells !== null) context.noteBrake?.(connection, taken.tells);
  return taken?.granted ?? 0;
}

/** Owners hear of it in the same write as the trip: it cannot be lost. */
function tell(by: ChangeContext, setting: BrakeSetting, code: 'brakeHolds' | 'brakeWarns'): readonly EffectBody[] {
  const connection = connectionOf(by);
  const { mode, atMost, perMinutes } = setting;
  const values = { connection, count: String(atMost), minutes: String(perMinutes) };
  const about = { kind: 'connection', id: connection };
  const level = mode === 'hold' ? ('important' as const) : ('warning' as const);
  const action = mode === 'hold' ? 'connection.brakeHolds' : 'connection.brakeWarns';
  return [
    audit(by, action, about, { atMost, perMinutes }),
    { kind: 'notice', notice: { code, level, values, roles: ['owner'], about } },
  ];
}

function audit(
  { actor, mouth, requestId }: ChangeContext,
  action: string,
  target: { readonly kind: string; readonly id: string; readonly name?: string },
  after: Readonly<Record<string, unknown>>,
  change?: ChangeId,
): EffectBody {
  const event = {
    action,
    level: 'important',
    actor: describeActor(actor),
    mouth,
    target,
    after,
    ...(requestId === undefined ? {} : { requestId }),
    ...(change === undefined ? {} : { change }),
  } as const;
  return { kind: 'audit', event };
}

type Edit = (
  state: BrakeState,
  now: number,
) => { readonly state: BrakeState; readonly effects: readonly EffectBody[] } | null;

/** Writes the state at the revision that was read, and starts over when another node was first. Null: the edit wants nothing. */
async function change(
  context: BrakeContext,
  organizationId: OrganizationId,
  connection: ConnectionId,
  edit: Edit,
): Promise<BrakeState | null> {
  const records = context.storage.records(brakeRecords);
  const id = brakeRecordId(organizationId, connection);
  for (let round = 0; round < rounds; round += 1) {
    const record = await records.get(id, context.now());
    const before: BrakeState = record?.value ?? { connection, spent: [] };
    const edited = edit(before, context.now());
    if (edited === null) return null;
    if (edited.state === before) return before;
    const effects = toEffects(context, organizationId, edited.effects);
    if (await write(context, record, { id, organizationId, value: edited.state }, effects)) {
      if (effects.length > 0) context.wakeRelay();
      return edited.state;
    }
  }
  throw new DirectoryError('tooManyConflicts', 'The brake of this connection is being counted too often; try again.');
}

async function write(
  { storage }: BrakeContext,
  known: StoredRecord<BrakeState> | null,
  record: { readonly id: string; readonly organizationId: OrganizationId; readonly value: BrakeState },
  effects: ReturnType<typeof toEffects>,
): Promise<boolean> {
  const records = storage.records(brakeRecords);
  if (known !== null) return records.replace({ ...known, value: record.value }, effects);
  return records.insertOnce(record, effects);
}

/** Throws for anybody else: a mistake in the program. */
export function connectionOf({ actor }: ChangeContext): ConnectionId {
  if (actor.kind !== 'connection') throw new TypeError('Only connections are braked.');
  return actor.connection;
}

function settingOf({ brake }: ChangeContext): BrakeSetting {
  if (brake === undefined) throw new TypeError('There is no brake here.');
  return brake;
}
