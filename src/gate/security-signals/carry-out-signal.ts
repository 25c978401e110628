// From a signal to what it does, by the connection's policy: sessions end through the write side (the epoch reaches every door, token and sign-in
// under way), or a `security` hold is placed. Everything is idempotent, so that a signal that is sent again after a failure completes.

import type { Connection, SignalKind } from '#directory/connection.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Instant } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { GateContext } from '../gate-context.ts';
import { endSessionsOfProvider } from '../sessions/end-sessions.ts';
import { rememberLogout } from '../sessions/recent-logout.ts';
import { findPeople, issuerOf, subjectsOf, type Subject } from './subject-identifier.ts';

/** What came of it, for the audit trail. */
export interface SignalOutcome {
  readonly signal: SignalKind;
  readonly action: 'endSessions' | 'endSession' | 'securityHold' | 'ignore' | 'nobody';
  readonly people: readonly string[];
}

export interface SignalWords {
  /** When the provider said so, by its own clock. */
  readonly issuedAt: Instant;
  readonly requestId: string | undefined;
}

export async function carryOutSignal(
  context: GateContext,
  connection: Connection,
  signal: SignalKind,
  subject: Subject,
  { issuedAt, requestId }: SignalWords,
): Promise<SignalOutcome> {
  const action = connection.signals?.[signal] ?? 'ignore';
  if (action === 'ignore') return { signal, action, people: [] };
  if (
    action === 'endSessions' &&
    signal === 'sessionRevoked' &&
    (await endOneSession(context, connection, subject, issuedAt))
  )
    return { signal, action: 'endSession', people: [] };
  // Somebody who is signing in for the first time is known by this name in a moment, and not before.
  for (const named of subjectsOf(connection, subject.person))
    await rememberLogout(context, connection, named, issuedAt);
  const people = await findPeople(context, connection, subject.person);
  if (people.length === 0) return { signal, action: 'nobody', people: [] };
  const by: ChangeContext = {
    actor: { kind: 'connection', connection: connection.id },
    mouth: 'securitySignal',
    reason: signal,
    ...(requestId === undefined ? {} : { requestId }),
  };
  // An address that several people have says for certain only that none of them should go on unasked.
  const holds = action === 'securityHold' && people.length === 1;
  for (const person of people)
    await unlessGone(() => (holds ? hold(context, person, signal, by) : end(context, person, by)));
  return { signal, action: holds ? 'securityHold' : 'endSessions', people: people.map(({ id }) => id) };
}

/** A signal about one session ends that one, if it is ours; else it is about the person. */
async function endOneSession(
  context: GateContext,
  connection: Connection,
  { session }: Subject,
  issuedAt: Instant,
): Promise<boolean> {
  const issuer = issuerOf(connection);
  if (session === undefined || issuer === undefined) return false;
  const named = { issuer, sessionId: session };
  return (await endSessionsOfProvider(context, connection, named, issuedAt, 'sessionRevoked')).length > 0;
}

function hold(context: GateContext, { organizationId, id }: User, reason: string, by: ChangeContext): Promise<unknown> {
  return context.provisioning.holdForSecurity(organizationId, id, reason, by);
}

function end(context: GateContext, { organizationId, id }: User, by: ChangeContext): Promise<unknown> {
  return context.provisioning.endSessions(organizationId, id, by);
}

/** Whoever was deleted meanwhile is out already. */
async function unlessGone(change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof DirectoryError) || error.code !== 'userNotFound') throw error;
  }
}
