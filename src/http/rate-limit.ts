// Limits as token buckets, one per key (a credential, an address), in this process. Several nodes each allow the whole rate.
// The clock is the machine's own: a limit protects the machine, not the calendar.

export interface RateLimit {
  /** Takes one. Refused: how many whole seconds to wait, at least 1 (RFC 9110 10.2.3). */
  take(key: string): { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };
}

export interface RateLimitOptions {
  readonly perSecond: number;
  readonly burst: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly clock?: () => number;
  /** Keys remembered at once; beyond it the ones idle for longest are forgotten. */
  readonly maximumKeys?: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perSecond, burst } = options;
  const clock = options.clock ?? (() => performance.now());
  const maximumKeys = options.maximumKeys ?? 100_000;
  const buckets = new Map<string, Bucket>();
  return {
    take(key) {
      const at = clock();
      const known = buckets.get(key);
      const tokens =
        known === undefined ? burst : Math.min(burst, known.tokens + (Math.max(0, at - known.at) / 1000) * perSecond);
      // Taken out and put back: the map's order is then the order of last use.
      buckets.delete(key);
      const allowed = tokens >= 1;
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, at });
      forgetOldest();
      return allowed
        ? { allowed: true }
        : { allowed: false, retryAfterSeconds: Math.max(1, Math.ceil((1 - tokens) / perSecond)) };
    },
  };

  function forgetOldest(): void {
    if (buckets.size <= maximumKeys) return;
    const oldest = buckets.keys().next();
    if (oldest.done !== true) buckets.delete(oldest.value);
  }
}
