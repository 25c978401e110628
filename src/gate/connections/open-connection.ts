// From a stored connection to something that signs people in: its settings, our addresses for it, and its protocol's strategy.
// Read for every request, so that a certificate taken away is refused at once on every node (S26).

import type { Connection } from '#directory/connection.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { GateContext } from '../gate-context.ts';
import { SignInError } from '../sign-in/refusal.ts';
import type { ConnectionStrategy } from './connection-strategy.ts';
import { openOidcSignIn, type OidcParts } from './oidc/oidc-sign-in.ts';
import { openSamlSignIn, type SamlParts } from './saml-sign-in.ts';
import { canSignIn, type SignInConnection } from './sign-in-connection.ts';

export interface ConnectionParts extends OidcParts, SamlParts {}

/** Our addresses for one connection, from the base URL and nothing else. */
export function addressesOf(baseUrl: string, connection: Pick<Connection, 'organizationId' | 'id'>) {
  const root = `${baseUrl}/sso/${connection.organizationId}/${connection.id}`;
  return {
    samlEntityId: `${root}/saml/metadata`,
    samlAcs: `${root}/saml/acs`,
    samlSlo: `${root}/saml/slo`,
    oidcCallback: `${root}/oidc/callback`,
    oidcJwks: `${root}/oidc/jwks`,
    oidcBackchannelLogout: `${root}/oidc/backchannel-logout`,
    globalTokenRevocation: `${root}/global-token-revocation`,
    securityEvents: `${root}/security-events`,
  };
}

/** The connection, or null when the organisation has none of this id or it has no sign-in part. */
export async function findSignInConnection(
  context: GateContext,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<SignInConnection | null> {
  const record = await context.storage
    .records(connectionRecords)
    .get(connectionRecordId(organizationId, id), context.now());
  if (record === null || record.organizationId !== organizationId) return null;
  return canSignIn(record.value) ? record.value : null;
}

/** All of the organisation's connections that can sign people in, in order of id. */
export async function listSignInConnections(
  context: GateContext,
  organizationId: OrganizationId,
): Promise<readonly SignInConnection[]> {
  const found: SignInConnection[] = [];
  let after: string | undefined;
  for (;;) {
    const page = { limit: 200, ...(after === undefined ? {} : { after }) };
    const records = await context.storage.records(connectionRecords).list(organizationId, page, context.now());
    found.push(...records.map((record) => record.value).filter(canSignIn));
    after = records.at(-1)?.id;
    if (records.length < 200) return found;
  }
}

/** The strategy of a connection. Settings that cannot work refuse as `connectionMisconfigured`. */
export function openConnection(
  context: GateContext,
  parts: ConnectionParts,
  connection: SignInConnection,
): ConnectionStrategy {
  const addresses = addressesOf(context.config.baseUrl, connection);
  try {
    const { signIn } = connection;
    return signIn.kind === 'saml'
      ? openSamlSignIn(context, parts, connection, signIn, addresses)
      : openOidcSignIn(context, parts, connection, signIn, addresses);
  } catch (error) {
    throw new SignInError('connectionMisconfigured', error instanceof Error ? error.message : String(error), error);
  }
}
