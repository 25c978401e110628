// What an assertion is held against: the connection's settings, this browser's attempt, and the clock. Data only; the
// checks are in assertion-checks.ts, subject-checks.ts and assertion-times.ts.

export interface TimeRules {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  readonly clockSkewMs: number;
  /** How long after its IssueInstant an assertion is taken at most. */
  readonly maxAssertionAgeMs: number;
}

export interface AssertionExpectation extends TimeRules {
  /** The identity provider's entityID. */
  readonly entityId: string;
  readonly serviceEntityId: string;
  readonly acsUrl: string;
  /** The ID of the AuthnRequest this browser's attempt sent. */
  readonly requestId: string;
  /** Where the request asked for the person to be asked again: since when. Milliseconds. */
  readonly authenticatedSince?: number;
}
