// A person's sessions: list them, end one, end all of them. From the answer on they are dead at every door of every node.

import { listSessions } from '#gate/sessions/end-sessions.ts';
import { endSessionByName, isLive, nameOfSession } from '#gate/sessions/live-sessions.ts';
import type { User } from '#directory/user.ts';
import type { StoredSession } from '#gate/sessions/session.ts';
import * as contract from './admin-contract.ts';
import {
  defineOperation,
  paramOf,
  toIso,
  type AdminContext,
  type Answer,
  type Call,
  type Operation,
} from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, toPage } from './paging.ts';
import { readUser } from './user-endpoints.ts';
import { countEndedSessions } from './user-status.ts';

const base = '/organizations/:org/users/:id/sessions';

export const sessionOperations: readonly Operation[] = [
  defineOperation({
    id: 'users.sessions',
    method: 'get',
    path: base,
    summary: 'The person’s sessions, ended ones too until they would have expired',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.sessionAnswer),
    run: listUserSessions,
  }),
  defineOperation({
    id: 'users.endSession',
    method: 'post',
    path: `${base}/:session/end`,
    summary: 'End one session',
    body: contract.sessionsEnding,
    answer: contract.sessionsEnded,
    run: async (context, call) => {
      const user = await readUser(context, call);
      const by = toReasoned(call);
      const ended = await endSessionByName(context.gate, user, paramOf(call, 'session'), 'endedByAdministrator', by);
      if (ended === null) throw new AdminError('sessionNotFound', 'This person has no such session.');
      context.wakeRelay();
      return { body: { sessionsEnded: ended.change === null ? 0 : 1, change: ended.change } };
    },
  }),
  defineOperation({
    id: 'users.endSessions',
    method: 'post',
    path: `${base}/end-all`,
    summary: 'Log the person out everywhere; status and seat stay, and they may sign in again',
    body: contract.sessionsEnding,
    answer: contract.sessionsEnded,
    run: async (context, call) => {
      const { id } = await readUser(context, call);
      const result = await context.provisioning.endSessions(call.organization.id, id, toReasoned(call));
      return { body: { sessionsEnded: await countEndedSessions(context, result), change: result.change } };
    },
  }),
];

type EndingCall = Call<ReturnType<typeof contract.sessionsEnding.parse>, unknown>;

function toReasoned({ by, body }: EndingCall): EndingCall['by'] {
  return body.reason === undefined ? by : { ...by, reason: body.reason };
}

async function listUserSessions(
  context: AdminContext,
  call: Call<unknown, ReturnType<typeof contract.pageQuery.parse>>,
): Promise<Answer> {
  const user = await readUser(context, call);
  const sessions = await listSessions(context.gate, call.organization.id, user.id);
  const newestFirst = sessions.toSorted((a, b) => b.value.createdAt - a.value.createdAt || (a.id < b.id ? 1 : -1));
  const after = readCursor(call.query.cursor);
  const start = after === undefined ? 0 : newestFirst.findIndex((session) => session.id === after) + 1;
  const page = toPage(
    newestFirst.slice(start, start + call.query.limit + 1),
    call.query.limit,
    (session) => session.id,
  );
  const items = page.items.map((session) => toSessionAnswer(context, session, user));
  return { body: { items, next: page.next } };
}

function toSessionAnswer(context: AdminContext, session: StoredSession, user: User) {
  const { value } = session;
  return {
    id: nameOfSession(session),
    connection: value.connection,
    live: isLive(context.gate, session, user),
    ...(value.browser === undefined ? {} : { browser: value.browser }),
    ...(value.network === undefined ? {} : { network: value.network }),
    createdAt: toIso(value.createdAt),
    lastSeenAt: toIso(value.lastSeenAt),
    expiresAt: toIso(value.notOnOrAfter),
    ...(value.endedAt === undefined ? {} : { endedAt: toIso(value.endedAt) }),
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  };
}
