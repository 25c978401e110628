// Users: find, show, explain, deactivate, reactivate, roles, sessions. Creating and editing profiles is the identity provider's side (SCIM).

import { DirectoryError } from '#directory/directory-error.ts';
import { foldCase, type UserId } from '#directory/identifiers.ts';
import { displayNameOf, statusOf, type User, type UserKey } from '#directory/user.ts';
import type { ChangeResult } from '#provisioning/commit-user-change.ts';
import { countLiveSessions, listSessions } from '#gate/sessions/end-sessions.ts';
import { isExpired } from '#gate/sessions/session.ts';
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
import { toCredentialAnswer } from './credential-view.ts';
import { readCursor, toPage } from './paging.ts';
import { explainUser } from './user-explanation.ts';
import { entityTagOf, preconditionOf, seatOf, toUserAnswer } from './user-view.ts';

const base = '/organizations/:org/users';

export const userOperations: readonly Operation[] = [
  defineOperation({
    id: 'users.list',
    method: 'get',
    path: base,
    summary: 'Users in order of creation, by status, name, external id or e-mail',
    query: contract.userQuery,
    answer: contract.pageOf(contract.userAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor) as UserId | undefined;
      const users = await findUsers(context, call, after, limit + 1);
      const page = toPage(users, limit, (user) => user.id);
      return { body: { items: page.items.map(toUserAnswer), next: page.next } };
    },
  }),
  defineOperation({
    id: 'users.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One user',
    answer: contract.userAnswer,
    run: async (context, call) => {
      const user = await readUser(context, call);
      return { body: toUserAnswer(user), headers: { ETag: entityTagOf(user) } };
    },
  }),
  defineOperation({
    id: 'users.why',
    method: 'get',
    path: `${base}/:id/why`,
    summary: 'Why this person can or cannot come in now',
    answer: contract.explanation,
    run: async (context, call) => ({
      body: await explainUser(context, call.organization, await readUser(context, call)),
    }),
  }),
  defineOperation({
    id: 'users.sessions',
    method: 'get',
    path: `${base}/:id/sessions`,
    summary: 'The person’s sessions, ended ones too until they would have expired',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.sessionAnswer),
    run: listUserSessions,
  }),
  defineOperation({
    id: 'users.deactivate',
    method: 'post',
    path: `${base}/:id/deactivate`,
    summary: 'Switch the account off: from the answer on the person is out everywhere and the seat is free',
    body: contract.deactivation,
    answer: contract.statusChanged,
    run: async (context, call) => {
      const { from, until, type, reason, note } = call.body;
      if (from !== undefined || until !== undefined || type !== undefined) {
        throw new DirectoryError(
          'notSupported',
          'Leaves are not built yet; leave out `from`, `until` and `type` to deactivate now.',
        );
      }
      const id = paramOf(call, 'id') as UserId;
      const sessionsEnded = await countLiveSessions(context.gate, call.organization.id, id);
      const request = { ...(reason === undefined ? {} : { reason }), ...(note === undefined ? {} : { note }) };
      const result = await context.provisioning.deactivateUser(
        call.organization.id,
        id,
        request,
        call.by,
        preconditionOf(call.ifMatch),
      );
      return answerStatus(context, result, sessionsEnded);
    },
  }),
  defineOperation({
    id: 'users.reactivate',
    method: 'post',
    path: `${base}/:id/reactivate`,
    summary: 'Lift holds; with none left the person is in again if a seat is free',
    body: contract.reactivation,
    answer: contract.statusChanged,
    run: async (context, call) => {
      const { lift, ifNoSeat } = call.body;
      const request = { ...(lift === undefined ? {} : { lift }), ...(ifNoSeat === undefined ? {} : { ifNoSeat }) };
      const id = paramOf(call, 'id') as UserId;
      const result = await context.provisioning.reactivateUser(
        call.organization.id,
        id,
        request,
        call.by,
        preconditionOf(call.ifMatch),
      );
      return answerStatus(context, result, 0);
    },
  }),
  defineOperation({
    id: 'users.assignRoles',
    method: 'put',
    path: `${base}/:id/roles`,
    summary: 'Give the user exactly these roles',
    body: contract.roleAssignment,
    answer: contract.userChanged,
    run: async (context, call) => {
      const id = paramOf(call, 'id') as UserId;
      const { user, change } = await context.provisioning.assignRoles(
        call.organization.id,
        id,
        call.body.roles,
        call.by,
        preconditionOf(call.ifMatch),
      );
      return { body: { user: toUserAnswer(user), change }, headers: { ETag: entityTagOf(user) } };
    },
  }),
];

async function answerStatus(context: AdminContext, result: ChangeResult, sessionsEnded: number): Promise<Answer> {
  const { user, change } = result;
  const owned = await context.credentials.list(user.organizationId, user.id);
  return {
    body: {
      user: toUserAnswer(user),
      seat: seatOf(user),
      sessionsEnded: result.before?.active === true && !user.active ? sessionsEnded : 0,
      credentials: owned.map((credential) => toCredentialAnswer(credential, context.now())),
      receipt: null,
      change,
    },
    headers: { ETag: entityTagOf(user) },
  };
}

/** An undeleted user of the organisation, or `userNotFound`. */
async function readUser(
  context: AdminContext,
  call: Pick<Call<unknown, unknown>, 'organization' | 'params'>,
): Promise<User> {
  const user = await context.storage.users.get(call.organization.id, paramOf(call, 'id') as UserId);
  if (user === null || user.deletedAt !== undefined) throw new DirectoryError('userNotFound', 'There is no such user.');
  return user;
}

type ListCall = Call<unknown, ReturnType<typeof contract.userQuery.parse>>;

/** Up to `limit` matching users after an id: by an exact key where one is given, else by walking the list. */
async function findUsers(
  context: AdminContext,
  call: ListCall,
  after: UserId | undefined,
  limit: number,
): Promise<readonly User[]> {
  const { users } = context.storage;
  const id = call.organization.id;
  const matches = matcherOf(call.query);
  const key = keyOf(call.query);
  if (key !== null)
    return (await users.findByKey(id, key))
      .filter((user) => matches(user) && (after === undefined || user.id > after))
      .slice(0, limit);
  const found: User[] = [];
  for (let place = after; ; ) {
    const piece = await users.list(id, { ...(place === undefined ? {} : { after: place }), limit: 200 });
    for (const user of piece) if (matches(user) && found.length < limit) found.push(user);
    if (piece.length < 200 || found.length >= limit) return found;
    place = piece.at(-1)?.id;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function keyOf(query: ListCall['query']): UserKey | null {
  if (query.userName !== undefined) return { kind: 'userName', value: foldCase(query.userName) };
  if (query.externalId !== undefined) return { kind: 'externalId', value: query.externalId };
  if (query.email !== undefined) return { kind: 'email', value: foldCase(query.email) };
  if (query.displayName !== undefined) return { kind: 'displayName', value: foldCase(query.displayName) };
  return null;
}

/** Every condition that was given must hold, also those beside the key. */
function matcherOf(query: ListCall['query']): (user: User) => boolean {
  const same = (value: string | undefined, wanted: string | undefined) =>
    wanted === undefined || (value !== undefined && foldCase(value) === foldCase(wanted));
  return (user) => {
    const { userName, externalId, displayName, emails } = user.profile;
    if (query.status !== undefined && statusOf(user) !== query.status) return false;
    if (!same(userName, query.userName) || !same(displayName, query.displayName)) return false;
    if (query.externalId !== undefined && externalId !== query.externalId) return false;
    if (
      query.email !== undefined &&
      !(emails ?? []).some((email) => typeof email['value'] === 'string' && same(email['value'], query.email))
    )
      return false;
    return (
      query.q === undefined ||
      [userName, displayNameOf(user.profile)].some((name) => foldCase(name).includes(foldCase(query.q ?? '')))
    );
  };
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
  const items = page.items.map(({ id, value }) => ({
    // The first half of the hash names it; it is no secret, but nobody needs all of it.
    id: id.slice(0, 32),
    connection: value.connection,
    live: user.active && value.endedAt === undefined && value.epoch === user.epoch && !isExpired(context.gate, value),
    createdAt: toIso(value.createdAt),
    lastSeenAt: toIso(value.lastSeenAt),
    expiresAt: toIso(value.notOnOrAfter),
    ...(value.endedAt === undefined ? {} : { endedAt: toIso(value.endedAt) }),
    ...(value.cause === undefined ? {} : { cause: value.cause }),
  }));
  return { body: { items, next: page.next } };
}
