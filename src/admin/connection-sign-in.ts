// The sign-in part of a connection: from what is sent to what is stored, and what may be told of it again.

import type { AttributeMapping, Connection, OidcSignIn, SamlSignIn } from '#directory/connection.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { clientSecretPlace } from '#gate/connections/oidc/client-secret.ts';
import { isSafeUrl } from '#gate/connections/saml/safe-url.ts';
import { parseIdentityProviderMetadata } from '#gate/connections/saml/metadata.ts';
import { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import { addressesOf } from '#gate/connections/open-connection.ts';
import { toIso, type AdminContext } from './admin-operation.ts';
import type { OidcInput, SamlInput } from './connection-input.ts';

/** From metadata, or from the three fields; never from both. Throws `invalidValue`. */
export function toSamlSignIn(context: Pick<AdminContext, 'now'>, input: SamlInput): SamlSignIn {
  const { metadata, entityId, ssoUrl, certificates } = input;
  if (metadata !== undefined) {
    if (entityId !== undefined || ssoUrl !== undefined || certificates !== undefined) {
      throw refuse('metadata', 'Give either `metadata` or `entityId`, `ssoUrl` and `certificates`, not both.');
    }
    const { wantAuthnRequestsSigned, ...read } = refusing('metadata', () =>
      parseIdentityProviderMetadata(metadata, context.now()),
    );
    return { kind: 'saml', ...read, ...optionsOf(input, wantAuthnRequestsSigned) };
  }
  if (entityId === undefined || ssoUrl === undefined || certificates === undefined) {
    throw refuse('signIn', 'SAML needs `metadata`, or `entityId`, `ssoUrl` and `certificates`.');
  }
  if (!isSafeUrl(ssoUrl)) throw refuse('ssoUrl', 'ssoUrl must be https, or http on this machine.');
  const pems = certificates.map((text) => refusing('certificates', () => readSigningCertificate(text).pem));
  return { kind: 'saml', entityId, ssoUrl, certificates: [...new Set(pems)], ...optionsOf(input, false) };
}

/** What is as it is unless somebody says otherwise is not stored. */
function optionsOf(
  input: SamlInput,
  wantAuthnRequestsSigned: boolean,
): Omit<SamlSignIn, 'kind' | 'entityId' | 'ssoUrl' | 'certificates'> {
  const { wantSigned, signRequests = wantAuthnRequestsSigned, encryption, forceAuthn, idpInitiated } = input;
  return {
    wantSigned,
    ...mappingOf(input),
    ...(signRequests ? { signRequests } : {}),
    ...(encryption === 'off' ? {} : { encryption }),
    ...(forceAuthn ? { forceAuthn } : {}),
    ...(idpInitiated === 'refuse' ? {} : { idpInitiated }),
  };
}

/** Without members that name nothing. */
export function mappingOf({ attributes = {} }: Pick<SamlInput, 'attributes'>): {
  readonly attributes?: AttributeMapping;
} {
  const named = Object.entries(attributes).filter(([, name]) => name !== undefined);
  return named.length === 0 ? {} : { attributes: Object.fromEntries(named) };
}

/** Seals the client secret. One that is left out stays only if it would go to the same issuer for the same client. */
export function toOidcSignIn(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  input: OidcInput,
  before: Connection['signIn'] | undefined,
): OidcSignIn {
  const { issuer, clientId, clientSecret } = input;
  if (!isSafeUrl(issuer)) throw refuse('issuer', 'issuer must be https.');
  if (issuer.startsWith('http:') && !context.gate.config.allowInsecureProviders) {
    throw refuse('issuer', 'issuer must be https; http on this machine needs FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS.');
  }
  if (/[?#]/.test(issuer)) throw refuse('issuer', 'issuer must not have a query or a fragment.');
  const base = { kind: 'oidc', issuer, clientId } as const;
  const stays =
    before?.kind === 'oidc' && before.issuer === issuer && before.clientId === clientId
      ? before.sealedClientSecret
      : undefined;
  const isSame =
    stays !== undefined && clientSecret !== undefined && unsealed(context, organizationId, id, stays) === clientSecret;
  if (clientSecret !== undefined && !isSame) {
    return { ...base, sealedClientSecret: context.sealing.seal(clientSecret, clientSecretPlace(organizationId, id)) };
  }
  return stays === undefined ? base : { ...base, sealedClientSecret: stays };
}

/** Null for what cannot be opened any more: it is then replaced. */
function unsealed(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  sealed: string,
): string | null {
  try {
    return context.sealing.unseal(sealed, clientSecretPlace(organizationId, id));
  } catch {
    return null;
  }
}

export function toConnectionAnswer(context: AdminContext, connection: Connection) {
  const { id, organizationId, name, domains, match, signIn, provisioning, createdAt } = connection;
  return {
    id,
    organization: organizationId,
    name,
    domains,
    match,
    ...(signIn === undefined ? {} : { signIn: toSignInAnswer(signIn) }),
    ...(provisioning === undefined ? {} : { provisioning }),
    urls: urlsOf(context, connection),
    createdAt: toIso(createdAt),
  };
}

function toSignInAnswer(signIn: SamlSignIn | OidcSignIn) {
  if (signIn.kind === 'oidc') {
    const { sealedClientSecret, ...rest } = signIn;
    return { ...rest, hasClientSecret: sealedClientSecret !== undefined };
  }
  return { ...signIn, keys: signIn.certificates.map(tellCertificate) };
}

function tellCertificate(pem: string) {
  const { fingerprint, notAfter } = readSigningCertificate(pem);
  return { fingerprint, notAfter: notAfter.toISOString() };
}

/** What an administrator enters at the other side. */
function urlsOf(context: AdminContext, connection: Connection): Record<string, string> {
  const { baseUrl } = context.config;
  const addresses = addressesOf(baseUrl, connection);
  const login = `${baseUrl}/sso/${connection.organizationId}/login?connection=${connection.id}`;
  return {
    ...(connection.signIn?.kind === 'saml'
      ? { samlEntityId: addresses.samlEntityId, samlAcs: addresses.samlAcs, login }
      : {}),
    ...(connection.signIn?.kind === 'oidc' ? { oidcCallback: addresses.oidcCallback, login } : {}),
    ...(connection.provisioning?.kind === 'scim' ? { scim: `${baseUrl}/scim/v2` } : {}),
    ...(connection.provisioning?.kind === 'hr' ? { statusChanges: `${baseUrl}/hr/v1/status-changes` } : {}),
  };
}

function refusing<Value>(field: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof SamlRefusal) throw refuse(field, `${field}: ${error.detail}.`);
    throw error;
  }
}

function refuse(field: string, message: string): DirectoryError {
  return new DirectoryError('invalidValue', message, { field });
}
