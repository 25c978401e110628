// The doors of a sign-in: where it starts, and where each protocol's answer comes back. They translate HTTP; what a sign-in is stands in
// start-sign-in.ts and complete-sign-in.ts.

import { createBreath, waitForTurn } from '#breath.ts';
import type { Request, RequestHandler, Response } from 'express';
import { isSlug, type ConnectionId, type OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { readBody } from '#http/body-limits.ts';
import { clientAddressOf } from '#http/client-address.ts';
import { RequestError } from '#http/request-error.ts';
import {
  findSignInConnection,
  listSignInConnections,
  openConnection,
  type ConnectionParts,
} from '../connections/open-connection.ts';
import { readUnsolicited } from '../connections/saml/unsolicited-response.ts';
import { maxFormBytes, readSamlForm, type SamlFormRequest } from '../connections/saml/form-body.ts';
import { oidcJwks } from '../connections/oidc/jwks-endpoints.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfToken, isToken } from '../opaque-token.ts';
import { showNotFound, showRefusal } from '../pages/show-refusal.ts';
import { endSession } from '../sessions/session.ts';
import { readSessionToken, toSessionCookie } from '../sessions/session-cookie.ts';
import { findAttempts, forgetAttempt, type FoundAttempt } from './attempt.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { chooseByAddress, sendChooser } from './find-connection-endpoints.ts';
import { findConnections, readLoginHint } from './find-connection.ts';
import { presentRefusal, SignInError } from './refusal.ts';
import { readReturnTarget, sharesCookies } from './return-target.ts';
import { recordSignIn } from './sign-in-record.ts';
import { readAlong, readMaxAge } from './sign-in-query.ts';
import { startSignIn, type SignInWishes } from './start-sign-in.ts';

/** `GET /sso/{org}/login?return_to=&connection=&login_hint=&prompt=&max_age=` */
export function signInStart(context: GateContext, parts: ConnectionParts): RequestHandler {
  return async (request, response) => {
    const organization = await findOrganization(context, request);
    if (organization === null) return showNotFound(context, request, response);
    const query = new URLSearchParams(queryOf(request));
    const loginHint = readLoginHint(query.get('login_hint'));
    const wish = { connection: query.get('connection'), loginHint };
    const connections = await findConnections(context, organization.id, wish);
    const [connection, ...others] = connections;
    if (connection === undefined) return showNotFound(context, request, response);
    if (others.length > 0) return sendChooser(context, request, response, organization, connections, readAlong(query));
    const returnTo = await readReturnTarget(context, organization.id, query.get('return_to') ?? undefined);
    const maxAgeSeconds = readMaxAge(query);
    await begin(context, parts, connection, request, response, {
      returnTo,
      ...(loginHint === undefined ? {} : { loginHint }),
      ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
    });
  };
}

/** Sends the browser to its provider, or tells why not. */
async function begin(
  context: GateContext,
  parts: ConnectionParts,
  connection: SignInConnection,
  request: Request,
  response: Response,
  asked: SignInWishes,
): Promise<void> {
  try {
    const { url, setCookie } = await startSignIn(context, parts, connection, request, asked);
    response.append('Set-Cookie', setCookie);
    redirect(response, request.method === 'POST' ? 303 : 302, url);
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    const reference = await recordSignIn(context, connection, {
      outcome: 'refused',
      reason: error.reason,
      protocol: connection.signIn.kind,
      address: clientAddressOf(request),
      checks: [{ step: 'start', passed: false, detail: error.detail }],
    });
    await sendRefusal(context, request, response, connection, error, reference);
  }
}

/** `POST /sso/{org}/login` */
export function signInByAddress(context: GateContext): RequestHandler {
  return chooseByAddress(
    context,
    (request) => findOrganization(context, request),
    ({ id }) => listSignInConnections(context, id),
  );
}

/** `GET /sso/{org}/{connection}/oidc/callback` and `POST /sso/{org}/{connection}/saml/acs` */
export function signInEnd(context: GateContext, parts: ConnectionParts, protocol: 'saml' | 'oidc'): RequestHandler {
  return async (request, response) => {
    const connection = await findConnectionOf(context, request, protocol);
    if (connection === null) return showNotFound(context, request, response);
    const cookies = request.headers.cookie;
    const attempts = await findAttempts(context, connection.organizationId, connection.id, cookies);
    const oversize = protocol === 'saml' ? await readForm(request) : null;
    const handle = handleOf(request, protocol);
    const attempt = pickAttempt(attempts, handle);
    if (attempt === undefined && oversize === null) {
      const hint = await readHint(request, connection);
      if (hint !== null) {
        const returnTo = await readReturnTarget(context, connection.organizationId, hint.relayState);
        return begin(context, parts, connection, request, response, { returnTo });
      }
    }
    const outcome = await completeSignIn(context, {
      connection,
      protocol,
      attempt,
      address: clientAddressOf(request),
      userAgent: request.headers['user-agent'],
      verify: async () => {
        if (oversize !== null) throw oversize;
        return openConnection(context, parts, connection).complete(request, attempt?.record.value.expected);
      },
    });
    if (outcome.kind === 'refused')
      return sendRefusal(context, request, response, connection, outcome.refusal, outcome.reference);
    const before = readSessionToken(context, cookies);
    if (before !== undefined && isToken(before)) await endSession(context, idOfToken(before), 'replaced');
    if (attempt !== undefined) response.append('Set-Cookie', forgetAttempt(context, attempt, cookies));
    response.append('Set-Cookie', toSessionCookie(context, outcome.sessionToken));
    const { returnTo, expected } = attempt?.record.value ?? {};
    // A handle that is not ours says that someone else wrote this answer's way back; it proves nothing, but it leads nowhere either.
    const target = handle === undefined || handle === expected?.handle ? returnTo : undefined;
    redirect(response, 303, landingOf(context, connection.organizationId, target));
  };
}

/** `GET /sso/{org}/{connection}/oidc/jwks` */
export function oidcJwksShow(context: GateContext): RequestHandler {
  return oidcJwks(context, (request) => findConnectionOf(context, request, 'oidc'));
}

async function findOrganization(context: GateContext, request: Request): Promise<Organization | null> {
  const id = String(request.params['org']);
  return isSlug(id) ? context.storage.organizations.get(id as OrganizationId) : null;
}

/** The connection of the path, if it is of this protocol. */
export async function findConnectionOf(
  context: GateContext,
  request: Request,
  protocol: 'saml' | 'oidc',
): Promise<SignInConnection | null> {
  const [organization, id] = [String(request.params['org']), String(request.params['connection'])];
  if (!isSlug(organization) || !isSlug(id)) return null;
  const connection = await findSignInConnection(context, organization as OrganizationId, id as ConnectionId);
  return connection?.signIn.kind === protocol ? connection : null;
}

const formBreath = createBreath(8);

/** Reads the posted form's bytes into `request.body`. A form that is too large or broken is a refusal like any other, to be recorded. */
async function readForm(request: Request): Promise<SignInError | null> {
  try {
    request.body = await readBody(request, maxFormBytes);
    // Several large ones may have come in together.
    await waitForTurn(formBreath);
    return null;
  } catch (error) {
    if (error instanceof RequestError) return new SignInError('malformedRequest', error.message, error);
    throw error;
  }
}

/** The handle that came back (`state`, RelayState): it picks among the attempts of this browser and proves nothing. */
function handleOf(request: Request, protocol: 'saml' | 'oidc'): string | undefined {
  const query = queryOf(request);
  if (protocol === 'oidc') return new URLSearchParams(query).get('state') ?? undefined;
  try {
    return readSamlForm(formOf(request)).relayState;
  } catch {
    return undefined;
  }
}

function formOf(request: Request): SamlFormRequest {
  return {
    method: request.method,
    contentType: request.headers['content-type'],
    query: queryOf(request),
    body: request.body as Uint8Array,
  };
}

/** An answer nobody asked for, where this connection takes it for a wish to sign in. */
async function readHint(
  request: Request,
  { signIn }: SignInConnection,
): Promise<{ readonly relayState: string | undefined } | null> {
  if (signIn.kind !== 'saml' || signIn.idpInitiated !== 'restart') return null;
  return readUnsolicited(formOf(request), signIn.entityId);
}

function pickAttempt(attempts: readonly FoundAttempt[], handle: string | undefined): FoundAttempt | undefined {
  return attempts.find(({ record }) => record.value.expected.handle === handle) ?? attempts[0];
}

/** Where a signed-in browser goes: back to the app if the session's cookie goes with it, else to our page, which links there. */
function landingOf(context: GateContext, organizationId: OrganizationId, target: string | undefined): string {
  const { baseUrl } = context.config;
  if (target !== undefined && sharesCookies(baseUrl, target)) return target;
  const onward = target === undefined ? '' : `?continue=${encodeURIComponent(target)}`;
  return `${baseUrl}/sso/${organizationId}/signed-in${onward}`;
}

function sendRefusal(
  context: GateContext,
  request: Request,
  response: Response,
  { organizationId, id }: SignInConnection,
  refusal: SignInError,
  reference: string,
): Promise<void> {
  const { sentence, status } = presentRefusal(refusal.reason);
  const again = `${context.config.baseUrl}/sso/${organizationId}/login?connection=${id}`;
  return showRefusal(context, request, response, { status, sentence, organizationId, reference, again });
}

function redirect(response: Response, status: 302 | 303, url: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Referrer-Policy', 'no-referrer');
  response.setHeader('Location', url);
  response.status(status).end();
}

function queryOf(request: Request): string {
  const question = request.originalUrl.indexOf('?');
  return question === -1 ? '' : request.originalUrl.slice(question + 1);
}
