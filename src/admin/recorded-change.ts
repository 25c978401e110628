// The audit entry of a change of configuration: it goes into the same write as what it tells of.

import { describeActor } from '#directory/actor.ts';
import { toEffects, type Effect } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type OrganizationId } from '#directory/identifiers.ts';
import type { AdminContext } from './admin-operation.ts';

export interface ConfigurationChange {
  /** For example `connection.added`. */
  readonly action: string;
  readonly target: {
    readonly kind: 'connection' | 'domain' | 'app' | 'signingKeys';
    readonly id: string;
    readonly name: string;
  };
  /** Nothing sealed, no secret and no hash of one. */
  readonly before?: Readonly<Record<string, unknown>>;
  readonly after?: Readonly<Record<string, unknown>>;
}

/** The id of the change and the effects to store with it. */
export function recordChange(
  context: Pick<AdminContext, 'now' | 'randomBytes'>,
  organizationId: OrganizationId,
  { action, target, before, after }: ConfigurationChange,
  by: ChangeContext,
): { readonly change: ChangeId; readonly effects: readonly Effect[] } {
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const event = {
    action,
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
  } as const;
  return { change, effects: toEffects(context, organizationId, [{ kind: 'audit', event }]) };
}
