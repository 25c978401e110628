// From a response with an encrypted assertion to parts that may be believed. Whatever is wrong inside, and wherever, is one refusal with one word:
// what differs between two failures would tell of the plain text (gate.md 2.1 "encryption", S24). That they also come at one time is
// saml-connection.ts' doing.

import { parseVerified, type TrustedParts } from './assertion-checks.ts';
import { readEncryptedAssertion, type EncryptedAssertion } from './encrypted-assertion.ts';
import { preScanAssertion, type PreScanned } from './pre-scan.ts';
import { nameOf, onlyChildCalled } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import type { JobSender, SignatureVerifier } from './signature-verifier.ts';

export interface OpeningRules {
  readonly certificates: readonly string[];
  /** PEM; none opens nothing. */
  readonly privateKeys: readonly string[];
  readonly wantSigned: 'response' | 'assertion' | 'both' | 'any';
  readonly acsUrl: string;
  readonly maxElements: number;
}

/**
 * Verifies the Response where it is signed, and only then decrypts; what came out goes through the same gate as an assertion in the clear, and
 * must be signed itself unless the Response was.
 * @throws SamlRefusal `encryptionRefused`, or that no thread was free
 */
export async function openEncrypted(
  scanned: PreScanned & { readonly encrypted: EncryptedAssertion },
  rules: OpeningRules,
  verifier: SignatureVerifier,
  sender: JobSender,
): Promise<TrustedParts> {
  const { certificates, privateKeys, acsUrl, maxElements } = rules;
  const { response, encrypted } = await readTrustedCipher(scanned, rules, verifier, sender);
  const plain = await verifier.decrypt({ ...encrypted, privateKeys, acsUrl }, sender);
  if (plain === undefined) throw refusal();
  const inner = await insideGate(() => preScanAssertion(plain, maxElements));
  const { responseSigned } = scanned;
  const { assertionSigned } = inner;
  if (!isEnough(rules.wantSigned, responseSigned, assertionSigned)) throw refusal();
  if (!assertionSigned) return { response, responseSigned, assertion: inner.root };
  const signedXml = await verifier.verifyElement({ xml: inner.xml, certificates, acsUrl }, sender);
  if (signedXml === undefined) throw refusal();
  return { response, responseSigned, assertion: await insideGate(() => parseVerified(signedXml)) };
}

/** Of a signed Response the cipher text is read from the verified bytes, so that what is decrypted is what was signed. */
async function readTrustedCipher(
  scanned: PreScanned & { readonly encrypted: EncryptedAssertion },
  { certificates, acsUrl }: OpeningRules,
  verifier: SignatureVerifier,
  sender: JobSender,
): Promise<Pick<TrustedParts, 'response'> & { readonly encrypted: EncryptedAssertion }> {
  if (!scanned.responseSigned) return { response: scanned.root, encrypted: scanned.encrypted };
  const xml = Buffer.from(scanned.samlResponse, 'base64').toString('utf8');
  const signedXml = await verifier.verifyElement({ xml, certificates, acsUrl }, sender);
  if (signedXml === undefined) throw refusal();
  const response = await insideGate(() => parseVerified(signedXml));
  const element = onlyChildCalled(response, 'saml:EncryptedAssertion');
  if (nameOf(response) !== 'samlp:Response' || element === undefined) throw refusal();
  return { response, encrypted: readEncryptedAssertion(element) };
}

function isEnough(wanted: OpeningRules['wantSigned'], responseSigned: boolean, assertionSigned: boolean): boolean {
  if (wanted === 'any') return responseSigned || assertionSigned;
  return (wanted === 'assertion' || responseSigned) && (wanted === 'response' || assertionSigned);
}

async function insideGate<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof Error ? refusal() : error;
  }
}

function refusal(): SamlRefusal {
  return new SamlRefusal(
    'encryptionRefused',
    'the encrypted assertion cannot be used: its key, its text or what is in it',
  );
}
