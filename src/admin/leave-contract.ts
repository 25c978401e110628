// What may be said of leaves in the admin API. Dates are local dates of the organisation, `until` is the first day back.

import { z } from 'zod';
import { instant } from './contract-words.ts';

export const leaveType = z.enum(['leave', 'parental', 'secondment', 'other', 'left', 'start']);
const localDate = z.string().max(10).describe('A local date of the organisation, for example 2027-04-01.');
const returnHour = z.int().min(0).max(23);
const seat = z.enum(['release', 'keep']);
const note = z.string().max(2_000, { error: 'must have at most 2000 characters' });

export const newLeave = z.strictObject({
  type: leaveType
    .default('leave')
    .describe(
      '`left` is a planned end: nobody comes back from it by themselves. `start`: not before `until`, the first day.',
    ),
  from: localDate.optional().describe('The first day away; left out: from now on.'),
  until: localDate.nullable().optional().describe('The first day back; null or left out: until somebody says so.'),
  returnHour: returnHour.optional().describe('The local hour of the return; left out: the organisation’s.'),
  seat: seat.optional().describe('Whether the seat is given back meanwhile; left out: the organisation’s.'),
  note: note.optional(),
});
export const newLeaveOf = newLeave.extend({ user: z.string().max(100).describe('The user’s id.') });
/** What is left out stays. */
export const leaveChange = z.strictObject({
  type: leaveType.optional(),
  from: localDate.optional(),
  until: localDate.nullable().optional(),
  returnHour: returnHour.optional(),
  seat: seat.optional(),
  note: note.optional(),
});

export const leaveAnswer = z.object({
  id: z.string(),
  type: leaveType,
  state: z.enum(['planned', 'running', 'ended', 'cancelled']),
  from: z.string(),
  until: z.string().optional(),
  zone: z.string(),
  returnHour: z.int(),
  reserveDays: z.int().optional().describe('From so many days before the return on a seat is kept for it.'),
  reservation: z
    .enum(['held', 'waiting'])
    .optional()
    .describe('A seat is kept for the return, or the person is in line for it.'),
  startsAt: instant,
  endsAt: instant.optional(),
  seat,
  note: z.string().optional(),
  by: z.string(),
  source: z.string().optional().describe('The connection that planned it.'),
  startedAt: instant.optional(),
  endedAt: instant.optional(),
});
export const leavesAnswer = z.object({ leaves: z.array(leaveAnswer) });
export const leaveOfUser = z.object({
  user: z.object({ id: z.string(), userName: z.string(), displayName: z.string() }),
  leave: leaveAnswer,
});
