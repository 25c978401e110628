// From the words of a request to the plan of a leave.

import { DirectoryError } from '#directory/directory-error.ts';
import type { LeavePlan } from '#provisioning/plan-leave.ts';

/** `deactivate` with a period is a leave (console.md 1). A reason of security is never one. */
export function toLeavePlan(body: {
  readonly reason?: string | undefined;
  readonly note?: string | undefined;
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly type?: LeavePlan['type'] | undefined;
}): LeavePlan | null {
  const { reason, type, from, until, note } = body;
  if (type === undefined && from === undefined && until === undefined) return null;
  if (reason?.toLowerCase() === 'security') {
    throw new DirectoryError('invalidValue', 'A deactivation for security begins now and has no end.', {
      field: 'reason',
    });
  }
  return toPlan({ type: type ?? 'leave', from, until, note });
}

/** What is left out of a body is left out of the plan. */
export function toPlan<Body extends Readonly<Record<string, unknown>>>(
  body: Body,
): { [Name in keyof Body]: Exclude<Body[Name], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as never;
}
