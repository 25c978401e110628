// The decision of the forward-auth door: may this browser's person pass to this app now? Asked anew for every request, no path exempt.

import type { HeldReason } from '#directory/access-decision.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { GateContext } from '../gate-context.ts';
import { resumeSession } from '../sessions/resume-session.ts';
import type { OriginalRequest } from './original-request.ts';
import { findRelyingParty } from './relying-party.ts';

export type CheckedRequest =
  | { readonly kind: 'admitted'; readonly organizationId: OrganizationId; readonly user: User }
  | { readonly kind: 'held'; readonly reason: HeldReason }
  /** Nobody is signed in, or someone of another organisation. `organizationId`: where to sign in, if that is known. */
  | { readonly kind: 'nobody'; readonly organizationId: OrganizationId | null }
  /** The host is no app of ours. */
  | { readonly kind: 'unknownHost' };

/** `token`: the session cookie that came with the original request. Throws `StorageError` when the store is away. */
export async function checkRequest(
  context: GateContext,
  original: OriginalRequest,
  token: string | undefined,
): Promise<CheckedRequest> {
  const isOwnHost = original.host === new URL(context.config.baseUrl).host;
  const [party, resumed] = await Promise.all([
    isOwnHost ? null : findRelyingParty(context.storage, original.host, context.now()),
    resumeSession(context, token),
  ]);
  if (party === null && !isOwnHost) return { kind: 'unknownHost' };
  const organizationId = party?.organizationId ?? (await onlyOrganization(context));
  if (resumed.kind === 'nobody') return { kind: 'nobody', organizationId };
  const { session } = resumed;
  if (party !== null && session.organizationId !== party.organizationId) return { kind: 'nobody', organizationId };
  if (resumed.kind === 'held') return { kind: 'held', reason: resumed.reason };
  const user = await context.storage.users.get(session.organizationId, resumed.user.id);
  if (user === null) return { kind: 'nobody', organizationId };
  return { kind: 'admitted', organizationId: session.organizationId, user };
}

/** Our own host belongs to all organisations; where there is only one, its sign-in is meant. */
async function onlyOrganization(context: GateContext): Promise<OrganizationId | null> {
  const [only, ...others] = await context.storage.organizations.list();
  return only !== undefined && others.length === 0 ? only.id : null;
}
