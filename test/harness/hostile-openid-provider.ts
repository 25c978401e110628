/**
 * An OpenID Provider on loopback that signs for real and lies as it is told to: in its discovery document, keys, answers and tokens. Told
 * nothing, it is honest, which is every test's control.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import { takeRsaKey } from './spare-rsa-keys.ts';

export interface Lies {
  /** Edits the discovery document. */
  readonly discovery?: (document: Record<string, unknown>) => Record<string, unknown>;
  /** Answers a path instead of us; false: we answer. */
  readonly answer?: (path: string, response: ServerResponse) => boolean;
  /** Edits the parameters of the way back. */
  readonly callback?: (parameters: URLSearchParams) => void;
  readonly claims?: (claims: JWTPayload) => JWTPayload;
  /** Makes the ID token out of the claims. */
  readonly sign?: (claims: JWTPayload, keys: ProviderKeys) => Promise<string>;
  readonly userInfo?: (claims: Record<string, unknown>) => Record<string, unknown>;
  /** Nobody is asked again, whatever `prompt` and `max_age` say. */
  readonly asksNobodyAgain?: boolean;
  /** Whether the client that proves itself so is taken; told nothing, everybody is. */
  readonly takesClient?: (proof: ClientProof) => boolean;
}

/** What a client sent to prove itself at the token or the PAR endpoint. */
export interface ClientProof {
  readonly authorization: string | undefined;
  readonly body: URLSearchParams;
}

export interface ProviderKeys {
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

export interface HostileProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Replaced, it publishes and signs with the new ones. */
  keys: ProviderKeys;
  /** Whoever comes next. */
  person: { sub: string; claims: Record<string, unknown> };
  lies: Lies;
  /** Its clock, milliseconds. */
  now: () => number;
  /** When its person proved themselves; 0: not yet. */
  signedInAt: number;
  /** The last ID token it gave out. */
  lastIdToken: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** Authorization requests, pushed or not. */
  readonly requests: URLSearchParams[];
  close(): Promise<void>;
}

/** `path` becomes part of the issuer, as a tenant's. */
export async function startHostileProvider(path = ''): Promise<HostileProvider> {
  const keys = await (sharedKeys ??= createKeys('key-1'));
  let codes = 0;
  const flows = new Map<string, { nonce: string | null; challenge: string; authTime: object }>();
  const pushed = new Map<string, URLSearchParams>();
  /** Who was signed in, by access token: another may have come since. */
  const people = new Map<string, HostileProvider['person']>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', provider.issuer);
    const asked = url.pathname.slice(path.length);
    provider.asked.push(asked);
    if (provider.lies.answer?.(asked, response) === true) return;
    if (asked === '/authorize') authorize(url, response);
    else if (asked === '/token')
      collect(request).then(
        (body) => fromClient(request.headers.authorization, body, response, token),
        () => response.destroy(),
      );
    else if (asked === '/par')
      collect(request).then(
        (body) => fromClient(request.headers.authorization, body, response, push),
        () => response.destroy(),
      );
    else if (asked === '/jwks') json(response, { keys: [provider.keys.publicJwk] });
    else if (asked === '/userinfo') json(response, userInfo(request.headers.authorization));
    else if (asked === '/.well-known/openid-configuration') json(response, discovery());
    else response.writeHead(404).end();
  });

  function discovery(): Record<string, unknown> {
    const { issuer } = provider;
    const document = {
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      response_types_supported: ['code'],
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      authorization_response_iss_parameter_supported: true,
    };
    return provider.lies.discovery?.(document) ?? document;
  }

  async function fromClient(
    authorization: string | undefined,
    body: URLSearchParams,
    response: ServerResponse,
    answer: (body: URLSearchParams, response: ServerResponse) => void | Promise<void>,
  ): Promise<void> {
    if (provider.lies.takesClient?.({ authorization, body }) !== false) return answer(body, response);
    response
      .writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Basic realm="provider"' })
      .end('{"error":"invalid_client"}');
  }

  function push(body: URLSearchParams, response: ServerResponse): void {
    const requestUri = `urn:ietf:params:oauth:request_uri:${pushed.size + 1}`;
    pushed.set(requestUri, body);
    response
      .writeHead(201, { 'content-type': 'application/json' })
      .end(JSON.stringify({ request_uri: requestUri, expires_in: 60 }));
  }

  function authorize(url: URL, response: ServerResponse): void {
    const asked = pushed.get(url.searchParams.get('request_uri') ?? '') ?? url.searchParams;
    provider.requests.push(asked);
    codes += 1;
    const code = `code-${codes}`;
    flows.set(code, {
      nonce: asked.get('nonce'),
      challenge: asked.get('code_challenge') ?? '',
      authTime: authenticate(asked),
    });
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.searchParams.set('code', code);
    back.searchParams.set('state', asked.get('state') ?? '');
    back.searchParams.set('iss', provider.issuer);
    provider.lies.callback?.(back.searchParams);
    response.writeHead(302, { location: back.href }).end();
  }

  /** OpenID Connect Core 3.1.2.1: asked again where that is asked for; told when, where `max_age` is. */
  function authenticate(asked: URLSearchParams): { readonly auth_time?: number } {
    const maxAge = asked.get('max_age');
    const anew = asked.get('prompt')?.split(' ').includes('login') === true;
    const isTooOld = maxAge !== null && provider.now() - provider.signedInAt >= Number(maxAge) * 1_000;
    const isAsked = (anew || isTooOld) && provider.lies.asksNobodyAgain !== true;
    if (provider.signedInAt === 0 || isAsked) provider.signedInAt = provider.now();
    return maxAge === null ? {} : { auth_time: Math.floor(provider.signedInAt / 1_000) };
  }

  async function token(body: URLSearchParams, response: ServerResponse): Promise<void> {
    const flow = flows.get(body.get('code') ?? '');
    flows.delete(body.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url');
    if (flow === undefined || flow.challenge !== challenge) {
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
      return;
    }
    const now = Math.floor(provider.now() / 1000);
    const { person } = provider;
    const { sub, claims } = person;
    const honest = {
      iss: provider.issuer,
      aud: provider.clientId,
      sub,
      iat: now,
      exp: now + 300,
      nonce: flow.nonce ?? '',
      ...flow.authTime,
      ...claims,
    };
    const told = provider.lies.claims?.(honest) ?? honest;
    provider.lastIdToken = await (provider.lies.sign ?? signHonestly)(told, provider.keys);
    const access = `access-${body.get('code')}`;
    people.set(access, person);
    json(response, { access_token: access, token_type: 'Bearer', expires_in: 300, id_token: provider.lastIdToken });
  }

  function userInfo(authorization = ''): Record<string, unknown> {
    const { sub, claims } = people.get(authorization.replace(/^Bearer /i, '')) ?? provider.person;
    const honest = { sub, ...claims };
    return provider.lies.userInfo?.(honest) ?? honest;
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const provider: HostileProvider = {
    issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    clientId: 'furlough',
    keys,
    person: { sub: 'nobody', claims: {} },
    lies: {},
    now: Date.now,
    signedInAt: 0,
    lastIdToken: '',
    asked: [],
    requests: [],
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return provider;
}

/** Making a key takes longer than a whole sign-in, so the providers of one test file share theirs. */
let sharedKeys: Promise<ProviderKeys> | undefined;

export async function createKeys(kid: string): Promise<ProviderKeys> {
  const { privateKey, publicKey } = takeRsaKey();
  return { privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

export function signHonestly(claims: JWTPayload, keys: ProviderKeys): Promise<string> {
  return signAs(undefined, claims, keys);
}

/** A token of this type. */
export function signAs(
  typ: string | undefined,
  claims: JWTPayload,
  { privateKey, publicJwk }: ProviderKeys,
): Promise<string> {
  const kid = publicJwk.kid ?? '';
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid, ...(typ === undefined ? {} : { typ }) })
    .sign(privateKey);
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function collect(request: AsyncIterable<unknown>): Promise<URLSearchParams> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}
