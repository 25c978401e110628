// Single logout as the gate sees it: where it is on, what a person's sessions are to the identity provider, and the way there from `/sso/logout`
// (gate.md 2.4). Messages are saml-logout.ts' business, HTTP saml-logout-endpoints.ts'.

import type { SamlSignIn } from '#directory/connection.ts';
import { addressesOf, findSignInConnection } from '../connections/open-connection.ts';
import { createSamlLogout, type SamlLogout } from '../connections/saml/saml-logout.ts';
import type { SignatureVerifier } from '../connections/saml/signature-verifier.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import type { GateContext } from '../gate-context.ts';
import type { StoredSession } from '../sessions/session.ts';
import { createHandle, keepLogoutAttempt } from './logout-attempt.ts';

export interface LogoutConnection {
  readonly connection: SignInConnection;
  readonly signIn: SamlSignIn;
  readonly logout: SamlLogout;
}

/** The connection's logout, or null where it is off. */
export function openLogout(
  context: GateContext,
  verifier: SignatureVerifier,
  connection: SignInConnection | null,
): LogoutConnection | null {
  if (connection === null) return null;
  const { signIn } = connection;
  if (signIn.kind !== 'saml' || signIn.logout !== 'on' || signIn.logoutService === undefined) return null;
  const { samlEntityId, samlSlo } = addressesOf(context.config.baseUrl, connection);
  const { entityId, certificates, logoutService: service } = signIn;
  const logout = createSamlLogout(
    { entityId, certificates, serviceEntityId: samlEntityId, sloUrl: samlSlo, service },
    { verifier, randomBytes: context.randomBytes, signer: () => context.samlKeys.signer(connection) },
  );
  return { connection, signIn, logout };
}

/** Where a browser whose session was just ended here is sent to be signed out there too; null where that is not possible. */
export async function signOutThere(
  context: GateContext,
  verifier: SignatureVerifier,
  session: StoredSession,
): Promise<string | null> {
  const { provider, connection: id } = session.value;
  if (provider === undefined) return null;
  const at = openLogout(context, verifier, await findSignInConnection(context, session.organizationId, id));
  // The connection may point to another identity provider by now, who never heard of this person.
  if (at === null || at.signIn.entityId !== provider.issuer) return null;
  const { subject, subjectFormat: format, sessionId: sessionIndex } = provider;
  const handle = createHandle(context);
  const person = {
    subject,
    ...(format === undefined ? {} : { format }),
    ...(sessionIndex === undefined ? {} : { sessionIndex }),
  };
  const { url, requestId } = await at.logout.ask(person, handle, context.now());
  await keepLogoutAttempt(context, session.organizationId, handle, { connection: id, requestId });
  return url;
}
