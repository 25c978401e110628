// What a change did to a person's leaves: planned, begun, over. Part of the audit entry of that change, so that each is there once. Pure.

import type { Mouth } from './actor.ts';
import type { Instant } from './identifiers.ts';
import type { Leave, Leaves } from './leave.ts';

export interface LeaveStep {
  /** `passed`: over before it could begin; nobody was out for it. */
  readonly kind: 'scheduled' | 'started' | 'passed' | 'returned' | 'left' | 'cancelled';
  readonly id: string;
  /** How long after it was due the schedule came to it; left out below a minute, and for what people did themselves. */
  readonly lateBySeconds?: number;
}

const worthTellingMs = 60_000;

/** `leaves` with the steps, or nothing when there is none. A leave that begins in the change that plans it is both. */
export function leaveStepsBetween(
  before: { readonly leaves?: Leaves } | null,
  after: { readonly leaves?: Leaves },
  mouth: Mouth,
): { readonly leaves?: readonly LeaveStep[] } {
  if (before?.leaves === after.leaves) return {};
  const known = new Map((before?.leaves ?? []).map((leave) => [leave.id, leave]));
  const steps = (after.leaves ?? []).flatMap((leave) => stepsOf(known.get(leave.id), leave, mouth));
  return steps.length === 0 ? {} : { leaves: steps };
}

function stepsOf(before: Leave | undefined, after: Leave, mouth: Mouth): readonly LeaveStep[] {
  if (before?.state === after.state) return [];
  const { id, state, startsAt, endsAt, startedAt, endedAt } = after;
  const step = (kind: LeaveStep['kind'], dueAt?: Instant, at?: Instant): LeaveStep => {
    const lateMs = mouth === 'schedule' && dueAt !== undefined && at !== undefined ? at - dueAt : 0;
    return { kind, id, ...(lateMs < worthTellingMs ? {} : { lateBySeconds: Math.floor(lateMs / 1000) }) };
  };
  const planned = before === undefined ? [step('scheduled')] : [];
  const began = before?.state === 'running' || startedAt === undefined ? [] : [step('started', startsAt, startedAt)];
  if (state === 'running') return [...planned, ...began];
  if (state === 'cancelled') return [...planned, step('cancelled')];
  if (state !== 'ended') return planned;
  if (after.type === 'left') return [...planned, step('left', startsAt, startedAt)];
  if (startedAt === undefined) return [...planned, step('passed', startsAt, endedAt)];
  return [...planned, ...began, step('returned', endsAt, endedAt)];
}
