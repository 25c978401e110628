// How far a brake for mass change is, as it is told.

import { countWithin, isHolding, type BrakeSetting, type BrakeState } from '#directory/brake.ts';
import type { Instant } from '#directory/identifiers.ts';
import { toIso } from './admin-operation.ts';

/** `state` undefined: nothing was counted yet. */
export function toBrakeAnswer(setting: BrakeSetting, state: BrakeState | undefined, now: Instant) {
  const { spent = [], heldSince, released, decided } = state ?? {};
  const isReleased = released !== undefined && now < released.until && released.left !== 0;
  const holds = state !== undefined && isHolding(state, setting);
  return {
    ...setting,
    state: holds ? 'holding' : isReleased ? 'released' : 'open',
    counted: countWithin({ spent }, setting, now),
    ...(holds && heldSince !== undefined ? { heldSince: toIso(heldSince) } : {}),
    ...(isReleased ? { releasedUntil: toIso(released.until) } : {}),
    ...(isReleased && released.left !== undefined ? { releasedAtMost: released.left } : {}),
    ...(decided === undefined ? {} : { decided: { ...decided, at: toIso(decided.at) } }),
  } as const;
}
