// The public keys of outside issuers whose assertions are trusted: found by the issuer's own metadata or at an address that is configured, kept for
// ten minutes, fetched anew for a key that is not among them, but seldom: an assertion costs nothing to invent.

import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import type { IssuerTrust } from '#directory/credential.ts';

/** Fetches JSON over the guarded way out; throws when it cannot be had. */
export type FetchJson = (url: string) => Promise<unknown>;

/** The issuer's keys cannot be had now: an outage, not a refusal. */
export class IssuerUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'IssuerUnavailable';
  }
}

export interface IssuerKeys {
  /** As far as is known, or fetched now. `fresh`: a key was missing, so fetch again unless that was done just now. Throws `IssuerUnavailable`. */
  keysOf(trust: IssuerTrust, fresh?: boolean): Promise<JWTVerifyGetKey>;
}

export interface IssuerKeysContext {
  readonly fetchJson: FetchJson;
  readonly now: () => number;
}

interface Known {
  readonly keys: JWTVerifyGetKey;
  readonly at: number;
}

const keepForMs = 10 * 60_000;
/** Between two fetches of the same keys, whatever came of the first. */
const restMs = 30_000;
const mostKnown = 1_000;
const mostKeys = 100;

export function createIssuerKeys({ fetchJson, now }: IssuerKeysContext): IssuerKeys {
  const known = new Map<string, Known>();
  const running = new Map<string, Promise<JWTVerifyGetKey>>();
  const failed = new Map<string, number>();

  async function load(trust: IssuerTrust, place: string): Promise<JWTVerifyGetKey> {
    try {
      const keys = createLocalJWKSet(readKeySet(await fetchJson(trust.jwksUri ?? (await discover(trust.issuer)))));
      remember(known, place, { keys, at: now() });
      failed.delete(place);
      return keys;
    } catch (error) {
      remember(failed, place, now());
      throw error instanceof IssuerUnavailable ? error : new IssuerUnavailable(`no keys of ${trust.issuer}`, error);
    }
  }

  /** OpenID Connect Discovery 1.0 §4: the document must call itself exactly what was asked for. */
  async function discover(issuer: string): Promise<string> {
    const metadata = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
    const { issuer: named, jwks_uri: place } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
    if (named !== issuer || typeof place !== 'string') throw new IssuerUnavailable(`the metadata is not ${issuer}’s`);
    return place;
  }

  return {
    async keysOf(trust, fresh = false) {
      const place = `${trust.issuer} ${trust.jwksUri ?? ''}`;
      const kept = known.get(place);
      const age = kept === undefined ? Infinity : now() - kept.at;
      if (kept !== undefined && age >= 0 && age < (fresh ? restMs : keepForMs)) return kept.keys;
      const going = running.get(place);
      if (going !== undefined) return going;
      const sinceFailure = now() - (failed.get(place) ?? -Infinity);
      if (sinceFailure >= 0 && sinceFailure < restMs) throw new IssuerUnavailable(`${trust.issuer} did not answer`);
      const loading = load(trust, place).finally(() => running.delete(place));
      running.set(place, loading);
      return loading;
    },
  };
}

function remember<Value>(map: Map<string, Value>, place: string, value: Value): void {
  if (map.size >= mostKnown && !map.has(place)) map.clear();
  map.set(place, value);
}

function readKeySet(body: unknown): JSONWebKeySet {
  const keys = (body as { readonly keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys) || keys.length > mostKeys) throw new IssuerUnavailable('there is no usable key set');
  return { keys: keys.filter((key) => typeof key === 'object' && key !== null) };
}
