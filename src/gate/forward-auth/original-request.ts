// The request an app's proxy asks about, as far as a door needs it; each proxy dialect reads its parts from its own headers and has them checked
// here, by one measure: a value that could be read in two ways is refused, not chosen from (gate.md 7).

import type { IncomingHttpHeaders } from 'node:http';
import { isHost } from '#directory/app.ts';

export interface OriginalRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** Lower case, with the port if it is not the scheme's own. */
  readonly host: string;
  /** Path and query, beginning with one `/`. */
  readonly uri: string;
}

export type OriginalRequestReading =
  | { readonly kind: 'read'; readonly original: OriginalRequest }
  /** A header is missing, twice, or not what it should be: 400. */
  | { readonly kind: 'malformed'; readonly fault: string };

/** What a dialect found; undefined where there was nothing, or more than one. */
export interface OriginalParts {
  readonly method: string | undefined;
  readonly proto: string | undefined;
  readonly host: string | undefined;
  readonly uri: string | undefined;
}

/** `names`: by which headers the dialect is told each part, for the refusal. */
export function toOriginalRequest(
  parts: OriginalParts,
  names: Readonly<Record<keyof OriginalParts, string>>,
): OriginalRequestReading {
  const { method, uri } = parts;
  if (method === undefined || !/^[A-Z]{1,20}$/.test(method)) return { kind: 'malformed', fault: names.method };
  const scheme = schemeOf(parts.proto);
  if (scheme === null) return { kind: 'malformed', fault: names.proto };
  const host = toHost(parts.host, scheme);
  if (host === null) return { kind: 'malformed', fault: names.host };
  if (uri === undefined || !/^\/[\x21-\x7e]*$/.test(uri) || uri.length > 8_192)
    return { kind: 'malformed', fault: names.uri };
  return { kind: 'read', original: { method, scheme, host, uri } };
}

/** A WebSocket is announced as ws or wss by some proxies. */
function schemeOf(proto: string | undefined): 'http' | 'https' | null {
  if (proto === 'https' || proto === 'wss') return 'https';
  return proto === 'http' || proto === 'ws' ? 'http' : null;
}

/** A host header's value as an origin writes it, without the scheme's own port; null for anything but one plain host (no `@`, no list). */
export function toHost(text: string | undefined, scheme: 'http' | 'https'): string | null {
  if (text === undefined) return null;
  const key = `${scheme}://${text}`;
  const known = knownHosts.get(key);
  if (known !== undefined) return known;
  const host = text.toLowerCase();
  if (!isHost(host)) return null;
  const plain = new URL(`${scheme}://${host}/`).host;
  if (knownHosts.size >= mostKnownHosts) knownHosts.clear();
  knownHosts.set(key, plain);
  return plain;
}

/** The same few hosts are asked about all day, and a URL is dear. What a host is depends on nothing that could change. */
const knownHosts = new Map<string, string>();
const mostKnownHosts = 1_000;

/** Whether a browser asks permission for a later request (Fetch, "CORS-preflight request"). It never carries cookies, so nobody is ever signed in. */
export function isPreflight(method: string, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Whether a WebSocket is to be opened: nobody follows a redirect then. The key stays where proxies drop `Upgrade` (RFC 6455 4.1). */
export function isWebSocket(headers: IncomingHttpHeaders): boolean {
  return headers['sec-websocket-key'] !== undefined || headers.upgrade?.toLowerCase() === 'websocket';
}
