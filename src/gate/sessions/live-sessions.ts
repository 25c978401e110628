// A person's live sessions: list them, end one by name. For the person's own page and for administrators; ending all of them is the write
// side's (`endSessions`), because only the epoch reaches sessions that are being opened at this moment.

import { describeActor } from '#directory/actor.ts';
import { toEffects, type Effect } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { GateContext } from '../gate-context.ts';
import { endSession, isExpired, sessionsOf, type StoredSession } from './session.ts';

type Person = Pick<User, 'id' | 'organizationId' | 'epoch' | 'active'>;

/** The first half of the hash names a session; it is no secret, but nobody needs all of it. */
export function nameOfSession({ id }: Pick<StoredSession, 'id'>): string {
  return id.slice(0, 32);
}

/** Whether the session would be admitted while its person is `person`. */
export function isLive(context: GateContext, { value }: StoredSession, person: Person): boolean {
  return person.active && value.endedAt === undefined && value.epoch === person.epoch && !isExpired(context, value);
}

/** The sessions that are admitted now, newest first. */
export async function listLiveSessions(context: GateContext, person: Person): Promise<readonly StoredSession[]> {
  const live: StoredSession[] = [];
  for await (const session of sessionsOf(context, person.organizationId, `open=${person.id}`)) {
    if (isLive(context, session, person)) live.push(session);
  }
  return live.toSorted((a, b) => b.value.createdAt - a.value.createdAt || (a.id < b.id ? 1 : -1));
}

export interface EndedSession {
  readonly id: string;
  /** Null: it had ended before. */
  readonly change: ChangeId | null;
}

/** Ends one session of a person by its name; at every door of every node from the answer on, with its audit entry in the same write. Null: there is none. */
export async function endSessionByName(
  context: GateContext,
  user: Pick<User, 'id' | 'organizationId' | 'profile'>,
  name: string,
  cause: string,
  by: ChangeContext,
): Promise<EndedSession | null> {
  for await (const session of sessionsOf(context, user.organizationId, `user=${user.id}`)) {
    if (nameOfSession(session) !== name) continue;
    const { change, effects } = audited(context, user, session, by);
    const outcome = await endSession(context, session.id, cause, effects);
    if (outcome === 'gone') return null;
    return { id: session.id, change: outcome === 'ended' ? change : null };
  }
  return null;
}

function audited(
  context: GateContext,
  user: Pick<User, 'id' | 'organizationId' | 'profile'>,
  session: StoredSession,
  by: ChangeContext,
): { readonly change: ChangeId; readonly effects: readonly Effect[] } {
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const { connection, browser } = session.value;
  const event = {
    action: 'session.ended',
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'user', id: user.id, name: user.profile.userName },
    before: { session: nameOfSession(session), connection, ...(browser === undefined ? {} : { browser }) },
    ...(by.reason === undefined ? {} : { reason: by.reason }),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
  } as const;
  return { change, effects: toEffects(context, user.organizationId, [{ kind: 'audit', event }]) };
}
