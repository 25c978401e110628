// An identity provider for tests: it makes SAML responses with real signatures, good ones by default, and any hostile
// variant by editing the text before or after signing. Wrapping attacks have their own file.

import { createSelfSignedCertificate, type KeyWithCertificate } from './self-signed-certificate.ts';
import { type SigningChoices, signSamlElement } from './saml-signing.ts';

export type Signed = 'response' | 'assertion' | 'both' | 'none';

/** Text edits at the three moments that matter; `replaceOnce` keeps them honest. */
export interface ResponseEdits {
  /** Before anything is signed; the whole document. */
  readonly unsigned?: (xml: string) => string;
  /** After the assertion was signed, before the response is. */
  readonly between?: (xml: string) => string;
  /** After everything was signed. */
  readonly signed?: (xml: string) => string;
}

export interface ResponseOptions {
  readonly acsUrl: string;
  readonly audience: string;
  /** The AuthnRequest's ID. */
  readonly inResponseTo: string;
  readonly nameId: string;
  readonly nameIdFormat?: string;
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** Default `both`. */
  readonly sign?: Signed;
  /** Default: this identity provider's own. */
  readonly key?: KeyWithCertificate;
  readonly signing?: SigningChoices;
  /** Milliseconds; default: the `now` this identity provider was made with. */
  readonly now?: number;
  /** When the person proved themselves; default: just now. */
  readonly authnInstant?: number;
  readonly sessionNotOnOrAfter?: number;
  readonly assertionId?: string;
  readonly edit?: ResponseEdits;
}

export interface TestSamlIdentityProvider {
  readonly entityId: string;
  readonly ssoUrl: string;
  readonly key: KeyWithCertificate;
  readonly certificatePem: string;
  metadata(): string;
  /** A SAMLResponse, base64. */
  respond(options: ResponseOptions): string;
  /** The same, as XML. */
  respondXml(options: ResponseOptions): string;
}

/** @param options.now milliseconds or a clock; default the machine's */
export function createTestSamlIdentityProvider(options: {
  readonly entityId: string;
  readonly ssoUrl?: string;
  readonly now?: number | (() => number);
  readonly key?: KeyWithCertificate;
}): TestSamlIdentityProvider {
  const {
    entityId,
    ssoUrl = 'https://idp.example/sso',
    key = createSelfSignedCertificate('Test identity provider'),
  } = options;
  const { now = Date.now } = options;
  let serial = 0;
  const respondXml = (wanted: ResponseOptions): string => {
    serial += 1;
    const at = wanted.now ?? (typeof now === 'function' ? now() : now);
    const unique = `${at.toString(36)}-${String(serial)}-${Math.trunc(performance.now() * 1000).toString(36)}`;
    const responseId = `_response-${unique}`;
    const assertionId = wanted.assertionId ?? `_assertion-${unique}`;
    return assemble(writeResponse(entityId, responseId, assertionId, at, wanted), responseId, assertionId, key, wanted);
  };
  return {
    entityId,
    ssoUrl,
    key,
    certificatePem: key.certificatePem,
    metadata: () => writeMetadata(entityId, ssoUrl, key.certificatePem),
    respond: (wanted) => encodeResponse(respondXml(wanted)),
    respondXml,
  };
}

export function encodeResponse(xml: string): string {
  return Buffer.from(xml).toString('base64');
}

/** Replaces the first `from` and fails where there is none: an attack that changes nothing would prove nothing. */
export function replaceOnce(text: string, from: string | RegExp, to: string): string {
  const replaced = text.replace(from, () => to);
  if (replaced === text) throw new Error(`nothing to replace: ${String(from)}`);
  return replaced;
}

function assemble(
  template: string,
  responseId: string,
  assertionId: string,
  ownKey: KeyWithCertificate,
  { sign = 'both', key = ownKey, signing = {}, edit = {} }: ResponseOptions,
): string {
  let xml = edit.unsigned?.(template) ?? template;
  if (sign === 'assertion' || sign === 'both') xml = signSamlElement(xml, assertionId, key, signing);
  xml = edit.between?.(xml) ?? xml;
  if (sign === 'response' || sign === 'both') xml = signSamlElement(xml, responseId, key, signing);
  return edit.signed?.(xml) ?? xml;
}

const fiveMinutes = 300_000;

function writeResponse(
  entityId: string,
  responseId: string,
  assertionId: string,
  now: number,
  options: ResponseOptions,
): string {
  const at = (offset: number): string => new Date(now + offset).toISOString();
  const { acsUrl, audience, inResponseTo, nameId, sessionNotOnOrAfter, authnInstant = now } = options;
  const nameIdFormat = options.nameIdFormat ?? 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
  const sessionEnd =
    sessionNotOnOrAfter === undefined ? '' : ` SessionNotOnOrAfter="${new Date(sessionNotOnOrAfter).toISOString()}"`;
  return [
    `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${responseId}" Version="2.0" IssueInstant="${at(0)}" Destination="${escapeXml(acsUrl)}" InResponseTo="${escapeXml(inResponseTo)}">`,
    `<saml:Issuer>${escapeXml(entityId)}</saml:Issuer>`,
    '<samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>',
    `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${assertionId}" Version="2.0" IssueInstant="${at(0)}">`,
    `<saml:Issuer>${escapeXml(entityId)}</saml:Issuer>`,
    `<saml:Subject><saml:NameID Format="${escapeXml(nameIdFormat)}">${escapeXml(nameId)}</saml:NameID>`,
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
    `<saml:SubjectConfirmationData InResponseTo="${escapeXml(inResponseTo)}" NotOnOrAfter="${at(fiveMinutes)}" Recipient="${escapeXml(acsUrl)}"/>`,
    '</saml:SubjectConfirmation></saml:Subject>',
    `<saml:Conditions NotBefore="${at(0)}" NotOnOrAfter="${at(fiveMinutes)}">`,
    `<saml:AudienceRestriction><saml:Audience>${escapeXml(audience)}</saml:Audience></saml:AudienceRestriction></saml:Conditions>`,
    `<saml:AuthnStatement AuthnInstant="${at(authnInstant - now)}" SessionIndex="_session-1"${sessionEnd}><saml:AuthnContext>`,
    '<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef>',
    '</saml:AuthnContext></saml:AuthnStatement>',
    writeAttributes(options.attributes ?? { mail: ['ada@example.com'] }),
    '</saml:Assertion></samlp:Response>',
  ].join('');
}

function writeAttributes(attributes: Readonly<Record<string, readonly string[]>>): string {
  const written = Object.entries(attributes).map(
    ([name, values]) =>
      `<saml:Attribute Name="${escapeXml(name)}">${values
        .map((value) => `<saml:AttributeValue>${escapeXml(value)}</saml:AttributeValue>`)
        .join('')}</saml:Attribute>`,
  );
  return written.length === 0 ? '' : `<saml:AttributeStatement>${written.join('')}</saml:AttributeStatement>`;
}

function writeMetadata(entityId: string, ssoUrl: string, certificatePem: string): string {
  const base64 = certificatePem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${escapeXml(entityId)}">`,
    '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">',
    `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${escapeXml(ssoUrl)}"/>`,
    '</md:IDPSSODescriptor></md:EntityDescriptor>',
  ].join('\n');
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
