// The thread that runs signature verification, so that no message can hold up the event loop (gate.md 2.2 step 5).
// Plain JavaScript importing packages only: it starts the same way beside TypeScript sources and beside compiled files.
// Owned by signature-verifier.ts, which sends jobs, keeps the deadline and replaces this thread when a job overruns.

import { parentPort } from 'node:worker_threads';

import { SAML } from '@node-saml/passport-saml';

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
async function verify({ samlResponse, certificates, serviceEntityId, acsUrl, responseSigned, assertionSigned }) {
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

parentPort.on('message', async (job) => {
  parentPort.postMessage({ verified: await verify(job) });
});
parentPort.postMessage({ ready: true });
