// Instants in assertions and the two comparisons made with them: exact to the millisecond, skew on the accepting side
// (gate.md 2.1 "times"; SAML core 1.3.3).

import type { TimeRules } from './assertion-expectation.ts';
import { SamlRefusal, type SamlRefusalReason } from './saml-refusal.ts';

// A time without a zone would be read in the zone of whatever machine this is, so it is refused.
const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** `text` in milliseconds; a missing or unreadable instant is refused with `reason`. */
export function readInstant(text: string | undefined, what: string, reason: SamlRefusalReason): number {
  const instant = text !== undefined && instantPattern.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(instant)) throw new SamlRefusal(reason, `${what} missing or no instant`);
  return instant;
}

/** Refuses what begins later than now, skew granted. */
export function assertNotBefore(notBefore: number, rules: TimeRules, what: string): void {
  if (rules.now + rules.clockSkewMs < notBefore) throw new SamlRefusal('notYetValid', what);
}

/** Refuses what ended at or before now, skew granted. */
export function assertBefore(notOnOrAfter: number, rules: TimeRules, what: string): void {
  if (rules.now - rules.clockSkewMs >= notOnOrAfter) throw new SamlRefusal('assertionExpired', what);
}

/** The earliest of at least one instant. */
export function earliest(instants: readonly number[]): number {
  return Math.min(...instants);
}
