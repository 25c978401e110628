// People with leaves, to start a test of the days ahead from.

import type { UserId } from '#directory/identifiers.ts';
import type { Leave, LeaveId } from '#directory/leave.ts';
import { holdOf, sampleUser } from './sample-user.ts';

export const day = 86_400_000;
export const dayOf = (at: number) => new Date(at).toISOString().slice(0, 10);
export const leave = (parts: Partial<Leave>): Leave => ({
  id: 'leave' as LeaveId,
  type: 'leave',
  from: '',
  zone: 'UTC',
  returnHour: 0,
  startsAt: day,
  seat: 'release',
  by: 'cli',
  source: '',
  state: 'planned',
  ...parts,
});
export const aoki = (leaves: readonly Leave[], parts: Parameters<typeof sampleUser>[0] = {}) => ({
  ...sampleUser({ leaves, ...parts }),
  name: 'Aoki',
});
/** Somebody else. */
export const named = (name: string, leaves: readonly Leave[], parts: Parameters<typeof sampleUser>[0] = {}) => ({
  ...aoki(leaves, { id: name as UserId, ...parts }),
  name,
});
export const away = { holds: [holdOf('leave')], seat: 'none' } as const;
