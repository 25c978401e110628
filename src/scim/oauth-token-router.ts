// `POST /scim/oauth/token`: OAuth 2.0 client credentials (RFC 6749 §4.4) for SCIM clients that take no fixed bearer secret, as Entra's gallery
// asks. The client id is the credential's id, the client secret its secret, or the proof an assertion of the issuer it trusts (RFC 7523 §2.2);
// what comes back is a bearer token for `/scim/v2`.

import { Router, type Request, type Response } from 'express';
import type { BadCredentialLimit } from '#http/bad-credentials.ts';
import { readText } from '#http/body-limits.ts';
import { requestContextOf } from '#http/request-context.ts';
import { RequestError } from '#http/request-error.ts';
import type { Logger } from '#observability/logger.ts';
import type { RandomBytes } from '#directory/identifiers.ts';
import { isAccessToken, issueAccessToken } from '#secrets/access-tokens.ts';
import type { CredentialAuthentication, CredentialOutcome } from '#secrets/credential-authentication.ts';
import { IssuerUnavailable } from '#secrets/issuer-keys.ts';
import { readScopes, type ScimScope } from './scim-scopes.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { Storage } from '#storage/storage.ts';

export interface TokenEndpointOptions {
  readonly storage: Pick<Storage, 'records'>;
  readonly authentication: CredentialAuthentication;
  readonly badCredentials: BadCredentialLimit;
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  readonly tokenMinutes: number;
  readonly logger: Pick<Logger, 'error' | 'warn'>;
}

/** The codes of RFC 6749 §5.2, and one for an outage. */
type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'temporarily_unavailable'
  | 'server_error';

class TokenError extends Error {
  readonly code: TokenErrorCode;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: TokenErrorCode, status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

const bodyBytes = 16_384;
const challenge = { 'WWW-Authenticate': 'Basic realm="furlough"' };

/** To be mounted at `/scim/oauth`. */
export function createTokenRouter(options: TokenEndpointOptions): Router {
  const router = Router({ caseSensitive: true });
  router.post('/token', async (request, response) => {
    try {
      answer(response, 200, await grant(options, request));
    } catch (error) {
      refuse(options, response, error);
    }
  });
  router.all('/token', (_request, response) => {
    const words = { error: 'invalid_request', error_description: 'Ask for a token by POST.' };
    answer(response.set('Allow', 'POST'), 405, words);
  });
  return router;
}

async function grant(options: TokenEndpointOptions, request: Request): Promise<object> {
  const form = readForm(request, await readText(request, bodyBytes));
  const grantType = form.get('grant_type');
  if (grantType === null) throw new TokenError('invalid_request', 400, 'grant_type is missing.');
  if (grantType !== 'client_credentials')
    throw new TokenError('unsupported_grant_type', 400, 'Only client_credentials is granted here.');
  const assertion = readAssertion(request, form);
  const outcome =
    assertion === null
      ? await authenticateBySecret(options, readClient(request, form))
      : await options.authentication.authenticateByAssertion(assertion.id, assertion.text, ['scim']);
  if (outcome.kind === 'refused') {
    requestContextOf(request).notes['credential_refused'] = outcome.reason;
    const wait = options.badCredentials.refuse(request);
    if (wait !== null)
      throw new TokenError('invalid_client', 429, 'Too many refused clients.', { 'Retry-After': String(wait) });
    throw new TokenError('invalid_client', 401, 'This client is not accepted.', challenge);
  }
  const scopes = grantScopes(form.get('scope'), readScopes(outcome.scopes));
  const token = await issueAccessToken(options, outcome.credential, options.tokenMinutes * 60_000, scopes);
  const scope = scopes.join(' ');
  return { access_token: token, token_type: 'Bearer', expires_in: options.tokenMinutes * 60, scope };
}

/** What clients ask for that know one scope only: all that the credential may do. */
const wholeScope = 'scim';

/** RFC 6749 §3.3: all that the credential may do, or as much of it as is asked for. */
function grantScopes(asked: string | null, all: ReadonlySet<ScimScope>): readonly ScimScope[] {
  if (asked === null) return [...all];
  const names = asked.split(' ').filter((name) => name !== '');
  const beyond = names.some((name) => name !== wholeScope && !all.has(name as ScimScope));
  if (beyond || names.length === 0)
    throw new TokenError('invalid_scope', 400, `This client may ask for: ${[...all].join(' ')}.`);
  return [...all].filter((scope) => names.includes(wholeScope) || names.includes(scope));
}

async function authenticateBySecret(
  { authentication }: TokenEndpointOptions,
  client: { readonly id: string; readonly secret: string },
): Promise<CredentialOutcome> {
  // A token must not buy the next one: whoever got hold of one would never lose it.
  if (isAccessToken(client.secret)) return { kind: 'refused', reason: 'unknown' };
  const outcome = await authentication.authenticate(client.secret, ['scim']);
  const isItsOwn = outcome.kind === 'refused' || outcome.credential.id === client.id;
  return isItsOwn ? outcome : { kind: 'refused', reason: 'unknown' };
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** RFC 7521 §4.2: an assertion, its kind, and whose it is; null for a client that sends none. */
function readAssertion(request: Request, form: URLSearchParams): { readonly id: string; readonly text: string } | null {
  const [text, type, id] = [form.get('client_assertion'), form.get('client_assertion_type'), form.get('client_id')];
  if (text === null && type === null) return null;
  if (text === null || type === null)
    throw new TokenError('invalid_request', 400, 'client_assertion and client_assertion_type go together.');
  if (form.has('client_secret') || request.headers.authorization !== undefined)
    throw new TokenError('invalid_request', 400, 'The client proves itself in two ways.');
  if (type !== assertionType) throw new TokenError('invalid_client', 401, `Only ${assertionType} is taken.`);
  if (id === null)
    throw new TokenError('invalid_client', 401, 'Name the client by client_id: the id of its credential.');
  return { id, text };
}

/** RFC 6749 §3.2: a parameter comes once, and an empty one counts as left out. */
function readForm(request: Request, text: string): URLSearchParams {
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (mediaType !== 'application/x-www-form-urlencoded')
    throw new TokenError('invalid_request', 400, 'Send a form: application/x-www-form-urlencoded.');
  const form = new URLSearchParams(text);
  for (const name of new Set(form.keys())) {
    if (form.getAll(name).length > 1)
      throw new TokenError('invalid_request', 400, 'A parameter is given more than once.');
    if (form.get(name) === '') form.delete(name);
  }
  return form;
}

/** RFC 6749 §2.3.1: by HTTP Basic, or in the form; not both. */
function readClient(request: Request, form: URLSearchParams): { readonly id: string; readonly secret: string } {
  const basic = /^basic +([A-Za-z0-9+/_-]+=*)$/i.exec(request.headers.authorization?.trim() ?? '')?.[1];
  const [id, secret] = [form.get('client_id'), form.get('client_secret')];
  if (basic !== undefined) {
    if (secret !== null) throw new TokenError('invalid_request', 400, 'The client is named twice.');
    const [first = '', ...rest] = Buffer.from(basic, 'base64').toString('utf8').split(':');
    return { id: decode(first), secret: decode(rest.join(':')) };
  }
  if (id === null || secret === null)
    throw new TokenError(
      'invalid_client',
      401,
      'Name the client by HTTP Basic, or by client_id and client_secret.',
      challenge,
    );
  return { id, secret };
}

/** Both halves are form-encoded before they are joined; clients that forget to have nothing to encode. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function refuse({ logger }: TokenEndpointOptions, response: Response, error: unknown): void {
  const shown = toTokenError(error);
  if (error instanceof IssuerUnavailable)
    logger.warn({ event: 'scim.issuerUnavailable', err: error }, 'keys of a trusted issuer could not be had');
  if (shown.code === 'server_error')
    logger.error({ event: 'scim.tokenError', err: error }, 'a token could not be granted');
  response.set(shown.headers);
  answer(response, shown.status, { error: shown.code, error_description: shown.message });
}

function toTokenError(error: unknown): TokenError {
  if (error instanceof TokenError) return error;
  if (error instanceof RequestError) return new TokenError('invalid_request', error.status, error.message);
  if (error instanceof StorageError && error.code === 'unavailable')
    return new TokenError('temporarily_unavailable', 503, 'Storage does not answer now; try again.', {
      'Retry-After': '2',
    });
  if (error instanceof IssuerUnavailable)
    return new TokenError('temporarily_unavailable', 503, 'The issuer of the assertion cannot be asked now.', {
      'Retry-After': '30',
    });
  return new TokenError('server_error', 500, 'This is our fault. It is logged.');
}

function answer(response: Response, status: number, body: object): void {
  response.status(status).set({ 'Cache-Control': 'no-store', Pragma: 'no-cache' }).json(body);
}
