// Ends sessions after the fact: every door was closed by the commit already; this records it and tidies. Idempotent, for the relay.

import type { Connection } from '#directory/connection.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { rememberLogout, type NamedAtProvider } from './recent-logout.ts';
import { endSession, isExpired, keysOfProvider, sessionRecords, sessionsOf, type StoredSession } from './session.ts';

/** Ends the user's sessions that were opened with a lower epoch. Answers how many it ended; a second call ends none. */
export async function endSessionsOfUser(
  context: GateContext,
  organizationId: OrganizationId,
  userId: UserId,
  belowEpoch: number,
  cause: string,
): Promise<number> {
  let ended = 0;
  for await (const session of sessionsOf(context, organizationId, `open=${userId}`)) {
    if (session.value.endedAt !== undefined || session.value.epoch >= belowEpoch) continue;
    if ((await endSession(context, session.id, cause)) === 'ended') ended += 1;
  }
  return ended;
}

/**
 * Ends the sessions of a connection that its provider names by subject, by its own session, or by both (then both must fit), those too that a
 * sign-in is about to open. Each is refused at every door from its write on. Answers those it ended.
 * @param issuedAt when the provider said so, by its own clock
 */
export async function endSessionsOfProvider(
  context: GateContext,
  at: Pick<Connection, 'id' | 'organizationId'>,
  named: NamedAtProvider,
  issuedAt: Instant,
  cause: string,
): Promise<readonly StoredSession[]> {
  const keys = keysOfProvider(at.id, named);
  // The provider's session is the narrower of the two.
  const key = keys.at(-1);
  if (key === undefined) return [];
  await rememberLogout(context, at, named, issuedAt);
  const ended: StoredSession[] = [];
  for await (const session of sessionsOf(context, at.organizationId, key)) {
    const own = sessionRecords.keysOf(session.value);
    if (session.value.endedAt !== undefined || !keys.every((each) => own.includes(each))) continue;
    if ((await endSession(context, session.id, cause)) === 'ended') ended.push(session);
  }
  return ended;
}

/** How many sessions of the user would be admitted if the person were: not ended, not expired, of the present epoch. */
export async function countLiveSessions(
  context: GateContext,
  organizationId: OrganizationId,
  userId: UserId,
): Promise<number> {
  const user = await context.storage.users.accessState(organizationId, userId);
  let live = 0;
  for await (const session of sessionsOf(context, organizationId, `user=${userId}`)) {
    const { value } = session;
    if (value.endedAt === undefined && value.epoch === user?.epoch && !isExpired(context, value)) live += 1;
  }
  return live;
}

/** The user's sessions, ended ones too, for the administrator's list. */
export async function listSessions(
  context: GateContext,
  organizationId: OrganizationId,
  userId: UserId,
): Promise<readonly StoredSession[]> {
  const sessions: StoredSession[] = [];
  for await (const session of sessionsOf(context, organizationId, `user=${userId}`)) sessions.push(session);
  return sessions;
}
