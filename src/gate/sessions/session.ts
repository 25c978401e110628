// A session: a signed-in browser. It says who signed in, with which epoch, and until when; whether it still counts is asked of storage at
// every request (resume-session.ts). Only the hash of its token is stored.

import type { ConnectionId, Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import { appSessionsEffect } from '../logout/end-app-sessions.ts';
import { createToken, idOfToken } from '../opaque-token.ts';

export interface Session {
  readonly userId: UserId;
  /** The user's epoch when the session was opened; dead when it differs. */
  readonly epoch: number;
  readonly connection: ConnectionId;
  readonly createdAt: Instant;
  /** Written at most once a minute. */
  readonly lastSeenAt: Instant;
  /** No session lasts longer, used or not; the identity provider's own limit is part of it. */
  readonly notOnOrAfter: Instant;
  /** Set when it was ended: the record stays until it would have expired, so that a door can tell ended from unknown. */
  readonly endedAt?: Instant;
  readonly cause?: string;
}

export const sessionRecords: RecordKind<Session> = { name: 'session', keysOf: (session) => [`user=${session.userId}`] };

export type StoredSession = StoredRecord<Session>;

const touchEveryMs = 60_000;

export interface NewSession {
  readonly organizationId: OrganizationId;
  readonly userId: UserId;
  readonly epoch: number;
  readonly connection: ConnectionId;
  readonly notOnOrAfter?: Instant;
}

/** Opens a session under a new id; answers the token for the browser. */
export async function openSession(context: GateContext, request: NewSession): Promise<string> {
  const now = context.now();
  const token = createToken(context.randomBytes);
  const notOnOrAfter = Math.min(
    now + context.config.sessionAbsoluteMs,
    request.notOnOrAfter ?? Number.POSITIVE_INFINITY,
  );
  const { organizationId, userId, epoch, connection } = request;
  await context.storage.records(sessionRecords).insert({
    id: idOfToken(token),
    organizationId,
    expiresAt: notOnOrAfter,
    value: { userId, epoch, connection, createdAt: now, lastSeenAt: now, notOnOrAfter },
  });
  return token;
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
  } catch (error) {
    context.logger.warn({ err: error }, 'the last use of a session could not be noted');
  }
}

/** Marks a session as ended; that apps must hear of it is stored in the same write. Already ended ones keep their first cause. False when it is gone. */
export async function endSession(context: GateContext, id: string, cause: string): Promise<boolean> {
  const store = context.storage.records(sessionRecords);
  for (;;) {
    const record = await store.get(id, context.now());
    if (record === null) return false;
    if (record.value.endedAt !== undefined) return true;
    const ended = { ...record, value: { ...record.value, endedAt: context.now(), cause } };
    if (await store.replace(ended, [appSessionsEffect(context, record.organizationId, id, cause)])) return true;
  }
}
