// The relay: carries committed effects out, each idempotent, under a claim, with retries and a dead-letter list.
// Lock-out never waits for it: the commit alone closed every door.

import type { Effect, EffectKind } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { ClaimedEffects, LookWhere } from '#storage/effect-outbox.ts';
import type { RecordKind } from '#storage/record-store.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';

/** An effect that failed too often: kept for an administrator, listed and counted. */
export interface DeadLetter {
  readonly effect: Effect;
  readonly error: string;
}

export const deadLetterRecords: RecordKind<DeadLetter> = {
  name: 'deadLetter',
  keysOf: (letter) => [`kind=${letter.effect.body.kind}`],
};

export interface EffectRelayOptions {
  readonly storage: Storage;
  /** One carrier per kind of effect. Must be idempotent by the effect's id. */
  readonly carriers: Readonly<Record<EffectKind, (effect: Effect) => Promise<void>>>;
  /** Carriers that do several for little more than one. When one throws, all are carried out one by one, and the guilty one is found. */
  readonly together?: Readonly<Partial<Record<EffectKind, (effects: readonly Effect[]) => Promise<void>>>>;
  readonly reportTrouble: (message: string, error: unknown) => void;
  /** Tries before an effect becomes a dead letter. */
  readonly maximumAttempts?: number;
}

export interface EffectRelay {
  /** Effects were just written by this program: carry them out soon. Never throws. */
  wake(): void;
  /** Carries out what is due now, at most a thousand documents, and waits for it. Answers how many effects were carried out. */
  drain(): Promise<number>;
  /** Carries out what waits for one user now. */
  drainUser(organizationId: OrganizationId, userId: string): Promise<void>;
  /** How many effects were given up on, at most 1,000 counted per organisation. */
  countDeadLetters(): Promise<number>;
  /** Looks for due effects everywhere by itself, once a second. */
  start(): void;
  stop(): Promise<void>;
}

const leaseMs = 30_000;
const batch = 50;
/** What comes within this time is carried out together; no door waits for it. */
const gatherMs = 15;
const roundsOfPass = 20;

export function createEffectRelay(options: EffectRelayOptions): EffectRelay {
  const { storage, reportTrouble, maximumAttempts = 20 } = options;
  let running: Promise<number> | null = null;
  let following: Promise<number> | null = null;
  let followingLooks: LookWhere = 'whereWritten';
  let wokenLooks: LookWhere = 'whereWritten';
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let waking: NodeJS.Timeout | null = null;

  /** One look at what is due. Bounded, so that whoever waits for it is not kept by what others add meanwhile. */
  async function pass(where: LookWhere): Promise<number> {
    let carried = 0;
    for (let round = 0; round < roundsOfPass; round += 1) {
      const claims = await storage.effects.claimDue(batch, leaseMs, where);
      if (await carryOutTogether(claims)) carried += claims.reduce((sum, { effects }) => sum + effects.length, 0);
      else for (const claim of claims) carried += await carryOut(claim);
      if (stopped || claims.length < batch) return carried;
    }
    setImmediate(wake, where);
    return carried;
  }

  function begin(where: LookWhere): Promise<number> {
    running = pass(where).finally(() => {
      running = null;
    });
    return running;
  }

  /** The usual case: nothing fails. Answers false when something did; then nothing is completed yet, and doing it again does no harm. */
  async function carryOutTogether(claims: readonly ClaimedEffects[]): Promise<boolean> {
    const effects = claims.flatMap((claim) => claim.effects);
    const carryOutKind = async (kind: EffectKind): Promise<void> => {
      const ofKind = effects.filter(({ body }) => body.kind === kind);
      const several = options.together?.[kind];
      if (several !== undefined) await several(ofKind);
      else for (const effect of ofKind) await options.carriers[kind](effect);
    };
    // Kinds beside each other: what they write shares a flush to the disk.
    const kinds = [...new Set(effects.map(({ body }) => body.kind))];
    const failures = (await Promise.allSettled(kinds.map(carryOutKind))).flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    const away = failures.find(isStoreAway);
    if (away !== undefined) throw away;
    if (failures.length > 0) return false;
    if (claims.length > 0) await storage.effects.completeAll(claims);
    return true;
  }

  async function carryOut(claim: ClaimedEffects): Promise<number> {
    const done: string[] = [];
    for (const effect of claim.effects) {
      try {
        await options.carriers[effect.body.kind](effect);
        done.push(effect.id);
      } catch (error) {
        reportTrouble(`effect ${effect.body.kind} could not be carried out`, error);
        if (!isStoreAway(error) && effect.attempts + 1 >= maximumAttempts) {
          await bury(effect, error);
          done.push(effect.id);
          continue;
        }
        // The rest of this document waits too, so that what others hear keeps its order.
        await complete(claim, done);
        if (isStoreAway(error)) throw error;
        const delay = Math.min(2 ** effect.attempts * 500, 15 * 60_000);
        await storage.effects.postpone(claim, [effect.id], Math.round(delay * (0.5 + Math.random())));
        return done.length;
      }
    }
    await complete(claim, done);
    return done.length;
  }

  async function complete(claim: ClaimedEffects, done: readonly string[]): Promise<void> {
    if (done.length > 0) await storage.effects.complete(claim, done);
  }

  async function bury(effect: Effect, error: unknown): Promise<void> {
    const text = error instanceof Error ? error.message : String(error);
    await storage
      .records(deadLetterRecords)
      .insertOnce({ id: effect.id, organizationId: effect.organizationId, value: { effect, error: text } });
  }

  /** A pass that begins after this call: the one under way may have looked too early. */
  function passAnew(where: LookWhere): Promise<number> {
    if (running === null) return begin(where);
    followingLooks = wider(followingLooks, where);
    following ??= running
      .catch(() => 0)
      .then(() => {
        const looks = followingLooks;
        following = null;
        followingLooks = 'whereWritten';
        return begin(looks);
      });
    return following;
  }

  function wake(where: LookWhere): void {
    if (stopped) return;
    wokenLooks = wider(wokenLooks, where);
    waking ??= setTimeout(() => {
      const looks = wokenLooks;
      waking = null;
      wokenLooks = 'whereWritten';
      passAnew(looks).catch((error: unknown) => reportTrouble('the relay stopped for now', error));
    }, gatherMs).unref();
  }

  return {
    wake: () => wake('whereWritten'),
    drain: () => passAnew('everywhere'),
    async drainUser(organizationId, userId) {
      const claim = await storage.effects.claimOfUser(organizationId, userId, leaseMs);
      if (claim !== null) await carryOut(claim);
    },
    async countDeadLetters() {
      let count = 0;
      for (const { id } of await storage.organizations.list()) {
        count += (await storage.records(deadLetterRecords).list(id, { limit: 1_000 }, 0)).length;
      }
      return count;
    },
    start() {
      timer ??= setInterval(() => wake('everywhere'), 1_000).unref();
    },
    async stop() {
      stopped = true;
      if (timer !== null) clearInterval(timer);
      if (waking !== null) clearTimeout(waking);
      await following?.catch(() => undefined);
      await running?.catch(() => undefined);
    },
  };
}

function wider(one: LookWhere, other: LookWhere): LookWhere {
  return one === 'everywhere' ? one : other;
}

/** No fault of the effect, and no try of it. */
function isStoreAway(error: unknown): error is StorageError {
  return error instanceof StorageError && error.code === 'unavailable';
}
