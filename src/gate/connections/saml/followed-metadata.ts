// Metadata that is fetched from the identity provider: over https, not from private addresses, capped in size and time, through the same gate as
// a pasted document (gate.md 2.4). Whether it is signed by a key we know is settled here; what follows from that is admin/follow-metadata.ts'
// business.

import { createHash } from 'node:crypto';

import type { SamlSignIn } from '#directory/connection.ts';
import type { ProposedMetadata } from '#storage/metadata-watch-records.ts';
import { fetchOutbound, providerRules } from '../outbound-fetch.ts';
import { parseIdentityProviderMetadata, readMetadataRoot, type IdentityProviderMetadata } from './metadata.ts';
import { childrenCalled } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { assertSignatureRules } from './signature-rules.ts';
import type { SignatureVerifier } from './signature-verifier.ts';
import { usableCertificates } from './signing-certificate.ts';

const deadlineMs = 10_000;

/** The text of a metadata document. @throws OutboundRefusal, SamlRefusal `metadataInvalid` */
export async function fetchMetadata(
  url: string,
  allowed: { readonly allowInsecureProviders: boolean; readonly privateProviderHosts?: readonly string[] },
): Promise<string> {
  const rules = {
    ...providerRules,
    allowLoopback: allowed.allowInsecureProviders,
    privateHosts: allowed.privateProviderHosts ?? [],
  };
  const request = { method: 'GET', headers: { Accept: 'application/samlmetadata+xml, application/xml, text/xml' } };
  const response = await fetchOutbound(url, request, rules, AbortSignal.timeout(deadlineMs));
  if (response.status !== 200) throw new SamlRefusal('metadataInvalid', `status ${response.status}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await response.arrayBuffer());
  } catch {
    throw new SamlRefusal('metadataInvalid', 'not UTF-8');
  }
}

export interface JudgedMetadata {
  readonly metadata: IdentityProviderMetadata;
  /** Read from bytes under a valid signature by a key that is known already. */
  readonly isSigned: boolean;
}

/**
 * Reads a document; where a known key signed it, from the signed bytes alone. A signature by somebody else counts as none.
 * @throws SamlRefusal `metadataInvalid`, `noCertificate`, or that no thread was free
 */
export async function judgeMetadata(
  text: string,
  known: Pick<SamlSignIn, 'certificates' | 'metadataCertificates'>,
  verifier: SignatureVerifier,
  sender: { readonly connection: string },
  now: number,
): Promise<JudgedMetadata> {
  const signatures = childrenCalled(await readMetadataRoot(text), 'ds:Signature');
  const [signature] = signatures;
  const certificates = usableCertificates([...(known.metadataCertificates ?? []), ...known.certificates]);
  if (signature !== undefined && signatures.length === 1 && isAcceptable(signature) && certificates.length > 0) {
    const job = { xml: text.replace(/^\uFEFF/, ''), certificates, acsUrl: sender.connection };
    const signedXml = await verifier.verifyElement(job, { address: sender.connection });
    if (signedXml !== undefined)
      return { metadata: await parseIdentityProviderMetadata(signedXml, now), isSigned: true };
  }
  return { metadata: await parseIdentityProviderMetadata(text, now), isSigned: false };
}

function isAcceptable(signature: Parameters<typeof assertSignatureRules>[0]): boolean {
  try {
    assertSignatureRules(signature);
    return true;
  } catch (error) {
    if (error instanceof SamlRefusal) return false;
    throw error;
  }
}

/**
 * What a document changes. Signed, everything; unsigned, it may take keys away as long as one stays, and the rest is a proposal: a new key, or a
 * new address to send people to, is believed on a signature or an administrator's word only.
 */
export function applyMetadata(
  signIn: SamlSignIn,
  { metadata, isSigned }: JudgedMetadata,
): { readonly signIn: SamlSignIn; readonly proposed?: ProposedMetadata } {
  const { ssoUrl, certificates, logoutService } = metadata;
  const { logoutService: _before, ...rest } = signIn;
  const offered: SamlSignIn = {
    ...rest,
    ssoUrl,
    certificates,
    ...(logoutService === undefined ? {} : { logoutService }),
  };
  if (isSigned) return { signIn: offered };
  const kept = signIn.certificates.filter((pem) => certificates.includes(pem));
  const applied = kept.length === 0 ? signIn : { ...signIn, certificates: kept };
  const isSame =
    certificates.every((pem) => applied.certificates.includes(pem)) &&
    kept.length > 0 &&
    ssoUrl === signIn.ssoUrl &&
    JSON.stringify(logoutService) === JSON.stringify(signIn.logoutService);
  if (isSame) return { signIn: applied };
  const facts = { ssoUrl, certificates, ...(logoutService === undefined ? {} : { logoutService }) };
  const digest = createHash('sha256').update(JSON.stringify(facts)).digest('hex');
  return { signIn: applied, proposed: { digest, ...facts } };
}
