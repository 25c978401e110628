// `/hr/v1/leaves`: the leaves that a feed has made, one by one, for systems that keep leaves instead of statuses. Another's are as good as unknown.

import { z } from 'zod';
import { isOpen, openLeave, type Leave, type LeaveId } from '#directory/leave.ts';
import { openLeaveKey, type User } from '#directory/user.ts';
import type { UserId } from '#directory/identifiers.ts';
import { findPerson } from './find-person.ts';
import type { HrCall, HrContext } from './hr-context.ts';
import { HrError } from './hr-problem.ts';
import { describeIssue, sentIdentifiers, withoutGaps } from './status-line.ts';

const date = z.string().max(10);
const days = {
  type: z.enum(['leave', 'parental', 'secondment', 'other', 'left']).optional(),
  from: date.optional(),
  until: date.nullable().optional(),
  returnHour: z.int().min(0).max(23).optional(),
  seat: z.enum(['release', 'keep']).optional(),
  note: z.string().max(2_000).optional(),
};
const newLeave = z.strictObject({ person: sentIdentifiers, ...days });
const leaveChange = z.strictObject(days);
const pageSize = 100;

/** Of this feed, ahead or running, by person in order of creation. */
export async function listHrLeaves(context: HrContext, { client, query }: HrCall) {
  const { cursor } = query;
  const after = typeof cursor === 'string' && /^[\w-]{1,100}$/.test(cursor) ? (cursor as UserId) : undefined;
  if (cursor !== undefined && after === undefined) throw new HrError('invalidInput', 'This cursor is none of ours.');
  const page = { key: openLeaveKey, limit: pageSize + 1, ...(after === undefined ? {} : { after }) };
  const users = await context.storage.users.list(client.organization.id, page);
  const shown = users.slice(0, pageSize);
  const items = shown.flatMap((user) =>
    (user.leaves ?? [])
      .filter((leave) => isOpen(leave) && leave.source === client.connection)
      .map((leave) => toAnswer(user, leave)),
  );
  return { body: { items, next: users.length > pageSize ? (shown.at(-1)?.id ?? null) : null } };
}

export async function planHrLeave(context: HrContext, { client, body }: HrCall) {
  const { person, type = 'leave', ...plan } = read(newLeave, body);
  const found = await findPerson(context.storage, client.organization.id, withoutGaps(person));
  if (!('user' in found)) throw new HrError('invalidInput', found.detail);
  const result = await context.provisioning.planLeave(
    client.organization.id,
    found.user.id,
    { type, ...withoutGaps(plan) },
    client.by,
    { ifNoSeat: 'wait' },
  );
  return { status: 201, body: toAnswer(result.user, result.leave) };
}

export async function changeHrLeave(context: HrContext, call: HrCall) {
  const plan = read(leaveChange, call.body ?? {});
  const { user, leave } = await findOwn(context, call);
  const { id } = call.client.organization;
  const { by } = call.client;
  const result = await context.provisioning.changeLeavePlan(id, user.id, leave.id, withoutGaps(plan), by, {
    ifNoSeat: 'wait',
  });
  return { body: toAnswer(result.user, result.leave) };
}

/** Cancels one that is ahead, ends one that is running. */
export async function endHrLeave(context: HrContext, call: HrCall) {
  const { user, leave } = await findOwn(context, call);
  const { organization, by } = call.client;
  const result = await context.provisioning.endLeaveNow(organization.id, user.id, leave.id, by, { ifNoSeat: 'wait' });
  return { body: toAnswer(result.user, result.leave) };
}

async function findOwn(context: HrContext, { client, params }: HrCall): Promise<{ user: User; leave: Leave }> {
  const value = params['id'] ?? '';
  const isOurs = /^[\w-]{1,100}$/.test(value);
  const [user] = isOurs ? await context.storage.users.findByKey(client.organization.id, { kind: 'leave', value }) : [];
  const leave = user === undefined ? undefined : openLeave(user.leaves ?? [], value as LeaveId);
  if (user === undefined || leave?.source !== client.connection)
    throw new HrError('leaveNotFound', 'This feed has no such leave that is not over.');
  return { user, leave };
}

function read<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.flatMap(describeIssue).slice(0, 10);
  const words = faults.map(({ pointer, detail }) => `${pointer === '' ? 'The body' : pointer} ${detail}`).join('; ');
  throw new HrError('invalidInput', words);
}

function toAnswer({ id, profile, active }: User, leave: Leave) {
  const { source: _source, by: _by, startsAt, endsAt, startedAt, endedAt, ...rest } = leave;
  const iso = (at: number): string => new Date(at).toISOString();
  return {
    person: { id, userName: profile.userName, active },
    ...rest,
    startsAt: iso(startsAt),
    ...(endsAt === undefined ? {} : { endsAt: iso(endsAt) }),
    ...(startedAt === undefined ? {} : { startedAt: iso(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
  };
}
