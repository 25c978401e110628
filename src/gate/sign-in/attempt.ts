// A sign-in in progress: stored when the browser leaves, bound to it by a cookie, used once. The cookie holds random ids only, one for each
// sign-in under way in this browser (several tabs), and storage only their hashes. gate.md 2.3.

import type { ConnectionId, Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import { readCookie, toSetCookie, type CookieKind } from '../browser-cookie.ts';
import type { ExpectedAnswer } from '../connections/connection-strategy.ts';
import type { GateContext } from '../gate-context.ts';
import { createToken, idOfToken, isToken } from '../opaque-token.ts';

export interface Attempt {
  readonly connection: ConnectionId;
  readonly expected: ExpectedAnswer;
  /** Where to go afterwards: a URL checked against the allow-list when the attempt began. Absent: the default page. */
  readonly returnTo?: string;
  /** The session this browser had when it left, by its record's id: a new sign-in ends it. The answer may come without its cookie. */
  readonly earlierSession?: string;
  readonly createdAt: Instant;
}

export const attemptRecords: RecordKind<Attempt> = { name: 'attempt', keysOf: () => [] };

/** An attempt of this browser, with the token by which it was found. */
export interface FoundAttempt {
  readonly token: string;
  readonly record: StoredRecord<Attempt>;
}

const lifeMs = 10 * 60_000;
/** Tabs that may sign in side by side; a further one displaces the oldest. */
const maxAtOnce = 4;
const attemptCookie: CookieKind = { name: 'furlough-attempt', crossSite: true, maxAgeSeconds: lifeMs / 1000 };

/** Stores an attempt and answers the `Set-Cookie` that binds it to the browser which sent `cookies`. */
export async function keepAttempt(
  context: GateContext,
  organizationId: OrganizationId,
  attempt: Omit<Attempt, 'createdAt'>,
  cookies: string | undefined,
): Promise<string> {
  const now = context.now();
  const token = createToken(context.randomBytes);
  await context.storage
    .records(attemptRecords)
    .insert({ id: idOfToken(token), organizationId, expiresAt: now + lifeMs, value: { ...attempt, createdAt: now } });
  const others = tokensIn(context, cookies).slice(-(maxAtOnce - 1));
  return toSetCookie(attemptCookie, [...others, token].join('.'), context.config.baseUrl);
}

/** This browser's attempts at a connection, newest first. Attempts at another organisation or connection do not count. */
export async function findAttempts(
  context: GateContext,
  organizationId: OrganizationId,
  connection: ConnectionId,
  cookies: string | undefined,
): Promise<readonly FoundAttempt[]> {
  const store = context.storage.records(attemptRecords);
  const now = context.now();
  const found = await Promise.all(
    tokensIn(context, cookies).map(async (token) => ({ token, record: await store.get(idOfToken(token), now) })),
  );
  return found
    .filter((each): each is FoundAttempt => each.record !== null)
    .filter(({ record }) => record.organizationId === organizationId && record.value.connection === connection)
    .toReversed();
}

/** Uses an attempt up. Of many callers with the same one exactly one gets true. */
export async function takeAttempt(context: GateContext, attempt: FoundAttempt): Promise<boolean> {
  return (await context.storage.records(attemptRecords).take(attempt.record.id, context.now())) !== null;
}

/** The `Set-Cookie` by which the browser forgets a used attempt and keeps the others. */
export function forgetAttempt(context: GateContext, attempt: FoundAttempt, cookies: string | undefined): string {
  const others = tokensIn(context, cookies).filter((token) => token !== attempt.token);
  return toSetCookie(attemptCookie, others.join('.'), context.config.baseUrl);
}

function tokensIn(context: GateContext, cookies: string | undefined): readonly string[] {
  const value = readCookie(attemptCookie, cookies, context.config.baseUrl) ?? '';
  return [...new Set(value.split('.', maxAtOnce).filter(isToken))];
}
