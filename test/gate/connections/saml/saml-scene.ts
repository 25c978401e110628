// The scene of the SAML tests: one service provider, one identity provider, a hand-set clock. `refuses` holds every
// negative case against a control made by the same generator with nothing changed.

import { generateKeyPairSync, randomBytes } from 'node:crypto';

import {
  type CompletedSaml,
  type ConnectionKeys,
  createSamlConnection,
  type SamlSettings,
} from '#gate/connections/saml/saml-connection.ts';
import type { SamlRefusalReason } from '#gate/connections/saml/saml-refusal.ts';
import { createSignatureVerifier } from '#gate/connections/saml/signature-verifier.ts';

import {
  createTestSamlIdentityProvider,
  encodeResponse,
  type ResponseOptions,
} from '../../../harness/saml-identity-provider.ts';
import { certify, type KeyWithCertificate } from '../../../harness/self-signed-certificate.ts';

export const now = Date.UTC(2031, 4, 6, 9, 0, 0);
export const acsUrl = 'https://furlough.example/saml/acme/acs';
export const serviceEntityId = 'https://furlough.example/saml/acme';
export const requestId = '_request-of-this-browser';
export const nameId = 'ada@example.com';

/** Everything a response needs to be accepted. */
export const goodResponse: ResponseOptions = { acsUrl, audience: serviceEntityId, inResponseTo: requestId, nameId };

export const idp = createTestSamlIdentityProvider({
  entityId: 'https://idp.example/entity',
  now,
  key: lastingKey('Test identity provider'),
});
// Tests say how long something may take where they mean it; here a busy machine must not decide. It ends with the process.
const verifier = createSignatureVerifier({ deadlineMs: 10_000 });

/** Ours for this connection: the second pair takes the place of the first while both decrypt. */
export const signer = lastingKey('Furlough signing');
export const decrypters = [lastingKey('old'), lastingKey('new')] as const;
export const ownKeys: ConnectionKeys = {
  signer: () => Promise.resolve(signer),
  decrypters: () => Promise.resolve(decrypters.map(({ privateKeyPem }) => privateKeyPem)),
};

/** How long each refusal of something encrypted was held back: no test waits for it. */
export const pauses: number[] = [];
export const pause = (ms: number): Promise<void> => {
  pauses.push(ms);
  return Promise.resolve();
};

export const goodSettings: SamlSettings = {
  entityId: idp.entityId,
  ssoUrl: idp.ssoUrl,
  certificates: [idp.certificatePem],
  wantSigned: 'any',
  serviceEntityId,
  acsUrl,
};

/** The scene lives as long as its process, a spare key only until its turn comes again: "another key" would be the same one then. */
function lastingKey(commonName: string): KeyWithCertificate {
  return certify(commonName, generateKeyPairSync('rsa', { modulusLength: 2_048 }));
}

export function connectionWith(settings: Partial<SamlSettings> = {}) {
  return createSamlConnection({ ...goodSettings, ...settings }, { verifier, randomBytes, keys: ownKeys, pause });
}

export function complete(
  samlResponse: string,
  settings: Partial<SamlSettings> = {},
  attempt: { readonly requestId: string; readonly authenticatedSince?: number } | undefined = { requestId },
  at: number = now,
): Promise<CompletedSaml> {
  return connectionWith(settings).complete({ samlResponse, attempt, now: at, address: '192.0.2.1' });
}

/** The good response is taken; the same with `change` is refused for `reason`. */
export async function refuses(
  change: Partial<ResponseOptions>,
  reason: SamlRefusalReason,
  settings: Partial<SamlSettings> = {},
): Promise<void> {
  const base: ResponseOptions = { ...goodResponse, ...(change.sign === undefined ? {} : { sign: change.sign }) };
  await expect(complete(idp.respond(base), settings)).resolves.toMatchObject({ subject: nameId });
  await expect(complete(idp.respond({ ...base, ...change }), settings)).rejects.toMatchObject({
    name: 'SamlRefusal',
    reason,
  });
}

/** The same for a text made by hand. */
export async function refusesText(
  xml: string,
  reason: SamlRefusalReason,
  settings: Partial<SamlSettings> = {},
): Promise<void> {
  await expect(complete(encodeResponse(xml), settings)).rejects.toMatchObject({ name: 'SamlRefusal', reason });
}
