// Reads the forms an identity provider lets the browser post to us (sign-in, logout), as pure functions over
// raw bytes (gate.md 2.2 step 1; SAML bindings 3.5). Express' own form parser is not used: it takes arrays, nested names
// and the last of several values, and each of these hides a message from one of two readers.

import { SamlRefusal } from './saml-refusal.ts';

/** The most bytes a form may have. */
export const maxFormBytes = 256 * 1024;

const maxFields = 16;

export interface SamlFormRequest {
  readonly method: string;
  readonly contentType: string | undefined;
  /** What follows `?`, empty if nothing does. */
  readonly query: string;
  readonly body: Uint8Array;
}

export interface SamlForm {
  /** Still base64, as posted. */
  readonly samlResponse: string;
  /** Untrusted; at most a hint (see return-path.ts). */
  readonly relayState: string | undefined;
}

/**
 * The one SAMLResponse and at most one RelayState of a form.
 * @throws SamlRefusal `malformedRequest`
 */
export function readSamlForm(request: SamlFormRequest): SamlForm {
  const fields = readMessageFields(request, ['SAMLResponse']);
  const samlResponse = fields.get('SAMLResponse');
  if (samlResponse === undefined || samlResponse === '') throw refusal('no SAMLResponse');
  return { samlResponse, relayState: fields.get('RelayState') };
}

export interface LogoutForm {
  readonly kind: 'request' | 'response';
  /** Still base64, as posted. */
  readonly message: string;
  readonly relayState: string | undefined;
}

/**
 * The one message of logout, a request or a response, and at most one RelayState.
 * @throws SamlRefusal `malformedRequest`
 */
export function readLogoutForm(request: SamlFormRequest): LogoutForm {
  const fields = readMessageFields(request, ['SAMLRequest', 'SAMLResponse']);
  const [wish, answer] = [fields.get('SAMLRequest'), fields.get('SAMLResponse')];
  const message = wish ?? answer;
  if (message === undefined || message === '' || (wish !== undefined && answer !== undefined)) {
    throw refusal('not exactly one message');
  }
  return { kind: wish === undefined ? 'response' : 'request', message, relayState: fields.get('RelayState') };
}

function readMessageFields(request: SamlFormRequest, messages: readonly string[]): ReadonlyMap<string, string> {
  if (request.method !== 'POST') throw refusal('not a POST');
  if (!isFormType(request.contentType)) throw refusal('content type');
  if (request.query !== '') throw refusal('a query string');
  if (request.body.byteLength > maxFormBytes) throw refusal('too large');

  const fields = new Map<string, string>();
  for (const [name, value] of readFields(request.body)) {
    if (messages.includes(name) || name === 'RelayState') {
      if (fields.has(name)) throw refusal(`${name} twice`);
      fields.set(name, value);
    } else if (name.toUpperCase().startsWith('SAML')) {
      // SAMLRequest, SAMLart, SAMLResponse[]: another message riding along.
      throw refusal('a second SAML field');
    }
  }
  return fields;
}

function isFormType(contentType: string | undefined): boolean {
  return /^application\/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i.test(contentType ?? '');
}

type Fields = readonly (readonly [string, string])[];

/** What was made of a body: several look at one form, and a large one takes milliseconds each time. */
const readBodies = new WeakMap<Uint8Array, Fields | SamlRefusal>();

function readFields(body: Uint8Array): Fields {
  const known = readBodies.get(body) ?? tryFields(body);
  readBodies.set(body, known);
  if (known instanceof SamlRefusal) throw known;
  return known;
}

function tryFields(body: Uint8Array): Fields | SamlRefusal {
  try {
    return splitFields(body);
  } catch (error) {
    if (error instanceof SamlRefusal) return error;
    throw error;
  }
}

function splitFields(body: Uint8Array): Fields {
  const text = readText(body);
  const pieces = text.split('&', maxFields + 1);
  if (pieces.length > maxFields) throw refusal('too many fields');
  return pieces.map((piece) => {
    const equals = piece.indexOf('=');
    return equals === -1
      ? [decodeField(piece), '']
      : [decodeField(piece.slice(0, equals)), decodeField(piece.slice(equals + 1))];
  });
}

/** The form as text, its plus signs as the spaces they mean: byte by byte, for a text of nothing else is slow to replace in. */
function readText(body: Uint8Array): string {
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x21 || byte > 0x7e) throw refusal('bytes a form never has');
    if (byte === 0x2b) bytes[at] = 0x20;
  }
  return bytes.toString('latin1');
}

function decodeField(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal('percent encoding');
  }
}

function refusal(detail: string): SamlRefusal {
  return new SamlRefusal('malformedRequest', detail);
}
