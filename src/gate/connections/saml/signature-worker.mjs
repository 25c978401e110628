// The thread that runs signature verification and decryption, so that no message can hold up the event loop (gate.md 2.2 step 5).
// Plain JavaScript importing packages only: it starts the same way beside TypeScript sources and beside compiled files.
// Owned by signature-verifier.ts, which sends jobs, keeps the deadline and replaces this thread when a job overruns.

import {
  constants,
  createDecipheriv,
  createHash,
  privateDecrypt,
  randomBytes,
  verify,
  X509Certificate,
} from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

import { SAML } from '@node-saml/passport-saml';
import { DOMParser } from '@xmldom/xmldom';
import { SignedXml } from 'xml-crypto';

const { signatureAlgorithms, digestAlgorithms } = workerData;

/** Whether the certificate's key made the signature, and is of the kind that the algorithm's name says. */
function isSignedBy({ keyType, hash, options }, pem, data, signature) {
  try {
    const key = new X509Certificate(pem).publicKey;
    return key.asymmetricKeyType === keyType && verify(hash, data, { key, ...options }, signature);
  } catch {
    return false;
  }
}

/**
 * What a name means to the libraries here: our own tables, and nothing beside them. Their own tables lack most of what we accept and have SHA-1;
 * they sit in every object of xml-crypto, and node-saml makes those itself, so it is the look-up that is replaced. It is so in this thread alone:
 * a thread has its own copy of each module.
 */
const lookUps = {
  findSignatureAlgorithm(name) {
    const algorithm = signatureAlgorithms.get(name);
    if (algorithm === undefined) throw new Error('an algorithm outside the list');
    return {
      getAlgorithmName: () => name,
      verifySignature: (signedInfo, pem, value) =>
        isSignedBy(algorithm, pem, Buffer.from(signedInfo), Buffer.from(value, 'base64')),
    };
  },
  findHashAlgorithm(name) {
    const hash = digestAlgorithms.get(name);
    if (hash === undefined) throw new Error('a digest outside the list');
    return { getAlgorithmName: () => name, getHash: (text) => createHash(hash).update(text, 'utf8').digest('base64') };
  },
};
for (const [name, lookUp] of Object.entries(lookUps)) {
  // Called otherwise one day, the list would be nobody's; then this thread must not start.
  if (typeof SignedXml.prototype[name] !== 'function') throw new TypeError(`xml-crypto has no ${name}.`);
  SignedXml.prototype[name] = lookUp;
}

/** Remembers the canonical bytes whose signature was verified: a whole Response, or an Assertion alone. */
class RememberingSaml extends SAML {
  signedXml;

  async getSignedAssertion(signedXml) {
    this.signedXml = signedXml;
    return super.getSignedAssertion(signedXml);
  }
}

/**
 * Verifies one response. `objection` is what the library finds wrong beyond the signature; the caller refuses on it
 * too, but words its own, more precise reason first.
 */
async function verifyResponse({
  samlResponse,
  certificates,
  serviceEntityId,
  acsUrl,
  responseSigned,
  assertionSigned,
}) {
  const saml = new RememberingSaml({
    idpCert: certificates,
    issuer: serviceEntityId,
    audience: serviceEntityId,
    callbackUrl: acsUrl,
    wantAuthnResponseSigned: responseSigned,
    wantAssertionsSigned: assertionSigned,
    // The library looks InResponseTo up in a cache of its own and reads it from the unsigned wrapper. Ours is compared
    // with this browser's attempt, inside the signed data (assertion-checks.ts).
    validateInResponseTo: 'never',
    // -1 switches the library's clock off: it reads the wall clock and overlooks missing times. All times are checked
    // by assertion-checks.ts, against the clock Furlough runs by.
    acceptedClockSkewMs: -1,
    signatureAlgorithm: 'sha256',
    digestAlgorithm: 'sha256',
    identifierFormat: null,
    disableRequestedAuthnContext: true,
  });
  try {
    const { profile, loggedOut } = await saml.validatePostResponseAsync({ SAMLResponse: samlResponse });
    const objection = profile === null || loggedOut ? 'not a sign-in' : undefined;
    return { signedXml: saml.signedXml, objection };
  } catch (error) {
    return { signedXml: saml.signedXml, objection: String(error?.message ?? error).slice(0, 500) };
  }
}

const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';

/**
 * The canonical bytes of a document element under a valid enveloped signature of its own, or undefined. What the signature may look like was
 * settled before (signature-rules.ts): one reference, to this element; here only the arithmetic is done, by each certificate in turn.
 */
function verifyElement({ xml, certificates }) {
  // Line ends are the XML processor's to normalise (XML 1.0, 2.11).
  const text = xml.replaceAll(/\r\n?/g, '\n');
  const root = new DOMParser().parseFromString(text, 'text/xml').documentElement;
  const signature = Array.from(root.childNodes).find(
    (node) => node.localName === 'Signature' && node.namespaceURI === signatureNamespace,
  );
  if (signature === undefined) return undefined;
  for (const publicCert of certificates) {
    try {
      const verifier = new SignedXml({ publicCert, getCertFromKeyInfo: () => null });
      verifier.loadSignature(signature);
      if (!verifier.checkSignature(text)) continue;
      const signed = verifier.getSignedReferences();
      const [reference] = verifier.getReferences();
      if (signed.length === 1 && reference?.uri === `#${root.getAttribute('ID')}`) return signed[0];
    } catch {
      // Another certificate may fit.
    }
  }
  return undefined;
}

function verifyText({ text, signatureAlgorithm, signature, certificates }) {
  const algorithm = signatureAlgorithms.get(signatureAlgorithm);
  const data = Buffer.from(text);
  return algorithm !== undefined && certificates.some((pem) => isSignedBy(algorithm, pem, data, signature));
}

const keyBytes = { 'aes-128-gcm': 16, 'aes-192-gcm': 24, 'aes-256-gcm': 32 };
const nonceBytes = 12;
const tagBytes = 16;

/**
 * The plain text, or undefined. A key that cannot be unwrapped is replaced by a random one, and every private key is tried to the end: whatever
 * is wrong, the same steps are taken.
 */
function decrypt({ privateKeys, oaepHash, key, dataCipher, data }) {
  let plain;
  for (const privateKey of privateKeys) {
    const unwrapped = unwrap(privateKey, oaepHash, key, keyBytes[dataCipher]);
    const opened = open(dataCipher, unwrapped, Buffer.from(data));
    plain ??= opened;
  }
  return plain;
}

function unwrap(privateKey, oaepHash, wrapped, length) {
  const instead = randomBytes(length);
  try {
    const padding = constants.RSA_PKCS1_OAEP_PADDING;
    const unwrapped = privateDecrypt({ key: privateKey, padding, oaepHash }, Buffer.from(wrapped));
    return unwrapped.length === length ? unwrapped : instead;
  } catch {
    return instead;
  }
}

function open(cipher, key, data) {
  if (data.length <= nonceBytes + tagBytes) return undefined;
  try {
    const decipher = createDecipheriv(cipher, key, data.subarray(0, nonceBytes), { authTagLength: tagBytes });
    decipher.setAuthTag(data.subarray(data.length - tagBytes));
    return Buffer.concat([decipher.update(data.subarray(nonceBytes, data.length - tagBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

const work = { response: verifyResponse, element: verifyElement, text: verifyText, decryption: decrypt };

parentPort.on('message', async (job) => {
  try {
    parentPort.postMessage({ result: await work[job.kind](job) });
  } catch {
    // Nothing that could be made of this message is a proof of anything.
    parentPort.postMessage({ result: undefined });
  }
});
parentPort.postMessage({ ready: true });
