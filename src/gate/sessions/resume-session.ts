// The question of every door on every request: who is this browser, and may that person come in now? Session, person and organisation are
// read from storage each time, never remembered: the deactivating commit alone closes the door (model.md, gate.md 5).

import { decideAccess, type AccessState, type HeldReason } from '#directory/access-decision.ts';
import type { PersonRecord } from '#storage/door-store.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfToken, isToken } from '../opaque-token.ts';
import { toStateThen, type StateThen } from '../sign-in/state-then.ts';
import { isExpired, sessionRecords, touchSession, type Session, type StoredSession } from './session.ts';

export type ResumedSession =
  | { readonly kind: 'signedIn'; readonly user: AccessState; readonly session: StoredSession }
  /** The session's person is kept out now, whether or not the session was ended by it: 403 with the present reason. */
  | {
      readonly kind: 'held';
      readonly reason: HeldReason;
      readonly session: StoredSession;
      readonly then: StateThen;
    }
  /** No session, or one that ended and whose person is not held any more: 401. */
  | { readonly kind: 'nobody' };

/** `token`: the session cookie's value. Throws `StorageError` when the store is away: 503, never 401. */
export async function resumeSession(context: GateContext, token: string | undefined): Promise<ResumedSession> {
  return token === undefined || !isToken(token) ? { kind: 'nobody' } : resumeSessionOf(context, idOfToken(token));
}

/** The same for the session of this record id. */
export async function resumeSessionOf(context: GateContext, id: string): Promise<ResumedSession> {
  return judgeSession(context, await readSession(context, id));
}

/** A session as stored, ended ones too, with its person and organisation as they are now; null when there is none. */
export type ReadSession = PersonRecord<Session>;

export function readSession({ storage, now }: GateContext, id: string): Promise<ReadSession | null> {
  return storage.doors.recordOfPerson({ kind: sessionRecords, id }, now());
}

/** Decides about a session that was just read. */
export function judgeSession(context: GateContext, read: ReadSession | null): ResumedSession {
  if (read === null || isExpired(context, read.record.value)) return { kind: 'nobody' };
  const { record: session, user, organization } = read;
  const { value } = session;
  const decision = decideAccess(organization, user, context.now());
  if (!decision.allowed) {
    const then = toStateThen(organization, user, context.now());
    return { kind: 'held', reason: decision.reason, session, then };
  }
  if (user === null || value.endedAt !== undefined || user.epoch !== value.epoch) return { kind: 'nobody' };
  // Not waited for: the decision is made, and a store that only reads must not hold it up.
  void touchSession(context, session);
  return { kind: 'signedIn', user, session };
}
