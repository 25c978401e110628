// The addresses of the OpenID Provider, `/oidc/{org}/…` (surface.md): which organisation is meant, where the outside sees us, and the page to which an
// authorization request goes that needs its person. Everything else is the library's.

import type { Request, RequestHandler, Response } from 'express';
import { isSlug, type OrganizationId } from '#directory/identifiers.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { showNotFound, showRefusal } from '../pages/show-refusal.ts';
import { issuerOf, type OpenidProviders } from './openid-providers.ts';

/** Everything below `/oidc/{org}`. */
export function openidProvider(context: GateContext, providers: OpenidProviders): RequestHandler {
  return async (request, response) => {
    const organizationId = await findOrganization(context, request);
    if (organizationId === null) return sendNotFound(context, request, response);
    const provider = await providers.of(organizationId);
    tellOutside(request, new URL(issuerOf(context, organizationId)));
    await provider.answer(request, response);
  };
}

/** `GET /oidc/{org}/interaction/{uid}`: from an authorization request to the sign-in and back into it. */
export function interactionShow(context: GateContext, providers: OpenidProviders): RequestHandler {
  return async (request, response) => {
    const organizationId = await findOrganization(context, request);
    if (organizationId === null) return sendNotFound(context, request, response);
    const provider = await providers.of(organizationId);
    const issuer = new URL(issuerOf(context, organizationId));
    const uid = String(request.params['uid']);
    const interacting = await provider.interact(request, response, uid);
    if (interacting.kind === 'unknown')
      return showRefusal(context, request, response, { status: 400, sentence: 'startAgain', organizationId });
    if (interacting.kind === 'goesOn') return redirect(response, interacting.to);
    const back = `${issuer.pathname}/interaction/${encodeURIComponent(uid)}`;
    const query = new URLSearchParams({ ...interacting.asking, return_to: back });
    redirect(response, `${context.config.baseUrl}/sso/${organizationId}/login?${query.toString()}`);
  };
}

async function findOrganization(context: GateContext, request: Request): Promise<OrganizationId | null> {
  const id = String(request.params['org']);
  if (!isSlug(id)) return null;
  return (await context.storage.organizations.get(id as OrganizationId))?.id ?? null;
}

/** Where we are is a matter of configuration, never of `Host` or `X-Forwarded-*`: whatever was sent is written over. */
function tellOutside(request: Request, issuer: URL): void {
  const { headers } = request;
  headers.host = issuer.host;
  headers['x-forwarded-host'] = issuer.host;
  headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  delete headers['x-forwarded-for'];
  request.originalUrl = `${issuer.pathname}${request.url}`;
}

function redirect(response: Response, to: string): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('Location', to);
  response.status(303).end();
}

async function sendNotFound(context: GateContext, request: Request, response: Response): Promise<void> {
  if (wantsPage(request.headers)) return showNotFound(context, request, response);
  response.status(404).json({ error: 'not_found', error_description: 'there is no OpenID Provider at this address' });
}
