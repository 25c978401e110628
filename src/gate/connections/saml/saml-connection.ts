// One SAML connection as a service provider: `begin` sends the browser to the identity provider, `complete` turns what
// the browser brings back into a verified identity or a refusal. HTTP, cookies, attempts and sessions are the sign-in
// layer's (gate.md 2.2, 2.3).

import { SAML } from '@node-saml/passport-saml';

import type { CertifiedKey } from '#secrets/self-signed-certificate.ts';
import { readSignedAssertion, readTrustedParts, type SamlIdentity, type TrustedParts } from './assertion-checks.ts';
import type { AssertionExpectation } from './assertion-expectation.ts';
import type { EncryptedAssertion } from './encrypted-assertion.ts';
import { openEncrypted } from './open-encrypted.ts';
import { defaultMaxElements, preScan, type PreScanned } from './pre-scan.ts';
import { isSafeUrl } from './safe-url.ts';
import { SamlRefusal } from './saml-refusal.ts';
import type { SignatureVerifier } from './signature-verifier.ts';
import { usableCertificates } from './signing-certificate.ts';

export const maxClockSkewMs = 180_000;

/** Longer than opening and verifying takes, and not so long that somebody would notice. */
const encryptionAnswerMs = 400;

export interface SamlSettings {
  /** The identity provider's entityID. */
  readonly entityId: string;
  readonly ssoUrl: string;
  /** PEM. Unusable ones count as absent; without one nobody can sign in. */
  readonly certificates: readonly string[];
  /** What must be signed; whatever else carries a signature must verify too. `any`: Response or Assertion. */
  readonly wantSigned: 'response' | 'assertion' | 'both' | 'any';
  readonly serviceEntityId: string;
  /** Absolute, from configuration, never from a request. */
  readonly acsUrl: string;
  /** Default 60,000, at most 180,000. */
  readonly clockSkewMs?: number;
  /** Default 300,000. */
  readonly maxAssertionAgeMs?: number;
  readonly maxElements?: number;
  readonly signRequests?: boolean;
  /** Default `off`. `optional`: an assertion in the clear is taken too. */
  readonly encryption?: 'off' | 'optional' | 'required';
}

/** Our own keys for the connection, read when they are needed. */
export interface ConnectionKeys {
  readonly signer: () => Promise<CertifiedKey>;
  /** PEM. */
  readonly decrypters: () => Promise<readonly string[]>;
}

export interface SamlConnectionParts {
  readonly verifier: SignatureVerifier;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly keys: ConnectionKeys;
  /** Resolves `ms` milliseconds from now; at once if that is past. */
  readonly pause: (ms: number) => Promise<void>;
}

export interface SamlBegun {
  readonly redirectUrl: string;
  /** Keep it in the attempt. */
  readonly requestId: string;
  /** The random handle sent as RelayState; it says nothing and decides nothing. */
  readonly relayState: string;
}

/** What the sign-in layer stored at `begin` for this browser, not yet consumed. */
export interface SamlAttempt {
  readonly requestId: string;
  /** Since when the person must have proved themselves, where the request asked for it. Milliseconds. */
  readonly authenticatedSince?: number;
}

export interface CompletedSaml extends SamlIdentity {
  /** Keep the assertion's ID at least until then (replay). Milliseconds. */
  readonly keepAssertionIdUntil: number;
}

export interface SamlConnection {
  /**
   * @param wishes.forceAuthn the person is asked again, whatever session the provider has; that they were is judged by the attempt
   * @throws SamlRefusal `noCertificate`
   */
  begin(wishes?: { readonly forceAuthn: boolean }): Promise<SamlBegun>;
  /**
   * The identity a posted SAMLResponse proves.
   *
   * Afterwards, in this order (gate.md 2.3 step 2), the sign-in layer (1) consumes the attempt by a conditional update,
   * (2) inserts {organization, connection, assertionId}, unique; either failing refuses the sign-in. (3) Only then it
   * opens a session. A crash in between costs the person a new sign-in, never a second session.
   * @param input.samlResponse base64, as readSamlForm returns it
   * @param input.now milliseconds
   * @param input.address what the client counts as in limits
   * @throws SamlRefusal
   */
  complete(input: {
    readonly samlResponse: string;
    readonly attempt: SamlAttempt | undefined;
    readonly now: number;
    readonly address: string;
  }): Promise<CompletedSaml>;
}

/** @throws RangeError for settings no administrator should be able to store */
export function createSamlConnection(settings: SamlSettings, parts: SamlConnectionParts): SamlConnection {
  const { clockSkewMs = 60_000, maxAssertionAgeMs = 300_000, maxElements = defaultMaxElements } = settings;
  assertSettings(settings, clockSkewMs, maxAssertionAgeMs);
  const certificates = usableCertificates(settings.certificates);
  const { signRequests = false, encryption = 'off' } = settings;
  const { serviceEntityId, acsUrl, entityId, wantSigned } = settings;

  const trust = async (scanned: PreScanned, address: string): Promise<TrustedParts & { objection?: string }> => {
    assertSigned(scanned, wantSigned);
    const { samlResponse, responseSigned, assertionSigned } = scanned;
    const job = { samlResponse, certificates, serviceEntityId, acsUrl, responseSigned, assertionSigned };
    const { signedXml, objection } = await parts.verifier.verify(job, { address });
    if (signedXml === undefined) throw new SamlRefusal('signatureInvalid', objection ?? 'nothing verified');
    return { ...(await readTrustedParts(signedXml, scanned.root)), ...(objection === undefined ? {} : { objection }) };
  };

  const open = async (scanned: PreScanned, address: string): Promise<TrustedParts & { objection?: string }> => {
    if (encryption === 'off') throw new SamlRefusal('encryptionRefused', 'this connection decrypts nothing');
    if (!isEncrypted(scanned)) throw new SamlRefusal('notEncrypted', 'this connection takes encrypted assertions only');
    const privateKeys = await parts.keys.decrypters();
    const rules = { certificates, privateKeys, wantSigned, acsUrl, maxElements };
    return openEncrypted(scanned, rules, parts.verifier, { address });
  };

  /** Holds back every refusal of an encrypted assertion to one and the same moment, counted from when it came. */
  const atOneTime = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const startedAt = performance.now();
    try {
      return await work();
    } catch (error) {
      if (error instanceof SamlRefusal && error.reason === 'encryptionRefused') {
        await parts.pause(encryptionAnswerMs - (performance.now() - startedAt));
      }
      throw error;
    }
  };

  return {
    begin: async ({ forceAuthn } = { forceAuthn: false }) => {
      assertCertificates(certificates);
      const signer = signRequests ? await parts.keys.signer() : undefined;
      const requestId = `_${Buffer.from(parts.randomBytes(20)).toString('hex')}`;
      const relayState = Buffer.from(parts.randomBytes(16)).toString('base64url');
      const saml = new SAML({
        idpCert: [...certificates],
        issuer: settings.serviceEntityId,
        callbackUrl: settings.acsUrl,
        entryPoint: settings.ssoUrl,
        identifierFormat: null,
        // Asking for a password would turn away people who signed in with a second factor or Windows.
        disableRequestedAuthnContext: true,
        signatureAlgorithm: 'sha256',
        digestAlgorithm: 'sha256',
        forceAuthn,
        generateUniqueId: () => requestId,
        ...(signer === undefined ? {} : { privateKey: signer.privateKeyPem }),
      });
      return { redirectUrl: await saml.getAuthorizeUrlAsync(relayState, undefined, {}), requestId, relayState };
    },

    complete: async ({ samlResponse, attempt, now, address }) => {
      // Cheapest first: nothing is even decoded for a browser that waits for no answer.
      if (attempt === undefined) throw new SamlRefusal('unsolicited', 'no attempt');
      assertCertificates(certificates);
      const { objection, ...trusted } = await atOneTime(async () => {
        const scanned = await preScan(samlResponse, maxElements);
        const isPlain = scanned.encrypted === undefined && encryption !== 'required';
        return isPlain ? trust(scanned, address) : open(scanned, address);
      });
      const expected: AssertionExpectation = {
        entityId,
        serviceEntityId,
        acsUrl,
        requestId: attempt.requestId,
        now,
        clockSkewMs,
        maxAssertionAgeMs,
        ...(attempt.authenticatedSince === undefined ? {} : { authenticatedSince: attempt.authenticatedSince }),
      };
      const identity = readSignedAssertion(trusted, expected);
      // Our own checks came first for their precise reason; the library's word against a sign-in stands all the same.
      if (objection !== undefined) throw new SamlRefusal('samlResponseInvalid', objection);
      // The largest skew there is: raising this connection's skew later must not revive a forgotten ID.
      return { ...identity, keepAssertionIdUntil: identity.assertionNotOnOrAfter + maxClockSkewMs };
    },
  };
}

function isEncrypted(scanned: PreScanned): scanned is PreScanned & { readonly encrypted: EncryptedAssertion } {
  return scanned.encrypted !== undefined;
}

function assertSigned(scanned: PreScanned, wanted: SamlSettings['wantSigned']): void {
  const { responseSigned, assertionSigned } = scanned;
  const enough = {
    response: responseSigned,
    assertion: assertionSigned,
    both: responseSigned && assertionSigned,
    any: responseSigned || assertionSigned,
  }[wanted];
  if (!enough) throw new SamlRefusal('notSigned', `wanted: ${wanted}`);
}

function assertCertificates(certificates: readonly string[]): void {
  if (certificates.length === 0) throw new SamlRefusal('noCertificate', 'the connection has no usable certificate');
}

function assertSettings(settings: SamlSettings, clockSkewMs: number, maxAssertionAgeMs: number): void {
  if (!(clockSkewMs >= 0 && clockSkewMs <= maxClockSkewMs)) throw new RangeError('clockSkewMs: 0 to 180000');
  if (!(maxAssertionAgeMs > 0 && maxAssertionAgeMs <= 3_600_000)) throw new RangeError('maxAssertionAgeMs: to 3600000');
  for (const name of ['entityId', 'serviceEntityId'] as const) {
    if (settings[name] === '') throw new RangeError(`${name}: empty`);
  }
  for (const name of ['ssoUrl', 'acsUrl'] as const) {
    if (!isSafeUrl(settings[name])) throw new RangeError(`${name}: https, or http on loopback`);
  }
}
