// A message in a query string, by HTTP-Redirect (SAML bindings 3.4): read from the raw text, so that what is verified is what is read. Ordinary query
// parsers decode names, keep the last of several values and stop at a thousand, and each of these has hidden a message from one of two readers
// (gate.md 2.1 "redirect signature splitting"). Whether the signature is good is asked of the verification thread (saml-logout.ts).

import { inflateRawSync } from 'node:zlib';

import { SamlRefusal } from './saml-refusal.ts';

export interface RedirectMessage {
  readonly kind: 'request' | 'response';
  /** The XML, inflated. */
  readonly bytes: Uint8Array;
  readonly relayState: string | undefined;
  /** The octets under the signature, as they came. */
  readonly signedText: string;
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
}

const maxQueryLength = 32 * 1024;
const maxParameters = 16;
/** The most a message may inflate to: deflate makes a megabyte of a kilobyte. */
export const maxInflatedBytes = 256 * 1024;

const known = new Set(['SAMLRequest', 'SAMLResponse', 'RelayState', 'SigAlg', 'Signature', 'SAMLEncoding']);
const deflateEncoding = 'urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE';

/**
 * @param query what follows `?`, undecoded
 * @throws SamlRefusal `malformedRequest`, `notSigned`
 */
export function readRedirectMessage(query: string): RedirectMessage {
  const raw = readParameters(query);
  const [wish, answer] = [raw.get('SAMLRequest'), raw.get('SAMLResponse')];
  const kind = wish === undefined ? 'response' : 'request';
  const rawMessage = wish ?? answer;
  if (rawMessage === undefined || (wish !== undefined && answer !== undefined)) throw malformed('not one message');
  const encoding = raw.get('SAMLEncoding');
  if (encoding !== undefined && decode(encoding) !== deflateEncoding) throw malformed('SAMLEncoding');
  const [rawAlgorithm, rawSignature] = [raw.get('SigAlg'), raw.get('Signature')];
  if (rawAlgorithm === undefined || rawSignature === undefined) throw new SamlRefusal('notSigned', 'no Signature');
  const rawRelayState = raw.get('RelayState');
  const signedText = [
    `${kind === 'request' ? 'SAMLRequest' : 'SAMLResponse'}=${rawMessage}`,
    ...(rawRelayState === undefined ? [] : [`RelayState=${rawRelayState}`]),
    `SigAlg=${rawAlgorithm}`,
  ].join('&');
  return {
    kind,
    bytes: inflate(decodeBase64(decode(rawMessage))),
    relayState: rawRelayState === undefined ? undefined : decode(rawRelayState),
    signedText,
    signatureAlgorithm: decode(rawAlgorithm),
    signature: decodeBase64(decode(rawSignature)),
  };
}

/** Names as they are written: one that is encoded, unknown among ours, or there twice, is a trick or a mistake. */
function readParameters(query: string): ReadonlyMap<string, string> {
  if (query.length > maxQueryLength || /[^\x21-\x7e]/.test(query)) throw malformed('the query');
  const pieces = query.split('&', maxParameters + 1);
  if (pieces.length > maxParameters) throw malformed('too many parameters');
  const raw = new Map<string, string>();
  for (const piece of pieces) {
    const equals = piece.indexOf('=');
    const name = equals === -1 ? piece : piece.slice(0, equals);
    if (!/^[\w.-]{1,64}$/.test(name)) throw malformed('a name that is written otherwise');
    if (!known.has(name) && /^(?:saml|sig|relay)/i.test(name)) throw malformed('a name like ours');
    if (raw.has(name)) throw malformed(`${name} twice`);
    raw.set(name, equals === -1 ? '' : piece.slice(equals + 1));
  }
  return raw;
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '));
  } catch {
    throw malformed('percent encoding');
  }
}

function decodeBase64(text: string): Buffer {
  const compact = text.replaceAll(/\r?\n/g, '');
  const bytes = Buffer.from(compact, 'base64');
  if (compact === '' || bytes.toString('base64') !== compact) throw malformed('base64');
  return bytes;
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateRawSync(bytes, { maxOutputLength: maxInflatedBytes });
  } catch {
    throw malformed('deflate');
  }
}

function malformed(detail: string): SamlRefusal {
  return new SamlRefusal('malformedRequest', detail);
}
