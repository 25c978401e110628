// One GET of an HR system: within the rules for addresses that administrators type, bounded in time and size, and with its limits understood. What
// is thrown is told to administrators, so it names hosts and states and never what was sent.

import { fetchOutbound } from '#gate/connections/outbound-fetch.ts';
import { assertJsonShape } from '#http/body-limits.ts';

/** The other side wants to be left alone for so long. */
export class PullLimited extends Error {
  readonly seconds: number;

  constructor(message: string, seconds: number) {
    super(message);
    this.name = 'PullLimited';
    this.seconds = seconds;
  }
}

/** It did not work, and why. `message` is public. */
export class PullFailure extends Error {
  /** Our secret is refused: trying again will not help. */
  readonly isRefused: boolean;

  constructor(message: string, isRefused = false) {
    super(message);
    this.name = 'PullFailure';
    this.isRefused = isRefused;
  }
}

export interface OutboundAllowance {
  readonly allowInsecureProviders: boolean;
  readonly privateProviderHosts: readonly string[];
}

/** Answers JSON. */
export type GetJson = (url: string) => Promise<unknown>;

const deadlineMs = 15_000;
const maxBytes = 10 * 1024 * 1024;
const deepest = 30;
const mostValues = 1_000_000;
const longestWait = 86_400;
const usualWait = 60;

export function createGetJson(
  allowance: OutboundAllowance,
  headers: Readonly<Record<string, string>>,
  now: () => number,
): GetJson {
  const rules = {
    maxBytes,
    maxRedirects: 2,
    allowLoopback: allowance.allowInsecureProviders,
    privateHosts: allowance.privateProviderHosts,
  };
  return async (url) => {
    const request = { method: 'GET', headers: { Accept: 'application/json', ...headers } };
    const response = await fetchOutbound(url, request, rules, AbortSignal.timeout(deadlineMs));
    const host = new URL(url).host;
    const wait = readRetryAfter(response.headers.get('retry-after'), now());
    if (response.status === 429 || (response.status === 503 && wait !== null))
      throw new PullLimited(`${host} asked to wait (${response.status}).`, wait ?? usualWait);
    if (response.status === 401 || response.status === 403)
      throw new PullFailure(`${host} refuses the credential (${response.status}).`, true);
    if (!response.ok) throw new PullFailure(`${host} answered ${response.status}.`);
    const text = await response.text();
    try {
      assertJsonShape(text, deepest, mostValues);
      return JSON.parse(text) as unknown;
    } catch {
      throw new PullFailure(`${host} answered what is not JSON, or too much of it.`);
    }
  };
}

/** Seconds, from a number of them or a date (RFC 9110 10.2.3); null for neither. */
export function readRetryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  const seconds = /^\d{1,9}$/.test(value.trim()) ? Number(value) : Math.ceil((Date.parse(value) - now) / 1000);
  return Number.isNaN(seconds) ? null : Math.min(Math.max(seconds, 1), longestWait);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
