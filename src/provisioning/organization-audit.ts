// The audit entry of a change of an organisation or its seats.

import { describeActor } from '#directory/actor.ts';
import type { AuditEvent } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type OrganizationId } from '#directory/identifiers.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** What was done to the organisation, by whom; `change` joins entries of one request. */
export function auditOrganization(
  context: ProvisioningContext,
  by: ChangeContext,
  action: string,
  id: OrganizationId,
  difference: Pick<AuditEvent, 'before' | 'after'>,
  change: string = createTimeOrderedId(context.now(), context.randomBytes),
): AuditEvent {
  return {
    action,
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'organization', id },
    ...difference,
    ...(by.reason === undefined ? {} : { reason: by.reason }),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
  };
}
