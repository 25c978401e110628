// The decision of the forward-auth door: may this browser's person pass to this app now? Asked anew for every request, no path exempt.

import type { HeldReason } from '#directory/access-decision.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import type { KnownPeople, KnownPerson } from '../sessions/known-people.ts';
import { resumeSession } from '../sessions/resume-session.ts';
import type { OriginalRequest } from './original-request.ts';
import { findRelyingParty } from './relying-party.ts';

export type CheckedRequest =
  | { readonly kind: 'admitted'; readonly person: KnownPerson }
  | { readonly kind: 'held'; readonly reason: HeldReason }
  /** Nobody is signed in, or someone of another organisation. `organizationId`: where to sign in, if that is known. */
  | { readonly kind: 'nobody'; readonly organizationId: OrganizationId | null }
  /** The host is no app of ours. */
  | { readonly kind: 'unknownHost' };

/** `token`: the session cookie that came with the original request. Throws `StorageError` when the store is away. */
export type CheckRequest = (original: OriginalRequest, token: string | undefined) => Promise<CheckedRequest>;

export function createCheckRequest(context: GateContext, people: KnownPeople): CheckRequest {
  const ownHost = new URL(context.config.baseUrl).host;
  return async (original, token) => {
    const isOwnHost = original.host === ownHost;
    const [party, resumed] = await Promise.all([
      isOwnHost ? null : findRelyingParty(context.storage, original.host, context.now()),
      resumeSession(context, token),
    ]);
    if (party === null && !isOwnHost) return { kind: 'unknownHost' };
    const nobody = async (): Promise<CheckedRequest> => {
      const organizationId = party?.organizationId ?? (await onlyOrganization(context));
      return { kind: 'nobody', organizationId };
    };
    if (resumed.kind === 'nobody') return nobody();
    if (party !== null && resumed.session.organizationId !== party.organizationId) return nobody();
    if (resumed.kind === 'held') return { kind: 'held', reason: resumed.reason };
    const person = await people(resumed.user);
    return person === null ? nobody() : { kind: 'admitted', person };
  };
}

/** Our own host belongs to all organisations; where there is only one, its sign-in is meant. */
async function onlyOrganization(context: GateContext): Promise<OrganizationId | null> {
  const [only, ...others] = await context.storage.organizations.list();
  return only !== undefined && others.length === 0 ? only.id : null;
}
