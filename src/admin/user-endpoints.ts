// Users: find, show, explain, deactivate, reactivate, roles (their sessions: session-endpoints.ts). Creating and editing profiles is the identity provider's side (SCIM).

import { DirectoryError } from '#directory/directory-error.ts';
import type { UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type AdminContext, type Call, type Operation } from './admin-operation.ts';
import { readCursor, writeCursor } from './paging.ts';
import { toLeavePlan } from './leave-plan.ts';
import { explainUser } from './user-explanation.ts';
import { findUsers } from './user-list.ts';
import { answerStatus } from './user-status.ts';
import { entityTagOf, preconditionOf, toUserAnswer } from './user-view.ts';

const base = '/organizations/:org/users';

export const userOperations: readonly Operation[] = [
  defineOperation({
    id: 'users.list',
    method: 'get',
    path: base,
    summary:
      'Users in order of creation, by status, name, external id or e-mail; a page may be short while `next` says there is more',
    query: contract.userQuery,
    answer: contract.pageOf(contract.userAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor) as UserId | undefined;
      const { users, next } = await findUsers(context, call.organization.id, call.query, after, limit);
      return { body: { items: users.map(toUserAnswer), next: next === null ? null : writeCursor(next) } };
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
    id: 'users.deactivate',
    method: 'post',
    path: `${base}/:id/deactivate`,
    summary: 'Switch the account off: from the answer on the person is out everywhere and the seat is free',
    body: contract.deactivation,
    answer: contract.statusChanged,
    run: async (context, call) => {
      const { reason, note } = call.body;
      const id = paramOf(call, 'id') as UserId;
      const leave = toLeavePlan(call.body);
      if (leave !== null) {
        const by = reason === undefined ? call.by : { ...call.by, reason };
        const options = preconditionOf(call.ifMatch);
        return answerStatus(
          context,
          await context.provisioning.planLeave(call.organization.id, id, leave, by, options),
        );
      }
      const request = { ...(reason === undefined ? {} : { reason }), ...(note === undefined ? {} : { note }) };
      const result = await context.provisioning.deactivateUser(
        call.organization.id,
        id,
        request,
        call.by,
        preconditionOf(call.ifMatch),
      );
      return answerStatus(context, result);
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
      return answerStatus(context, result);
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

/** An undeleted user of the organisation, or `userNotFound`. */
export async function readUser(
  context: AdminContext,
  call: Pick<Call<unknown, unknown>, 'organization' | 'params'>,
): Promise<User> {
  const user = await context.storage.users.get(call.organization.id, paramOf(call, 'id') as UserId);
  if (user === null || user.deletedAt !== undefined) throw new DirectoryError('userNotFound', 'There is no such user.');
  return user;
}
