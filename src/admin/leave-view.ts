// A leave as administrators see it.

import type { Leave } from '#directory/leave.ts';
import { toIso } from './admin-operation.ts';

export function toLeaveAnswer(leave: Leave) {
  const { source, startsAt, endsAt, startedAt, endedAt, ...rest } = leave;
  return {
    ...rest,
    ...(source === '' ? {} : { source }),
    startsAt: toIso(startsAt),
    ...(endsAt === undefined ? {} : { endsAt: toIso(endsAt) }),
    ...(startedAt === undefined ? {} : { startedAt: toIso(startedAt) }),
    ...(endedAt === undefined ? {} : { endedAt: toIso(endedAt) }),
  };
}
