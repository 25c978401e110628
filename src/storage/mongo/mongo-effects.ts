// Effects inside the document whose change made them: a map by id, so that adding and removing are single guarded updates on any
// server (gate.md 8). Here are their fields and the updates; claiming and carrying out is mongo-effect-outbox.ts.

import type { Effect, EffectBody } from '#directory/effect.ts';
import type { EffectId, OrganizationId } from '#directory/identifiers.ts';
import { Schema } from 'mongoose';
import { asMapKey, fromStorable, toStorable } from './mongo-storable.ts';

export interface StoredEffect {
  readonly id: string;
  readonly at: number;
  readonly attempts: number;
  readonly body: unknown;
  /** When it was stored, finer than `at`, and its place in that write: effects are carried out in this order. */
  readonly storedAt: number;
  readonly place: number;
}

/** Part of every document that can carry effects. */
export interface EffectFields {
  readonly organizationId: string;
  readonly effects: Readonly<Record<string, StoredEffect>>;
  /** By the store's clock: from then on someone may claim them; null when there are none. */
  readonly effectsDue: number | null;
  /** Rises with every change of the map, so that "none left" can be guarded. */
  readonly effectsVersion: number;
  readonly effectsClaim: string | null;
}

export const effectSchema = {
  effects: { type: Schema.Types.Mixed },
  effectsDue: { type: Number, default: null },
  effectsVersion: { type: Number, default: 0 },
  effectsClaim: { type: String, default: null },
};

/** The fields of a new document. */
export function effectFields(effects: readonly Effect[]): Omit<EffectFields, 'organizationId'> {
  return {
    effects: Object.fromEntries(effects.map((effect, place) => [asMapKey(effect.id), toStoredEffect(effect, place)])),
    effectsDue: effects.length === 0 ? null : 0,
    effectsVersion: 0,
    effectsClaim: null,
  };
}

/** An update that sets and increments these fields and adds the effects in the same write. */
export function withEffects(
  set: Readonly<Record<string, unknown>>,
  effects: readonly Effect[],
  increments: Readonly<Record<string, number>> = {},
): { $set: Record<string, unknown>; $inc: Record<string, number> } | { $set: Record<string, unknown> } {
  const $set: Record<string, unknown> = { ...set };
  for (const [place, effect] of effects.entries()) {
    $set[`effects.${asMapKey(effect.id)}`] = toStoredEffect(effect, place);
  }
  if (effects.length > 0) $set['effectsDue'] = 0;
  const $inc = effects.length > 0 ? { ...increments, effectsVersion: 1 } : { ...increments };
  return Object.keys($inc).length === 0 ? { $set } : { $set, $inc };
}

/** The effects of a document, oldest first. */
export function readEffects(fields: EffectFields): readonly Effect[] {
  return (
    Object.values(fields.effects)
      // Not by `at`: the clock it comes from may have jumped back in between.
      .toSorted((a, b) => a.storedAt - b.storedAt || a.place - b.place)
      .map((stored) => ({
        id: stored.id as EffectId,
        organizationId: fields.organizationId as OrganizationId,
        at: stored.at,
        attempts: stored.attempts,
        body: fromStorable(stored.body) as EffectBody,
      }))
  );
}

function toStoredEffect({ id, at, attempts, body }: Effect, place: number): StoredEffect {
  const storedAt = performance.timeOrigin + performance.now();
  return { id, at, attempts, body: toStorable(body), storedAt, place };
}
