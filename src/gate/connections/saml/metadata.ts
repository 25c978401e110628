// An identity provider's SAML metadata, read through the same XML gate as everything else (gate.md 2.4; SAML metadata 2.4). Ours is written by
// service-metadata.ts; fetching a document, and whether what it says may be believed, is the caller's business.

import type { SamlLogoutService } from '#directory/connection.ts';
import { childrenCalled, nameOf, protocolNamespace, redirectBinding } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { isSafeUrl } from './safe-url.ts';
import { readSigningCertificate } from './signing-certificate.ts';
import { parseXml, type XmlElement, XmlRefusal } from './xml-tree.ts';

const maxMetadataCharacters = 1024 * 1024;

export interface IdentityProviderMetadata {
  readonly entityId: string;
  readonly ssoUrl: string;
  /** PEM, at least one. */
  readonly certificates: readonly string[];
  readonly wantAuthnRequestsSigned: boolean;
  readonly logoutService?: SamlLogoutService;
}

/**
 * Reads an identity provider's metadata: entityID, the HTTP-Redirect sign-on address, the signing certificates.
 * The document's own signature is not judged: an administrator who pastes it vouches for it.
 * @throws SamlRefusal `metadataInvalid`, or `noCertificate` for a certificate that cannot be used
 */
export async function parseIdentityProviderMetadata(text: string, now: number): Promise<IdentityProviderMetadata> {
  const entity = await readEntity(text);
  const entityId = entity.attributes.get('entityID');
  if (entityId === undefined || entityId === '' || entityId.length > 1024) throw invalid('entityID');
  const roles = childrenCalled(entity, 'md:IDPSSODescriptor').filter((role) =>
    (role.attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(protocolNamespace),
  );
  const [role, ...others] = roles;
  if (role === undefined || others.length > 0) throw invalid('not exactly one IDPSSODescriptor for SAML 2.0');
  assertNotOver(entity, now);
  assertNotOver(role, now);
  const wantAuthnRequestsSigned = /^(?:true|1)$/.test(role.attributes.get('WantAuthnRequestsSigned') ?? '');
  const logoutService = readLogoutService(role);
  return {
    entityId,
    ssoUrl: readSsoUrl(role),
    certificates: readCertificates(role),
    wantAuthnRequestsSigned,
    ...(logoutService === undefined ? {} : { logoutService }),
  };
}

/** The document element, whatever it is. @throws SamlRefusal `metadataInvalid` */
export async function readMetadataRoot(text: string): Promise<XmlElement> {
  if (text.length > maxMetadataCharacters) throw invalid('too large');
  try {
    // A byte order mark is common in files saved on Windows and harmless in text an administrator brings.
    return await parseXml(text.replace(/^\uFEFF/, ''), { maxElements: 2_000, maxDepth: 32, maxAttributes: 64 });
  } catch (error) {
    if (!(error instanceof XmlRefusal)) throw error;
    throw invalid(error.message);
  }
}

async function readEntity(text: string): Promise<XmlElement> {
  const root = await readMetadataRoot(text);
  if (nameOf(root) === 'md:EntityDescriptor') return root;
  const [entity, ...others] = childrenCalled(root, 'md:EntityDescriptor');
  if (nameOf(root) !== 'md:EntitiesDescriptor' || entity === undefined || others.length > 0) {
    throw invalid('not exactly one EntityDescriptor');
  }
  return entity;
}

function assertNotOver(element: XmlElement, now: number): void {
  const validUntil = element.attributes.get('validUntil');
  if (validUntil === undefined) return;
  const end = Date.parse(validUntil);
  if (!(end > now)) throw invalid('validUntil is past');
}

function readSsoUrl(role: XmlElement): string {
  const service = childrenCalled(role, 'md:SingleSignOnService').find(
    (candidate) => candidate.attributes.get('Binding') === redirectBinding,
  );
  const location = service?.attributes.get('Location');
  if (location === undefined) throw invalid('no SingleSignOnService for HTTP-Redirect');
  if (!isSafeUrl(location)) throw invalid('SingleSignOnService: https, or http on loopback');
  return location;
}

/** By redirect, the binding we answer by. One that cannot be used is as good as none. */
function readLogoutService(role: XmlElement): SamlLogoutService | undefined {
  const service = childrenCalled(role, 'md:SingleLogoutService').find(
    ({ attributes }) => attributes.get('Binding') === redirectBinding && isSafeUrl(attributes.get('Location') ?? ''),
  );
  const url = service?.attributes.get('Location');
  const responseUrl = service?.attributes.get('ResponseLocation');
  if (url === undefined) return undefined;
  return { url, ...(responseUrl !== undefined && isSafeUrl(responseUrl) ? { responseUrl } : {}) };
}

function readCertificates(role: XmlElement): readonly string[] {
  const pems = new Set<string>();
  for (const descriptor of childrenCalled(role, 'md:KeyDescriptor')) {
    if (descriptor.attributes.get('use') === 'encryption') continue;
    for (const keyInfo of childrenCalled(descriptor, 'ds:KeyInfo')) {
      for (const data of childrenCalled(keyInfo, 'ds:X509Data')) {
        for (const certificate of childrenCalled(data, 'ds:X509Certificate')) {
          pems.add(readSigningCertificate(certificate.text).pem);
        }
      }
    }
  }
  if (pems.size === 0) throw invalid('no signing certificate');
  return [...pems];
}

function invalid(detail: string): SamlRefusal {
  return new SamlRefusal('metadataInvalid', detail);
}
