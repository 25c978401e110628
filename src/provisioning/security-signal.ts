// What a security signal of an identity provider does to a person's status: a `security` hold, which only an administrator lifts (model.md).

import { describeActor } from '#directory/actor.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { placeHold } from '#directory/hold.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { changeUser } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** Places the hold; one that is there stays as it is. Throws `userNotFound`. */
export function holdForSecurity(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  reason: string,
  by: ChangeContext,
): Promise<ChangeResult> {
  const hold = {
    kind: 'security',
    source: '',
    since: context.now(),
    by: describeActor(by.actor),
    reason,
  } as const;
  return changeUser(
    context,
    organizationId,
    id,
    ({ holds }) => ({ holds: placeHold(holds, hold), endSessions: true }),
    {
      ...by,
      reason,
    },
  );
}
