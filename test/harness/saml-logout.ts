// Messages of single logout as an identity provider sends them, signed for real, by either binding; and a reader of those we send.

import { createVerify } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { KeyWithCertificate } from './self-signed-certificate.ts';
import { rsaSha256, valuesByName, type MakeValue } from './saml-signature-values.ts';
import { signSamlElement, type SigningChoices } from './saml-signing.ts';

export interface LogoutRequestWords {
  readonly entityId: string;
  readonly destination: string;
  readonly nameId: string;
  readonly sessionIndexes?: readonly string[];
  /** Milliseconds. */
  readonly now: number;
  readonly notOnOrAfter?: number;
  readonly id?: string;
  readonly edit?: (xml: string) => string;
}

let serial = 0;

export function writeLogoutRequest(words: LogoutRequestWords): { readonly xml: string; readonly id: string } {
  serial += 1;
  const { entityId, destination, nameId, sessionIndexes = [], now, notOnOrAfter = now + 300_000 } = words;
  const id = words.id ?? `_logout-${now.toString(36)}-${serial}`;
  const xml = [
    `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${id}" Version="2.0" IssueInstant="${new Date(now).toISOString()}" Destination="${destination}" NotOnOrAfter="${new Date(notOnOrAfter).toISOString()}">`,
    `<saml:Issuer>${entityId}</saml:Issuer>`,
    `<saml:NameID>${nameId}</saml:NameID>`,
    ...sessionIndexes.map((index) => `<samlp:SessionIndex>${index}</samlp:SessionIndex>`),
    '</samlp:LogoutRequest>',
  ].join('');
  return { xml: words.edit?.(xml) ?? xml, id };
}

export function writeLogoutResponse(words: {
  readonly entityId: string;
  readonly destination: string;
  readonly inResponseTo: string;
  readonly now: number;
  readonly status?: string;
}): string {
  const { entityId, destination, inResponseTo, now, status = 'Success' } = words;
  serial += 1;
  return `<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_answer-${serial}" Version="2.0" IssueInstant="${new Date(now).toISOString()}" Destination="${destination}" InResponseTo="${inResponseTo}"><saml:Issuer>${entityId}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:${status}"/></samlp:Status></samlp:LogoutResponse>`;
}

/** The query of the redirect binding, signed over its raw text. */
export function toRedirectQuery(
  xml: string,
  key: KeyWithCertificate,
  {
    name = 'SAMLRequest',
    relayState,
    algorithm = rsaSha256,
    makeValue = valuesByName.get(algorithm),
  }: {
    readonly name?: string;
    readonly relayState?: string;
    readonly algorithm?: string;
    /** Makes the value, where that is not to be what the algorithm's name says. */
    readonly makeValue?: MakeValue | undefined;
  } = {},
): string {
  const text = [
    `${name}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`,
    ...(relayState === undefined ? [] : [`RelayState=${encodeURIComponent(relayState)}`]),
    `SigAlg=${encodeURIComponent(algorithm)}`,
  ].join('&');
  if (makeValue === undefined) throw new Error(`nobody here signs by ${algorithm}`);
  const signature = makeValue(text, key.privateKeyPem).toString('base64');
  return `${text}&Signature=${encodeURIComponent(signature)}`;
}

/** The form of the POST binding, the message signed inside. */
export function toSignedForm(
  message: { readonly xml: string; readonly id: string },
  key: KeyWithCertificate,
  relayState?: string,
  choices: SigningChoices = {},
): URLSearchParams {
  const signed = signSamlElement(message.xml, message.id, key, choices);
  return new URLSearchParams({
    SAMLRequest: Buffer.from(signed).toString('base64'),
    ...(relayState === undefined ? {} : { RelayState: relayState }),
  });
}

/** What we send by redirect: the message, and whether the key of `certificatePem` signed the raw query. */
export function readOurRedirect(
  url: string,
  certificatePem: string,
): { readonly xml: string; readonly relayState: string | null; readonly isSigned: boolean } {
  const query = url.slice(url.indexOf('?') + 1);
  const [text = '', signature = ''] = query.split('&Signature=');
  const signedText = text.slice(text.search(/SAML(?:Request|Response)=/));
  const isSigned = createVerify('RSA-SHA256')
    .update(signedText)
    .verify(certificatePem, Buffer.from(decodeURIComponent(signature), 'base64'));
  const parameters = new URLSearchParams(query);
  const message = parameters.get('SAMLRequest') ?? parameters.get('SAMLResponse') ?? '';
  return {
    xml: inflateRawSync(Buffer.from(message, 'base64')).toString('utf8'),
    relayState: parameters.get('RelayState'),
    isSigned,
  };
}
