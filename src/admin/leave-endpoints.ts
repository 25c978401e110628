// Leaves: plan, change, end, list. What begins today begins in the same commit, and the answer is that of a change of status.

import type { UserId } from '#directory/identifiers.ts';
import { isOpen, type LeaveId } from '#directory/leave.ts';
import { displayNameOf, openLeaveKey } from '#directory/user.ts';
import type { LeaveResult } from '#provisioning/plan-leave.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type AdminContext, type Answer, type Operation } from './admin-operation.ts';
import { toPlan } from './leave-plan.ts';
import { toLeaveAnswer } from './leave-view.ts';
import { readCursor, writeCursor } from './paging.ts';
import { readUser } from './user-endpoints.ts';
import { answerStatus } from './user-status.ts';
import { preconditionOf } from './user-view.ts';

const ofUser = '/organizations/:org/users/:id/leaves';
const ofOrganization = '/organizations/:org/leaves';

export const leaveOperations: readonly Operation[] = [
  defineOperation({
    id: 'leaves.list',
    method: 'get',
    path: ofOrganization,
    summary: 'Leaves that are ahead or running, by person in order of creation',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.leaveOfUser),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor) as UserId | undefined;
      const page = { key: openLeaveKey, ...(after === undefined ? {} : { after }), limit: limit + 1 };
      const users = await context.storage.users.list(call.organization.id, page);
      const shown = users.slice(0, limit);
      const items = shown.flatMap(({ id, profile, leaves = [] }) => {
        const user = { id, userName: profile.userName, displayName: displayNameOf(profile) };
        return leaves.filter(isOpen).map((leave) => ({ user, leave: toLeaveAnswer(leave) }));
      });
      const last = shown.at(-1);
      return { body: { items, next: users.length > limit && last !== undefined ? writeCursor(last.id) : null } };
    },
  }),
  defineOperation({
    id: 'leaves.add',
    method: 'post',
    path: ofOrganization,
    summary: 'Plan a leave of a person; one that begins now begins with the answer',
    body: contract.newLeaveOf,
    answer: contract.leaveChanged,
    status: 201,
    run: async (context, call) => {
      const { user, ...plan } = call.body;
      const id = user as UserId;
      const options = preconditionOf(call.ifMatch);
      return answer(
        context,
        await context.provisioning.planLeave(call.organization.id, id, toPlan(plan), call.by, options),
      );
    },
  }),
  defineOperation({
    id: 'users.leaves',
    method: 'get',
    path: ofUser,
    summary: 'The person’s leaves: ahead, running, and the last fifty that are over',
    answer: contract.leavesAnswer,
    run: async (context, call) => {
      const { leaves = [] } = await readUser(context, call);
      return { body: { leaves: leaves.map(toLeaveAnswer) } };
    },
  }),
  defineOperation({
    id: 'users.planLeave',
    method: 'post',
    path: ofUser,
    summary: 'Plan a leave; one that begins now begins with the answer',
    body: contract.newLeave,
    answer: contract.leaveChanged,
    status: 201,
    run: async (context, call) => {
      const id = paramOf(call, 'id') as UserId;
      const options = preconditionOf(call.ifMatch);
      return answer(
        context,
        await context.provisioning.planLeave(call.organization.id, id, toPlan(call.body), call.by, options),
      );
    },
  }),
  defineOperation({
    id: 'users.changeLeave',
    method: 'put',
    path: `${ofUser}/:leave`,
    summary: 'Change the plan of a leave that is not over; what is left out stays, `until` null makes it indefinite',
    body: contract.leaveChange,
    answer: contract.leaveChanged,
    run: async (context, call) =>
      answer(
        context,
        await context.provisioning.changeLeavePlan(
          call.organization.id,
          paramOf(call, 'id') as UserId,
          paramOf(call, 'leave') as LeaveId,
          toPlan(call.body),
          call.by,
          preconditionOf(call.ifMatch),
        ),
      ),
  }),
  defineOperation({
    id: 'users.endLeave',
    method: 'post',
    path: `${ofUser}/:leave/end`,
    summary: 'End a running leave now, or cancel one that is ahead',
    answer: contract.leaveChanged,
    run: async (context, call) =>
      answer(
        context,
        await context.provisioning.endLeaveNow(
          call.organization.id,
          paramOf(call, 'id') as UserId,
          paramOf(call, 'leave') as LeaveId,
          call.by,
          preconditionOf(call.ifMatch),
        ),
      ),
  }),
];

async function answer(context: AdminContext, result: LeaveResult): Promise<Answer> {
  const { body, ...rest } = await answerStatus(context, result);
  return { ...rest, body: { leave: toLeaveAnswer(result.leave), ...(body as object) } };
}
