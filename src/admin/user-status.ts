// The answer to a change of status: what it did to seat, sessions and credentials. All of it is read after the commit, so that nothing here
// can hold a lock-out up; and what cannot be read is left out of the answer, never told as a failure of a change that stands.

import { hasHold, type Hold } from '#directory/hold.ts';
import type { User } from '#directory/user.ts';
import { listSessions } from '#gate/sessions/end-sessions.ts';
import { isExpired, type Session } from '#gate/sessions/session.ts';
import type { ChangeResult } from '#provisioning/commit-user-change.ts';
import { reportTrouble, type AdminContext, type Answer } from './admin-operation.ts';
import { toCredentialAnswer } from './credential-view.ts';
import { entityTagOf, seatOf, toHoldAnswer, toUserAnswer } from './user-view.ts';

/** How long the answer waits for what only adds to it. */
const patienceMs = 2_000;

/** `sessionsEnded` 0 and `credentials` empty also where they could not be read, which the log tells. Never throws `StorageError`. */
export async function answerStatus(context: AdminContext, result: ChangeResult): Promise<Answer> {
  const { user, change } = result;
  const [sessionsEnded, credentials] = await Promise.all([
    countEndedSessions(context, result),
    orElse(context, [], 'the credentials of a person could not be listed', () => listOwned(context, user)),
  ]);
  return {
    body: {
      user: toUserAnswer(user),
      seat: seatOf(user),
      sessionsEnded,
      credentials,
      lifted: liftedBy(result).map(toHoldAnswer),
      receipt: null,
      change,
    },
    headers: { ETag: entityTagOf(user) },
  };
}

function liftedBy({ before, user }: ChangeResult): readonly Hold[] {
  const stays = ({ kind, source }: Hold): boolean => hasHold(user.holds, kind, source);
  return (before?.holds ?? []).filter((hold) => !stays(hold));
}

/** As `sessionsEnded` of a change of status; 0 where it could not be read. */
export function countEndedSessions(context: AdminContext, result: ChangeResult): Promise<number> {
  return orElse(context, 0, 'the sessions that ended could not be counted', () => countEnded(context, result));
}

/** Sessions that were live before the change and are not any more: those of the epoch that the change ended. */
async function countEnded(context: AdminContext, { before, user }: ChangeResult): Promise<number> {
  if (before?.active !== true || user.epoch === before.epoch) return 0;
  const sessions = await listSessions(context.gate, user.organizationId, user.id);
  // Those the relay has ended since are told from those that ended before by their cause: an action on the user.
  const wasOpen = ({ endedAt, cause }: Session) => endedAt === undefined || cause?.startsWith('user.') === true;
  const wasLive = (session: Session) =>
    session.epoch === before.epoch && wasOpen(session) && !isExpired(context.gate, session);
  return sessions.filter(({ value }) => wasLive(value)).length;
}

async function listOwned(context: AdminContext, user: User) {
  const owned = await context.credentials.list(user.organizationId, user.id);
  return owned.map((credential) => toCredentialAnswer(credential, context.now()));
}

async function orElse<Value>(
  context: AdminContext,
  instead: Value,
  message: string,
  read: () => Promise<Value>,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Not read within ${patienceMs} ms.`)), patienceMs);
  });
  try {
    return await Promise.race([read(), late]);
  } catch (error) {
    reportTrouble(context, message, error);
    return instead;
  } finally {
    clearTimeout(timer);
  }
}
