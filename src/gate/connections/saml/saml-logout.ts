// Single logout at one SAML connection: what the identity provider sends us, verified, and what we send it, signed (gate.md 2.4). HTTP, sessions
// and what was asked for are the logout layer's.

import { sign } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

import type { SamlLogoutService } from '#directory/connection.ts';
import type { CertifiedKey } from '#secrets/self-signed-certificate.ts';
import { parseVerified } from './assertion-checks.ts';
import { readLogoutForm, type SamlFormRequest } from './form-body.ts';
import {
  readLogoutRequest,
  readLogoutResponse,
  scanLogout,
  type LogoutAnswer,
  type LogoutWish,
} from './logout-message.ts';
import { maxInflatedBytes, readRedirectMessage } from './redirect-query.ts';
import { childrenCalled, protocolNamespace, samlNamespace, statusSuccess } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';
import { signatureAlgorithms } from './signature-algorithms.ts';
import type { SignatureVerifier } from './signature-verifier.ts';
import { usableCertificates } from './signing-certificate.ts';
import { escapeXml } from './write-xml.ts';
import type { XmlElement } from './xml-tree.ts';

export interface SamlLogoutSettings {
  readonly entityId: string;
  readonly certificates: readonly string[];
  readonly serviceEntityId: string;
  readonly sloUrl: string;
  readonly service: SamlLogoutService;
}

export interface SamlLogoutParts {
  readonly verifier: SignatureVerifier;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly signer: () => Promise<CertifiedKey>;
}

export type ReceivedLogout = { readonly relayState: string | undefined } & (
  | ({ readonly kind: 'request' } & LogoutWish)
  | ({ readonly kind: 'response' } & LogoutAnswer)
);

export interface SamlLogout {
  /** A message by either binding: a GET's raw query, or a POST's form. @throws SamlRefusal */
  receive(request: SamlFormRequest, now: number, address: string): Promise<ReceivedLogout>;
  /** Where to send the browser so that its person is signed out there. */
  ask(
    person: { readonly subject: string; readonly format?: string; readonly sessionIndex?: string },
    relayState: string,
    now: number,
  ): Promise<{ readonly url: string; readonly requestId: string }>;
  /** Where to send the browser with the answer to a request. */
  answer(requestId: string, relayState: string | undefined, now: number): Promise<string>;
}

const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256';
const askMinutes = 5;
/** SAML bindings 3.4.3 grants 80 bytes; some send more and want it back. */
const maxRelayState = 1024;

export function createSamlLogout(settings: SamlLogoutSettings, parts: SamlLogoutParts): SamlLogout {
  const { entityId, sloUrl, serviceEntityId, service } = settings;
  const certificates = usableCertificates(settings.certificates);

  async function send(
    url: string,
    name: 'SAMLRequest' | 'SAMLResponse',
    xml: string,
    relayState: string | undefined,
  ): Promise<string> {
    const { privateKeyPem } = await parts.signer();
    const text = [
      `${name}=${encodeURIComponent(deflateRawSync(xml).toString('base64'))}`,
      ...(relayState === undefined ? [] : [`RelayState=${encodeURIComponent(relayState)}`]),
      `SigAlg=${encodeURIComponent(rsaSha256)}`,
    ].join('&');
    const signature = sign('sha256', Buffer.from(text), privateKeyPem).toString('base64');
    return `${url}${url.includes('?') ? '&' : '?'}${text}&Signature=${encodeURIComponent(signature)}`;
  }

  const createId = (): string => `_${Buffer.from(parts.randomBytes(20)).toString('hex')}`;
  const open = (name: string, id: string, destination: string, now: number, more: string): string =>
    `<samlp:${name} xmlns:samlp="${protocolNamespace}" xmlns:saml="${samlNamespace}" ID="${id}" Version="2.0" IssueInstant="${new Date(now).toISOString()}" Destination="${escapeXml(destination)}"${more}><saml:Issuer>${escapeXml(serviceEntityId)}</saml:Issuer>`;

  /** The message's document element, as far as it may be believed. */
  async function readVerified(
    request: SamlFormRequest,
    address: string,
  ): Promise<{
    readonly kind: 'request' | 'response';
    readonly root: XmlElement;
    readonly relayState: string | undefined;
  }> {
    if (request.method === 'GET') {
      const message = readRedirectMessage(request.query);
      const { signedText, signatureAlgorithm, signature } = message;
      if (!signatureAlgorithms.has(signatureAlgorithm))
        throw new SamlRefusal('algorithmRefused', JSON.stringify(signatureAlgorithm));
      const job = { text: signedText, signatureAlgorithm, signature, certificates, acsUrl: sloUrl };
      if (!(await parts.verifier.verifyText(job, { address }))) throw unsigned();
      return {
        kind: message.kind,
        root: await scanLogout(message.bytes, message.kind),
        relayState: message.relayState,
      };
    }
    const { kind, message, relayState } = readLogoutForm(request);
    const bytes = decodeMessage(message);
    const scanned = await scanLogout(bytes, kind);
    if (childrenCalled(scanned, 'ds:Signature').length !== 1) throw new SamlRefusal('notSigned', 'no Signature');
    const job = { xml: bytes.toString('utf8'), certificates, acsUrl: sloUrl };
    const signedXml = await parts.verifier.verifyElement(job, { address });
    if (signedXml === undefined) throw unsigned();
    return { kind, root: await parseVerified(signedXml), relayState };
  }

  return {
    async receive(request, now, address) {
      if (certificates.length === 0) throw new SamlRefusal('noCertificate', 'the connection has no usable certificate');
      const { kind, root, relayState } = await readVerified(request, address);
      if (relayState !== undefined && relayState.length > maxRelayState) {
        throw new SamlRefusal('malformedRequest', 'RelayState too long');
      }
      const expected = { entityId, sloUrl, now };
      return kind === 'request'
        ? { kind, relayState, ...readLogoutRequest(root, expected) }
        : { kind, relayState, ...readLogoutResponse(root, expected) };
    },

    async ask({ subject, format, sessionIndex }, relayState, now) {
      const requestId = createId();
      const until = new Date(now + askMinutes * 60_000).toISOString();
      const xml = [
        open('LogoutRequest', requestId, service.url, now, ` NotOnOrAfter="${until}"`),
        `<saml:NameID${format === undefined ? '' : ` Format="${escapeXml(format)}"`}>${escapeXml(subject)}</saml:NameID>`,
        sessionIndex === undefined ? '' : `<samlp:SessionIndex>${escapeXml(sessionIndex)}</samlp:SessionIndex>`,
        '</samlp:LogoutRequest>',
      ].join('');
      return { url: await send(service.url, 'SAMLRequest', xml, relayState), requestId };
    },

    answer(requestId, relayState, now) {
      const destination = service.responseUrl ?? service.url;
      const xml = [
        open('LogoutResponse', createId(), destination, now, ` InResponseTo="${escapeXml(requestId)}"`),
        `<samlp:Status><samlp:StatusCode Value="${statusSuccess}"/></samlp:Status></samlp:LogoutResponse>`,
      ].join('');
      return send(destination, 'SAMLResponse', xml, relayState);
    },
  };
}

function unsigned(): SamlRefusal {
  return new SamlRefusal('signatureInvalid', 'no certificate of the connection made this signature');
}

function decodeMessage(message: string): Buffer {
  const compact = message.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(compact, 'base64');
  if (bytes.toString('base64') !== compact || bytes.length > maxInflatedBytes) {
    throw new SamlRefusal('malformedRequest', 'base64');
  }
  return bytes;
}
