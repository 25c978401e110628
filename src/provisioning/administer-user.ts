// What administrators do to a user: deactivate, reactivate, assign roles, end all sessions (which people also do themselves). Holds of others are lifted only here, and the answer names them.

import { describeActor } from '#directory/actor.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { placeHold, type Hold, type HoldKind } from '#directory/hold.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { liftByAdministrator } from '#directory/user-change.ts';
import type { Role } from '#directory/user.ts';
import { changeUser, type ChangeOptions } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface Deactivation {
  /** `security` places a `security` hold, which only an explicit lift removes; anything else an `admin` hold. */
  readonly reason?: string;
  readonly note?: string;
}

/** Places an `admin` (or `security`) hold. Throws `userNotFound`, `lastOwner`. */
export function deactivateUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  request: Deactivation,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<ChangeResult> {
  const hold: Hold = {
    kind: request.reason?.toLowerCase() === 'security' ? 'security' : 'admin',
    source: '',
    since: context.now(),
    by: describeActor(by.actor),
    ...(request.reason === undefined ? {} : { reason: request.reason }),
    ...(request.note === undefined ? {} : { note: request.note }),
  };
  const because: ChangeContext = request.reason === undefined ? by : { ...by, reason: request.reason };
  return changeUser(context, organizationId, id, (user) => ({ holds: placeHold(user.holds, hold) }), because, options);
}

export interface Reactivation {
  /** Which kinds to lift; left out: all but `security`. */
  readonly lift?: readonly HoldKind[];
  readonly ifNoSeat?: 'wait' | 'refuse';
}

export interface ReactivationResult extends ChangeResult {
  readonly lifted: readonly Hold[];
}

/** Lifts holds; with none left the user becomes active, or waits, or is refused (`noFreeSeat`), by `ifNoSeat` or the organisation's policy. */
export async function reactivateUser(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  request: Reactivation,
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<ReactivationResult> {
  const result = await changeUser(
    context,
    organizationId,
    id,
    (user) => ({ holds: liftByAdministrator(user.holds, request.lift) }),
    by,
    request.ifNoSeat === undefined ? options : { ...options, ifNoSeat: request.ifNoSeat },
  );
  const kept = new Set(result.user.holds.map((hold) => `${hold.kind}|${hold.source}`));
  const lifted = (result.before?.holds ?? []).filter((hold) => !kept.has(`${hold.kind}|${hold.source}`));
  return { ...result, lifted };
}

/**
 * "Log out everywhere": the epoch rises, so every session, grant and token made so far is dead from the commit on, and so is the session of a
 * sign-in that read the person's state before it. Status and seat stay. Throws `userNotFound`.
 */
export function endSessions(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  by: ChangeContext,
): Promise<ChangeResult> {
  return changeUser(context, organizationId, id, () => ({ endSessions: true }), by);
}

/** Gives the user exactly these roles. Throws `userNotFound`, `lastOwner`. */
export function assignRoles(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: UserId,
  roles: readonly Role[],
  by: ChangeContext,
  options: ChangeOptions = {},
): Promise<ChangeResult> {
  const wanted = [...new Set(roles)].sort();
  return changeUser(context, organizationId, id, () => ({ roles: wanted }), by, options);
}
