// The sign-in part of a connection: from what is sent to what is stored, and what may be told of it again.

import type {
  AttributeMapping,
  Connection,
  OidcSignIn,
  SamlLogoutService,
  SamlSignIn,
  SignalReception,
} from '#directory/connection.ts';
import type { BrakeState } from '#directory/brake.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { clientSecretPlace } from '#gate/connections/oidc/client-secret.ts';
import { presetOf } from '#gate/connections/oidc/oidc-presets.ts';
import { isSafeUrl } from '#gate/connections/saml/safe-url.ts';
import { parseIdentityProviderMetadata } from '#gate/connections/saml/metadata.ts';
import { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import { addressesOf } from '#gate/connections/open-connection.ts';
import { daysUntil } from './warn-of-certificates.ts';
import { toIso, type AdminContext } from './admin-operation.ts';
import { toBrakeAnswer } from './brake-answer.ts';
import { toProvisioningAnswer } from './connection-pull.ts';
import type { ConnectionInput, OidcInput, SamlInput } from './connection-input.ts';

/** From metadata, or from the three fields; never from both. Throws `invalidValue`. */
export async function toSamlSignIn(context: Pick<AdminContext, 'now'>, input: SamlInput): Promise<SamlSignIn> {
  const { metadata, metadataUrl, entityId, ssoUrl, certificates } = input;
  if (metadataUrl !== undefined && metadata === undefined) {
    throw refuse('metadataUrl', 'The metadata could not be read yet; give `metadata` too.');
  }
  if (metadata !== undefined) {
    if (entityId !== undefined || ssoUrl !== undefined || certificates !== undefined) {
      throw refuse('metadata', 'Give either `metadata` or `entityId`, `ssoUrl` and `certificates`, not both.');
    }
    const read = await parseIdentityProviderMetadata(metadata, context.now()).catch((error: unknown) => {
      throw toRefusal('metadata', error);
    });
    const { entityId: id, ssoUrl: url, certificates: keys } = read;
    return { kind: 'saml', entityId: id, ssoUrl: url, certificates: keys, ...samlOptionsOf(input, read) };
  }
  if (entityId === undefined || ssoUrl === undefined || certificates === undefined) {
    throw refuse('signIn', 'SAML needs `metadata`, or `entityId`, `ssoUrl` and `certificates`.');
  }
  if (!isSafeUrl(ssoUrl)) throw refuse('ssoUrl', 'ssoUrl must be https, or http on this machine.');
  const pems = certificates.map((text) => refusing('certificates', () => readSigningCertificate(text).pem));
  return {
    kind: 'saml',
    entityId,
    ssoUrl,
    certificates: [...new Set(pems)],
    ...samlOptionsOf(input, { wantAuthnRequestsSigned: false }),
  };
}

type SamlOptions = Omit<SamlSignIn, 'kind' | 'entityId' | 'ssoUrl' | 'certificates'>;

/** What is as it is unless somebody says otherwise is not stored. */
function samlOptionsOf(
  input: SamlInput,
  read: { readonly wantAuthnRequestsSigned: boolean; readonly logoutService?: SamlLogoutService },
): SamlOptions {
  const { wantSigned, signRequests = read.wantAuthnRequestsSigned, encryption, forceAuthn, idpInitiated } = input;
  const { logout, logoutUrl, metadataUrl, metadataCertificates = [] } = input;
  for (const [field, url] of Object.entries({ logoutUrl, metadataUrl })) {
    if (url !== undefined && !isSafeUrl(url)) throw refuse(field, `${field} must be https, or http on this machine.`);
  }
  const logoutService: SamlLogoutService | undefined =
    logoutUrl === undefined ? read.logoutService : { url: logoutUrl };
  if (logout === 'on' && logoutService === undefined) {
    throw refuse('logout', 'logout needs a SingleLogoutService by HTTP-Redirect in the metadata, or `logoutUrl`.');
  }
  const pems = metadataCertificates.map((text) =>
    refusing('metadataCertificates', () => readSigningCertificate(text).pem),
  );
  return {
    wantSigned,
    ...mappingOf(input),
    ...(signRequests ? { signRequests } : {}),
    ...(encryption === 'off' ? {} : { encryption }),
    ...(forceAuthn ? { forceAuthn } : {}),
    ...(idpInitiated === 'refuse' ? {} : { idpInitiated }),
    ...(logout === 'off' ? {} : { logout }),
    ...(logoutService === undefined ? {} : { logoutService }),
    ...(metadataUrl === undefined ? {} : { metadataUrl }),
    ...(pems.length === 0 ? {} : { metadataCertificates: [...new Set(pems)] }),
  };
}

/** Without members that name nothing. */
export function mappingOf({ attributes = {} }: Pick<SamlInput | OidcInput, 'attributes'>): {
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
  const { issuer, clientId, clientSecret, keepPreviousSecret } = input;
  assertIssuer(context, 'issuer', issuer);
  const { issuer: wanted } = presetOf(input.preset === undefined ? { issuer } : { issuer, preset: input.preset });
  if (wanted !== null && !wanted.pattern.test(issuer) && !isOnThisMachine(issuer))
    throw refuse('issuer', `issuer of this kind of provider must be ${wanted.words}.`);
  const base: OidcSignIn = { kind: 'oidc', issuer, clientId, ...optionsOf(input), ...mappingOf(input) };
  const same = before?.kind === 'oidc' && before.issuer === issuer && before.clientId === clientId ? before : undefined;
  const stays = same?.sealedClientSecret;
  const previous = (sealed: string | undefined) => (sealed === undefined ? {} : { sealedPreviousSecret: sealed });
  const isSame =
    stays !== undefined && clientSecret !== undefined && unsealed(context, organizationId, id, stays) === clientSecret;
  if (clientSecret !== undefined && !isSame) {
    const sealedClientSecret = context.sealing.seal(clientSecret, clientSecretPlace(organizationId, id));
    return { ...base, sealedClientSecret, ...(keepPreviousSecret ? previous(stays) : {}) };
  }
  if (stays === undefined) return base;
  const keeps = clientSecret === undefined || keepPreviousSecret;
  return { ...base, sealedClientSecret: stays, ...(keeps ? previous(same?.sealedPreviousSecret) : {}) };
}

/** Throws `invalidValue` for an issuer that cannot be trusted to be who it says. */
export function assertIssuer(context: Pick<AdminContext, 'gate'>, field: string, issuer: string): void {
  if (!isSafeUrl(issuer)) throw refuse(field, `${field} must be https.`);
  if (issuer.startsWith('http:') && !context.gate.config.allowInsecureProviders) {
    throw refuse(field, `${field} must be https; http on this machine needs FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS.`);
  }
  if (/[?#]/.test(issuer)) throw refuse(field, `${field} must not have a query or a fragment.`);
}

/** Demonstrations and tests play the vendors' parts. */
function isOnThisMachine(issuer: string): boolean {
  return issuer.startsWith('http:');
}

function optionsOf(input: OidcInput): Partial<OidcSignIn> {
  const { preset, authMethod, scopes, idTokenAlgorithm, maxAgeSeconds, prompt } = input;
  return {
    ...(preset === undefined ? {} : { preset }),
    ...(authMethod === undefined ? {} : { authMethod }),
    ...(scopes === undefined || scopes.length === 0 ? {} : { scopes: [...new Set(scopes)] }),
    ...(idTokenAlgorithm === undefined ? {} : { idTokenAlgorithm }),
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    ...(prompt === undefined ? {} : { prompt }),
  };
}

/** Without a sign-in by OIDC there is no issuer to fall back to. Throws `invalidValue`. */
export function toSignals(
  context: Pick<AdminContext, 'gate'>,
  { signals, signIn }: Pick<ConnectionInput, 'signals' | 'signIn'>,
): SignalReception | undefined {
  if (signals === undefined) return undefined;
  const { issuer, jwksUri, audience, ...actions } = signals;
  if (issuer === undefined && signIn?.kind !== 'oidc')
    throw refuse('signals', 'signals needs an `issuer` where nobody signs in by OIDC.');
  if (issuer !== undefined) assertIssuer(context, 'signals.issuer', issuer);
  if (jwksUri !== undefined) assertIssuer(context, 'signals.jwksUri', jwksUri);
  return {
    ...actions,
    ...(issuer === undefined ? {} : { issuer }),
    ...(jwksUri === undefined ? {} : { jwksUri }),
    ...(audience === undefined ? {} : { audience }),
  };
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

/** `verified`: the domains that the organisation has. `brake`: what was counted, if anything. */
export function toConnectionAnswer(
  context: AdminContext,
  connection: Connection,
  verified: ReadonlySet<string>,
  brake: BrakeState | undefined,
) {
  const { id, organizationId, name, domains, match, createUsers, signals, signIn, provisioning, createdAt } =
    connection;
  return {
    id,
    organization: organizationId,
    name,
    domains,
    unverifiedDomains: domains.filter((domain) => !verified.has(domain)),
    match,
    createUsers: createUsers === true,
    ...(signals === undefined ? {} : { signals }),
    ...(signIn === undefined ? {} : { signIn: toSignInAnswer(context, signIn) }),
    ...(provisioning === undefined ? {} : { provisioning: toProvisioningAnswer(provisioning) }),
    ...(provisioning?.brake === undefined ? {} : { brake: toBrakeAnswer(provisioning.brake, brake, context.now()) }),
    urls: urlsOf(context, connection),
    createdAt: toIso(createdAt),
  };
}

function toSignInAnswer(context: Pick<AdminContext, 'now'>, signIn: SamlSignIn | OidcSignIn) {
  if (signIn.kind === 'oidc') {
    const { sealedClientSecret, sealedPreviousSecret, ...rest } = signIn;
    return {
      ...rest,
      hasClientSecret: sealedClientSecret !== undefined,
      hasPreviousSecret: sealedPreviousSecret !== undefined,
    };
  }
  return { ...signIn, keys: signIn.certificates.map((pem) => tellCertificate(pem, context.now())) };
}

/** `endsInDays` only where it is time to think of it. */
function tellCertificate(pem: string, now: number) {
  const { fingerprint, notAfter } = readSigningCertificate(pem);
  const days = daysUntil(notAfter, now);
  return { fingerprint, notAfter: notAfter.toISOString(), ...(days <= 30 ? { endsInDays: days } : {}) };
}

/** What an administrator enters at the other side. */
function urlsOf(context: AdminContext, connection: Connection): Record<string, string> {
  const { baseUrl } = context.config;
  const addresses = addressesOf(baseUrl, connection);
  const login = `${baseUrl}/sso/${connection.organizationId}/login?connection=${connection.id}`;
  return {
    ...(connection.signIn?.kind === 'saml'
      ? {
          samlEntityId: addresses.samlEntityId,
          samlAcs: addresses.samlAcs,
          ...(connection.signIn.logout === 'on' ? { samlSlo: addresses.samlSlo } : {}),
          login,
        }
      : {}),
    ...(connection.signIn?.kind === 'oidc'
      ? {
          oidcCallback: addresses.oidcCallback,
          oidcBackchannelLogout: addresses.oidcBackchannelLogout,
          oidcJwks: addresses.oidcJwks,
          login,
        }
      : {}),
    ...(connection.signals === undefined
      ? {}
      : { globalTokenRevocation: addresses.globalTokenRevocation, securityEvents: addresses.securityEvents }),
    ...(connection.provisioning?.kind === 'scim' ? { scim: `${baseUrl}/scim/v2` } : {}),
    ...(connection.provisioning?.kind === 'hr' ? { statusChanges: `${baseUrl}/hr/v1/status-changes` } : {}),
  };
}

function refusing<Value>(field: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw toRefusal(field, error);
  }
}

/** The same for what was read wrongly; any other error as it is. */
function toRefusal(field: string, error: unknown): unknown {
  return error instanceof SamlRefusal ? refuse(field, `${field}: ${error.detail}.`) : error;
}

function refuse(field: string, message: string): DirectoryError {
  return new DirectoryError('invalidValue', message, { field });
}
