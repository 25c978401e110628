// Which connection a browser is to sign in by: the one it names, the one its e-mail domain is routed to, the only one there is, or one it has to
// choose. The person is never looked up, so nobody learns here who exists.

import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { isSlug } from '#directory/identifiers.ts';
import { domainOf, listConnectionsFor } from '../connections/domain-routing.ts';
import { findSignInConnection, listSignInConnections } from '../connections/open-connection.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import type { GateContext } from '../gate-context.ts';

/** What a browser says of whom it is and how it wants to sign in. */
export interface SignInWish {
  readonly connection: string | null;
  readonly loginHint: string | undefined;
}

/** Those that come into question; one of them is the answer. */
export async function findConnections(
  context: GateContext,
  organizationId: OrganizationId,
  { connection, loginHint }: SignInWish,
): Promise<readonly SignInConnection[]> {
  if (connection !== null) {
    if (!isSlug(connection)) return [];
    const named = await findSignInConnection(context, organizationId, connection as ConnectionId);
    return named === null ? [] : [named];
  }
  const routed = await listRouted(context, loginHint, organizationId);
  return routed.length > 0 ? routed : listSignInConnections(context, organizationId);
}

/** Those the domain of an address is routed to, of one organisation; of whichever has the domain without `organizationId`. */
export async function listRouted(
  context: GateContext,
  address: string | undefined,
  organizationId?: OrganizationId,
): Promise<readonly SignInConnection[]> {
  const domain = address === undefined ? null : domainOf(address);
  return domain === null ? [] : listConnectionsFor(context, domain, organizationId);
}

/** An e-mail address as a person typed it or a link gave it; undefined for what is none. */
export function readLoginHint(text: string | null): string | undefined {
  const hint = text?.trim() ?? '';
  return hint.length <= 320 && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(hint) ? hint : undefined;
}
