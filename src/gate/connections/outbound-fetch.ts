// Requests to identity providers, whose addresses administrators type: https only, no private addresses (checked on the address that is
// really connected to, so that DNS cannot change its mind), redirects within one origin, capped in size and time (gate.md 3, SSRF).

import { lookup } from 'node:dns';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { classifyAddress } from './address-class.ts';

export interface OutboundRules {
  /** http, and https too, may go to this machine. */
  readonly allowLoopback: boolean;
  /** Host names whose private address is known and meant. */
  readonly privateHosts: readonly string[];
  readonly maxBytes: number;
  readonly maxRedirects: number;
}

export const providerRules = { maxBytes: 1024 * 1024, maxRedirects: 3 } as const;

/** A request that was not made or not finished. */
export class OutboundRefusal extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'OutboundRefusal';
  }
}

export interface OutboundRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Fetches `url`, the whole body included, until `deadline` aborts. Follows redirects of GET within the origin.
 * @throws OutboundRefusal
 */
export async function fetchOutbound(
  url: string,
  request: OutboundRequest,
  rules: OutboundRules,
  deadline: AbortSignal,
): Promise<Response> {
  let target = parseTarget(url, rules);
  for (let redirects = 0; ; redirects += 1) {
    const response = await send(target, request, rules, deadline);
    const location = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || location === null || request.method !== 'GET')
      return response;
    if (redirects >= rules.maxRedirects) throw new OutboundRefusal('too many redirects');
    if (!URL.canParse(location, target.href)) throw new OutboundRefusal('redirected to what is not a URL');
    const next = parseTarget(new URL(location, target).href, rules);
    if (next.origin !== target.origin) throw new OutboundRefusal(`redirected from ${target.origin} to ${next.origin}`);
    target = next;
  }
}

const jsonRules = { maxBytes: 262_144, maxRedirects: 1 } as const;
const jsonDeadlineMs = 5_000;

/** GET of a JSON document within five seconds. Throws `OutboundRefusal`. */
export async function fetchJson(
  url: string,
  allowed: { readonly allowInsecureProviders: boolean; readonly privateProviderHosts: readonly string[] },
): Promise<unknown> {
  const rules = {
    ...jsonRules,
    allowLoopback: allowed.allowInsecureProviders,
    privateHosts: allowed.privateProviderHosts,
  };
  const request = { method: 'GET', headers: { Accept: 'application/json' } };
  const response = await fetchOutbound(url, request, rules, AbortSignal.timeout(jsonDeadlineMs));
  if (response.status !== 200) throw new OutboundRefusal(`status ${response.status}`);
  try {
    return await response.json();
  } catch (error) {
    throw new OutboundRefusal('the answer is not JSON', error);
  }
}

function parseTarget(url: string, rules: OutboundRules): URL {
  if (!URL.canParse(url)) throw new OutboundRefusal('not a URL');
  const target = new URL(url);
  if (target.username !== '' || target.password !== '') throw new OutboundRefusal('credentials in the URL');
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && rules.allowLoopback)) {
    throw new OutboundRefusal(`${target.protocol.slice(0, -1)} is not allowed`);
  }
  const literal = bareHost(target);
  // An address literal never reaches the resolver, so it is judged here.
  if (isIP(literal) !== 0) assertAddress(literal, target, rules);
  return target;
}

function assertAddress(address: string, target: URL, rules: OutboundRules): void {
  const kind = classifyAddress(address);
  if (kind === 'loopback' && rules.allowLoopback) return;
  if (target.protocol === 'http:') throw new OutboundRefusal('http is allowed on this machine only');
  if (kind === 'public' || (kind === 'private' && rules.privateHosts.includes(target.hostname))) return;
  throw new OutboundRefusal(`${target.hostname} has a ${kind} address`);
}

function guardedLookup(target: URL, rules: OutboundRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, '');
        return;
      }
      try {
        for (const { address } of addresses) assertAddress(address, target, rules);
      } catch (refusal) {
        callback(refusal as NodeJS.ErrnoException, '');
        return;
      }
      const [first] = addresses;
      if (options.all === true) callback(null, addresses);
      else callback(null, first?.address ?? '', first?.family);
    });
  };
}

function send(target: URL, request: OutboundRequest, rules: OutboundRules, signal: AbortSignal): Promise<Response> {
  const options: RequestOptions = {
    method: request.method,
    headers: request.headers,
    lookup: guardedLookup(target, rules),
    // No shared pool: a connection another part of the server opened was judged by other rules.
    agent: false,
    signal,
  };
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      const late = `${target.host} ${signal.aborted ? 'did not answer in time' : 'cannot be reached'}`;
      reject(error instanceof OutboundRefusal ? error : new OutboundRefusal(late, error));
    };
    try {
      const outgoing = (target.protocol === 'https:' ? httpsRequest : httpRequest)(target, options, (incoming) => {
        // What a provider sends must never throw outside this chain: nobody would catch it.
        void readBody(incoming, rules.maxBytes)
          .then((body) => resolve(toResponse(incoming, body)))
          .catch(fail);
      });
      outgoing.on('error', fail);
      outgoing.on('upgrade', (incoming, socket) => {
        socket.on('error', fail).destroy();
        fail(new OutboundRefusal(`status ${incoming.statusCode}`));
      });
      // Whatever a connection may end in without an error of its own: the deadline ends the wait.
      signal.addEventListener('abort', () => fail(signal.reason), { once: true });
      outgoing.end(toBody(request.body));
    } catch (error) {
      fail(error);
    }
  });
}

async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new OutboundRefusal(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function toResponse(incoming: IncomingMessage, body: Buffer): Response {
  const status = incoming.statusCode ?? 0;
  if (status < 200 || status > 599) throw new OutboundRefusal(`status ${status}`);
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const empty = status === 204 || status === 205 || status === 304;
  return new Response(empty ? null : new Uint8Array(body), { status, headers });
}

function toBody(body: unknown): string | Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new OutboundRefusal('a body of an unknown kind');
}

function bareHost(target: URL): string {
  return target.hostname.replace(/^\[|\]$/g, '');
}
