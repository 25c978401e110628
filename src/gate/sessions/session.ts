// A session: a signed-in browser. It says who signed in, with which epoch, and until when; whether it still counts is asked of storage at
// every request (resume-session.ts). Only the hash of its token is stored. How many a person may have at once is held here too (L09).

import type { ConnectionId, Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Effect } from '#directory/effect.ts';
import { dayOf, noteSeen } from '#storage/last-seen-records.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import { appSessionsEffects } from '../logout/end-app-sessions.ts';
import { createToken, idOfParts, idOfToken } from '../opaque-token.ts';

/** Whom the identity provider signed in, as it calls them and its own session: by this it can end the session again (SLO, logout token). */
export interface ProviderSession {
  readonly issuer: string;
  /** Compared byte for byte. */
  readonly subject: string;
  /** SAML: the format of the NameID, which its provider wants back with it. */
  readonly subjectFormat?: string;
  /** SAML `SessionIndex`, OpenID Connect `sid`. */
  readonly sessionId?: string;
}

export interface Session {
  readonly userId: UserId;
  /** The user's epoch when the session was opened; dead when it differs. */
  readonly epoch: number;
  readonly connection: ConnectionId;
  readonly provider?: ProviderSession;
  /** When the person proved themselves to the provider, where it said; that may be long before the session was opened. */
  readonly authenticatedAt?: Instant;
  /** From where, roughly, and by what, as far as the browser said: so that people recognise their own. */
  readonly network?: string;
  readonly browser?: string;
  /** Above that of every session the person had when it was opened: which is the oldest does not hang on anybody's clock. */
  readonly place?: number;
  readonly createdAt: Instant;
  /** Written at most once a minute. */
  readonly lastSeenAt: Instant;
  /** No session lasts longer, used or not; the identity provider's own limit is part of it. */
  readonly notOnOrAfter: Instant;
  /** Set when it was ended: the record stays until it would have expired, so that a door can tell ended from unknown. */
  readonly endedAt?: Instant;
  readonly cause?: string;
}

/** `open=…` are those that nobody ended; some may be past their limits or of an earlier epoch. */
export const sessionRecords: RecordKind<Session> = {
  name: 'session',
  carriesEffects: true,
  keysOf: ({ userId, connection, provider, endedAt }) => [
    `user=${userId}`,
    ...(endedAt === undefined ? [`open=${userId}`] : []),
    ...(provider === undefined ? [] : keysOfProvider(connection, provider)),
  ],
};

/** The keys of a provider's subject and of its session, as far as they are given. */
export function keysOfProvider(
  connection: ConnectionId,
  { issuer, subject, sessionId }: Partial<ProviderSession> & Pick<ProviderSession, 'issuer'>,
): readonly string[] {
  return [
    ...(subject === undefined ? [] : [`subject=${idOfParts(connection, issuer, subject)}`]),
    ...(sessionId === undefined ? [] : [`providerSession=${idOfParts(connection, issuer, sessionId)}`]),
  ];
}

export type StoredSession = StoredRecord<Session>;

const touchEveryMs = 60_000;
const pageSize = 200;

export interface NewSession {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly epoch: number;
  readonly connection: ConnectionId;
  readonly provider?: ProviderSession;
  readonly authenticatedAt?: Instant;
  readonly notOnOrAfter?: Instant;
  readonly from?: Pick<Session, 'network' | 'browser'>;
}

/**
 * Opens a session under a new id; answers the token for the browser. Where the person has more than `sessionsPerPerson` now, the oldest are
 * ended first: of several opened at once, each sees what was stored before it looks, so that no more than that many stay.
 */
export async function openSession(context: GateContext, request: NewSession): Promise<string> {
  const { organizationId, userId, epoch, connection, provider, from, authenticatedAt } = request;
  const earlier = await listOpen(context, organizationId, userId);
  const now = context.now();
  const token = createToken(context.randomBytes);
  const notOnOrAfter = Math.min(
    now + context.config.sessionAbsoluteMs,
    request.notOnOrAfter ?? Number.POSITIVE_INFINITY,
  );
  const place = 1 + Math.max(0, ...earlier.map((session) => placeOf(session)));
  const named = {
    ...(provider === undefined ? {} : { provider }),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
  };
  const value = { userId, epoch, connection, ...named, ...from, place, createdAt: now, lastSeenAt: now, notOnOrAfter };
  const id = idOfToken(token);
  await context.storage.records(sessionRecords).insert({ id, organizationId, expiresAt: notOnOrAfter, value });
  await endSurplus(context, organizationId, userId, epoch);
  return token;
}

/** Ends the oldest of the person's live sessions beyond the limit. */
async function endSurplus(
  context: GateContext,
  organizationId: OrganizationId,
  userId: UserId,
  epoch: number,
): Promise<void> {
  const open = await listOpen(context, organizationId, userId);
  const live = open.filter(({ value }) => value.epoch === epoch && !isExpired(context, value));
  const surplus = live
    .toSorted((a, b) => placeOf(a) - placeOf(b) || (a.id < b.id ? -1 : 1))
    .slice(0, Math.max(0, live.length - context.config.sessionsPerPerson));
  for (const { id } of surplus) await endSession(context, id, 'tooManySessions');
}

function placeOf({ value }: StoredSession): number {
  return value.place ?? 0;
}

async function listOpen(
  context: GateContext,
  organizationId: OrganizationId,
  userId: UserId,
): Promise<readonly StoredSession[]> {
  const sessions: StoredSession[] = [];
  for await (const session of sessionsOf(context, organizationId, `open=${userId}`)) sessions.push(session);
  return sessions;
}

/** The sessions with this key of `sessionRecords`, page by page. */
export async function* sessionsOf(
  context: GateContext,
  organizationId: OrganizationId,
  key: string,
): AsyncGenerator<StoredSession> {
  const store = context.storage.records(sessionRecords);
  let after: string | undefined;
  for (;;) {
    const page = { key, limit: pageSize, ...(after === undefined ? {} : { after }) };
    const sessions = await store.list(organizationId, page, context.now());
    yield* sessions;
    after = sessions.at(-1)?.id;
    if (sessions.length < pageSize) return;
  }
}

/** Whether the session's own limits are past: unused for too long, or too old. */
export function isExpired(context: GateContext, session: Session): boolean {
  const now = context.now();
  return now >= session.notOnOrAfter || now - session.lastSeenAt >= context.config.sessionIdleMs;
}

/** Notes that the session was used. A failure changes nothing for this request: the door has decided on what it read. */
export async function touchSession(context: GateContext, record: StoredSession): Promise<void> {
  const now = context.now();
  if (now - record.value.lastSeenAt < touchEveryMs) return;
  try {
    await context.storage.records(sessionRecords).replace({ ...record, value: { ...record.value, lastSeenAt: now } });
    if (dayOf(record.value.lastSeenAt) < dayOf(now))
      await noteSeen(context.storage, record.organizationId, record.value.userId, now);
  } catch (error) {
    context.logger.warn({ err: error }, 'the last use of a session could not be noted');
  }
}

/** Marks a session as ended, `effects` and that apps must hear of it in the same write. Already ended ones keep their first cause. */
export async function endSession(
  context: GateContext,
  id: string,
  cause: string,
  effects: readonly Effect[] = [],
): Promise<'ended' | 'endedBefore' | 'gone'> {
  const store = context.storage.records(sessionRecords);
  for (;;) {
    const record = await store.get(id, context.now());
    if (record === null) return 'gone';
    if (record.value.endedAt !== undefined) return 'endedBefore';
    const ended = { ...record, value: { ...record.value, endedAt: context.now(), cause } };
    if (await store.replace(ended, [...effects, ...appSessionsEffects(context, record.organizationId, id, cause)]))
      return 'ended';
  }
}
