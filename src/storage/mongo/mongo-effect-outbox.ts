// Claims the effects that wait in documents, and removes them by id when they are carried out. A claim is a guarded update of the
// one document; what a claim left undone is due again when its time is over. Nothing here changes the document's revision.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { Model } from 'mongoose';
import { randomUUID } from 'node:crypto';
import type { ClaimedEffects, EffectOutbox } from '../effect-outbox.ts';
import type { StoreClock } from './mongo-clock.ts';
import type { FreshEffects } from './mongo-fresh-effects.ts';
import { operators } from './mongo-connection.ts';
import { type EffectFields, readEffects } from './mongo-effects.ts';
import { guard } from './mongo-errors.ts';
import { asMapKey } from './mongo-storable.ts';

interface Carrier extends EffectFields {
  readonly _id: string;
  /** Of a record that was deleted while its effects waited. */
  readonly gone?: boolean;
}

export interface EffectCarriers {
  /** Every collection whose documents can carry effects, by name. */
  readonly all: ReadonlyMap<string, Model<EffectFields & { _id: string }>>;
  /** The name of the one that holds users. */
  readonly users: string;
  readonly fresh: FreshEffects;
}

export function createEffectOutbox(carriers: EffectCarriers, clock: StoreClock): EffectOutbox {
  const all = carriers.all as unknown as ReadonlyMap<string, Model<Carrier>>;

  async function claim(
    name: string,
    filter: Readonly<Record<string, unknown>>,
    leaseMs: number,
  ): Promise<ClaimedEffects | null> {
    const claimed = randomUUID();
    const document = await modelOf(all, name)
      .findOneAndUpdate(
        filter,
        { $set: { effectsDue: (await clock()) + leaseMs, effectsClaim: claimed } },
        { returnDocument: 'after', sort: { _id: 1 } },
      )
      .lean<Carrier>();
    if (document === null) return null;
    const effects = readEffects(document);
    if (effects.length === 0) {
      // Emptied by someone whose closing step was disturbed or never came.
      await close(modelOf(all, name), document);
      return null;
    }
    const source = `${name}:${document._id}`;
    return { organizationId: document.organizationId as OrganizationId, source, claim: claimed, effects };
  }

  /** Nothing left: not due any more, unless something was added since `version` was read; a deleted record goes for good. */
  async function close(model: Model<Carrier>, document: Carrier): Promise<void> {
    const unchanged = { _id: document._id, effectsVersion: document.effectsVersion };
    if (document.gone === true) await model.deleteOne({ ...unchanged, gone: true });
    else await model.updateOne(unchanged, { $set: { effectsDue: null, effectsClaim: null } });
  }

  async function complete(claimed: ClaimedEffects, effectIds: readonly string[]): Promise<void> {
    const { model, id } = find(all, claimed);
    const gone = Object.fromEntries(effectIds.map((effectId) => [`effects.${asMapKey(effectId)}`, '']));
    const update = { ...(effectIds.length === 0 ? {} : { $unset: gone }), $inc: { effectsVersion: 1 } };
    const document = await model.findOneAndUpdate({ _id: id }, update, { returnDocument: 'after' }).lean<Carrier>();
    if (document !== null && Object.keys(document.effects).length === 0) await close(model, document);
  }

  return {
    claimDue: (limit, leaseMs, where = 'everywhere') =>
      guard(async () => {
        const names = where === 'everywhere' ? [...all.keys()] : carriers.fresh.take();
        if (names.length === 0) return [];
        const now = await clock();
        const found = await Promise.all(
          names.map(async (name) => {
            const due = await modelOf(all, name)
              .find({ effectsDue: operators({ $lte: now }) }, { effectsDue: 1 })
              .sort({ effectsDue: 1 })
              .limit(limit)
              .lean<Pick<Carrier, '_id' | 'effectsDue'>[]>();
            // As many as were asked for: there may be more.
            if (due.length === limit) carriers.fresh.note(name);
            return due.map((document) => ({ name, document }));
          }),
        );
        const claims: ClaimedEffects[] = [];
        for (const { name, document } of found.flat().slice(0, limit)) {
          const one = await claim(name, { _id: document._id, effectsDue: document.effectsDue }, leaseMs);
          if (one !== null) claims.push(one);
        }
        return claims;
      }),

    claimOfUser: (organizationId, userId, leaseMs) =>
      guard(() => {
        const waiting = { _id: userId, organizationId, effectsDue: operators({ $gte: 0 }) };
        return claim(carriers.users, waiting, leaseMs);
      }),

    complete: (claimed, effectIds) => guard(() => complete(claimed, effectIds)),

    completeAll: (claims) =>
      guard(async () => {
        const completing = claims.map((claimed) =>
          complete(
            claimed,
            claimed.effects.map(({ id }) => id),
          ),
        );
        await Promise.all(completing);
      }),

    postpone: (claimed, effectIds, delayMs) =>
      guard(async () => {
        const { model, id } = find(all, claimed);
        // Whoever claims or adds meanwhile wins the guard; then the times are read again.
        for (let tries = 0; tries < 10; tries += 1) {
          const document = await model.findOne({ _id: id, effectsClaim: claimed.claim }).lean<Carrier>();
          if (document === null) return;
          const left = effectIds.filter((effectId) => Object.hasOwn(document.effects, effectId));
          const now = await clock();
          // Effects that were added during the claim are due at once, and stay so.
          const due = (document.effectsDue ?? 0) === 0 ? 0 : now + delayMs;
          const $inc = Object.fromEntries(left.map((effectId) => [`effects.${asMapKey(effectId)}.attempts`, 1]));
          const written = await model.updateOne(
            { _id: id, effectsClaim: claimed.claim, effectsVersion: document.effectsVersion },
            { $set: { effectsDue: due }, $inc: { ...$inc, effectsVersion: 1 } },
          );
          if (written.matchedCount === 1) return;
        }
      }),

    backlog: () =>
      guard(async () => {
        const waiting = { effectsDue: operators({ $gte: 0 }) };
        const counts = await Promise.all([...all.values()].map((model) => model.countDocuments(waiting)));
        return counts.reduce((sum, count) => sum + count, 0);
      }),
  };
}

function find(
  all: ReadonlyMap<string, Model<Carrier>>,
  claimed: ClaimedEffects,
): { readonly model: Model<Carrier>; readonly id: string } {
  const colon = claimed.source.indexOf(':');
  return { model: modelOf(all, claimed.source.slice(0, colon)), id: claimed.source.slice(colon + 1) };
}

function modelOf(all: ReadonlyMap<string, Model<Carrier>>, name: string): Model<Carrier> {
  const model = all.get(name);
  if (model === undefined) throw new Error(`no documents called ${name} carry effects`);
  return model;
}
