// What identity providers said of logouts lately. Such a word ends the sessions there are; a sign-in whose assertion or token was accepted before it,
// and whose session is written after it, would be missed. So the word is written down first and the sessions are ended then, while a sign-in
// writes its session first and looks here then: whichever comes first, one of the two sees the other, on every node.

import type { Connection } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfParts } from '../opaque-token.ts';
import type { ProviderSession } from './session.ts';

export interface RecentLogout {
  readonly connection: string;
  /** When the provider said the latest one, by its own clock. */
  readonly issuedAt: Instant;
}

export const recentLogoutRecords: RecordKind<RecentLogout> = { name: 'recentLogout', keysOf: () => [] };

/** Whom the provider means: a subject, a session of its own, or both, which must both fit. */
export type NamedAtProvider = Pick<ProviderSession, 'issuer'> & Partial<ProviderSession>;

type At = Pick<Connection, 'id' | 'organizationId'>;

/** Longer than an attempt lives and what it brings back may be old, together. */
const keptMs = 30 * 60_000;
const rounds = 20;

/** @param issuedAt by the provider's clock. Throws `StorageError`. */
export async function rememberLogout(
  context: GateContext,
  at: At,
  named: NamedAtProvider,
  issuedAt: Instant,
): Promise<void> {
  const store = context.storage.records(recentLogoutRecords);
  const now = context.now();
  const period = periodOf(now);
  const id = idOf(at, named, period);
  const { organizationId } = at;
  for (let round = 0; round < rounds; round += 1) {
    const record = await store.get(id, now);
    if (record === null) {
      const value = { connection: at.id, issuedAt };
      if (await store.insertOnce({ id, organizationId, expiresAt: (period + 3) * keptMs, value })) return;
    } else if (record.value.issuedAt >= issuedAt) return;
    else if (await store.replace({ ...record, value: { ...record.value, issuedAt } })) return;
  }
  throw new StorageError('unavailable', 'A logout could not be written down.');
}

/**
 * Whether the provider has said of these people or this session of its that they are out, not before it issued what a sign-in rests on. Both times
 * are its own; many know only seconds, and within one second it is taken to have said so afterwards.
 */
export async function wasLoggedOutSince(
  context: GateContext,
  at: At,
  { issuer, subject, sessionId }: ProviderSession,
  issuedAt: Instant,
): Promise<boolean> {
  const now = context.now();
  const names: readonly NamedAtProvider[] = [
    { issuer, subject },
    ...(sessionId === undefined
      ? []
      : [
          { issuer, sessionId },
          { issuer, subject, sessionId },
        ]),
  ];
  // The next period, too: another node's clock may be ahead.
  const periods = [periodOf(now) - 1, periodOf(now), periodOf(now) + 1];
  const ids = names.flatMap((named) => periods.map((period) => idOf(at, named, period)));
  const said = await context.storage.records(recentLogoutRecords).getMany(ids, now);
  return said.some(({ value }) => secondOf(value.issuedAt) >= secondOf(issuedAt));
}

/** One record for each name and half hour: however often a provider repeats itself, there is little to read. */
function idOf(at: At, { issuer, subject = '', sessionId = '' }: NamedAtProvider, period: number): string {
  return idOfParts('recentLogout', at.organizationId, at.id, issuer, subject, sessionId, String(period));
}

function periodOf(now: Instant): number {
  return Math.floor(now / keptMs);
}

function secondOf(instant: Instant): number {
  return Math.floor(instant / 1_000);
}
