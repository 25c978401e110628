// Effects: the work that must follow a committed change, stored in the same write and carried out by the relay.
// Each is idempotent by its id: carrying it out twice leaves the same state as once.

import {
  createTimeOrderedId,
  type EffectId,
  type Instant,
  type OrganizationId,
  type RandomBytes,
  type UserId,
} from './identifiers.ts';
import type { LeaveStep } from './leave-steps.ts';
import type { Notice } from './notice.ts';
import type { SeatChange } from './seat-history.ts';

/** What the audit trail will say. `before` and `after` hold only what differs. */
export interface AuditEvent {
  readonly action: string;
  readonly level: 'important' | 'information';
  readonly actor: string;
  readonly mouth: string;
  readonly target: { readonly kind: string; readonly id: string; readonly name?: string };
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
  /** What it did to the person's leaves. */
  readonly leaves?: readonly LeaveStep[];
  readonly reason?: string;
  readonly requestId?: string;
  readonly change?: string;
  /** The change that this one takes back. */
  readonly undoes?: string;
  /** Id of the import that this is a part of; the import's own entry has it as its target. */
  readonly job?: string;
}

/** What a change changed: the attributes that differ, before and after. */
export type Difference = Pick<AuditEvent, 'before' | 'after'>;

export function partsOf({ before, after }: AuditEvent): Difference {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

export type EffectBody =
  | { readonly kind: 'audit'; readonly event: AuditEvent }
  /** End all of the user's sessions made before `epoch`; the commit already closed every door, this tidies and records. */
  | { readonly kind: 'endSessions'; readonly userId: UserId; readonly epoch: number; readonly cause: string }
  /** One session of the gate has ended (`session`: its record's id): the apps that were opened from it are told. */
  | { readonly kind: 'endAppSessions'; readonly session: string; readonly cause: string }
  /** A step of the history of seats. */
  | { readonly kind: 'seat'; readonly change: SeatChange }
  /** Somebody is to hear of it: stored as a notice under the effect's id, and mailed. */
  | { readonly kind: 'notice'; readonly notice: Notice };

export type EffectKind = EffectBody['kind'];

export interface Effect {
  readonly id: EffectId;
  readonly organizationId: OrganizationId;
  /** When the change was committed. */
  readonly at: Instant;
  /** Failed tries so far. */
  readonly attempts: number;
  readonly body: EffectBody;
}

/** Effects ready to be stored with a change. */
export function toEffects(
  context: { readonly now: () => Instant; readonly randomBytes: RandomBytes },
  organizationId: OrganizationId,
  bodies: readonly EffectBody[],
): readonly Effect[] {
  const at = context.now();
  return bodies.map((body) => ({
    id: createTimeOrderedId(at, context.randomBytes) as EffectId,
    organizationId,
    at,
    attempts: 0,
    body,
  }));
}
