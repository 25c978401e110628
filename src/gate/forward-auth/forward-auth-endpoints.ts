// `/gate/forward-auth`, `/gate/auth-request`, `/gate/ext-authz`: answer a proxy's question about a request with a status the proxy understands
// (gate.md 7). 200 lets it pass, and nothing else does.

import type { Request, RequestHandler, Response } from 'express';
import type { OrganizationId } from '#directory/identifiers.ts';
import { sendProblem } from '#http/problem-details.ts';
import { removeSecurityHeaders } from '#http/security-headers.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { helpFor } from '../pages/help.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createUnknownAppPage } from '../pages/refusal-page.ts';
import { toAdmissionHeaders, type QuickDoors } from '../quick-doors.ts';
import { refuseAppUse } from '../sessions/refuse-app-use.ts';
import { refuseHeld } from '../sessions/refuse-held.ts';
import { nameOfHost } from './check-request.ts';
import { isPreflight, isWebSocket, type OriginalRequest } from './original-request.ts';
import type { ForwardAuthDoor, ReadOriginalRequest } from './read-original-request.ts';

export function forwardAuth(
  context: GateContext,
  door: ForwardAuthDoor,
  quick: QuickDoors,
  readOriginalRequest: ReadOriginalRequest,
): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const reading = readOriginalRequest(door, request, request.url);
    if (reading.kind === 'malformed') {
      // nginx makes 500 of whatever is not 401 or 403, and a client must not be able to cause that.
      return sendProblem(response, {
        status: door === 'auth-request' ? 403 : 400,
        code: 'malformedRequest',
        detail: `Not a forward-auth request: ${reading.fault}.`,
      });
    }
    const { original } = reading;
    const checked = await quick.checkRequest(request, request.url, original);
    switch (checked.kind) {
      case 'admitted':
      case 'public':
        removeSecurityHeaders(response);
        for (const [name, value] of Object.entries(toAdmissionHeaders(checked))) response.setHeader(name, value);
        response.status(200).end();
        return;
      case 'held':
        return refuseHeld(context, request, response, checked, { door: 'forwardAuth', ...appOf(checked) });
      case 'notAllowed':
        return refuseAppUse(context, request, response, checked, 'forwardAuth');
      case 'nobody':
        return sendNobody(context, door, request, response, original, checked.organizationId);
      case 'unknownHost':
        return sendUnknownHost(context, request, response);
      default:
        return checked satisfies never;
    }
  };
}

function sendNobody(
  context: GateContext,
  door: ForwardAuthDoor,
  request: Request,
  response: Response,
  original: OriginalRequest,
  organizationId: OrganizationId | null,
): void {
  const location = organizationId === null ? null : signInAddress(context, original, organizationId);
  const target = canFollow(request, original) ? location : null;
  // nginx takes no redirect; its configuration makes one of the 401 and this header.
  if (target !== null && door === 'auth-request') response.setHeader('Location', target);
  if (target === null || door === 'auth-request') {
    sendProblem(response, {
      status: 401,
      code: 'notSignedIn',
      detail: 'Nobody is signed in.',
      extra: { reason: 'notSignedIn' },
      headers: { 'WWW-Authenticate': 'FurloughSession' },
    });
    return;
  }
  response.setHeader('Location', target);
  const isSafe = ['GET', 'HEAD', 'OPTIONS'].includes(original.method);
  response.status(isSafe ? 302 : 303).end();
}

/** Whether whoever asked the app can follow a redirect to a page. Below `/.furlough/` it would lead in circles: the proxy must pass that on. */
function canFollow(request: Request, { method, uri }: OriginalRequest): boolean {
  return (
    wantsPage(request.headers) &&
    !isPreflight(method, request.headers) &&
    !isWebSocket(request.headers) &&
    !uri.startsWith('/.furlough/')
  );
}

/** At the gate itself where its cookie reaches the app, else at the app's own host, which leads on to the gate (app-sign-in-endpoints.ts). */
function signInAddress(context: GateContext, original: OriginalRequest, organizationId: OrganizationId): string {
  const { baseUrl } = context.config;
  const { scheme, host, uri } = original;
  if (nameOfHost(host) === new URL(baseUrl).hostname) {
    return `${baseUrl}/sso/${organizationId}/login?return_to=${encodeURIComponent(`${scheme}://${host}${uri}`)}`;
  }
  return `${isLoopback(host) ? scheme : 'https'}://${host}/.furlough/sign-in?return_to=${encodeURIComponent(uri)}`;
}

/** Only on this machine may a cookie go over http. */
export function isLoopback(host: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(nameOfHost(host));
}

function appOf({ app }: { readonly app?: string }): { readonly app?: string } {
  return app === undefined ? {} : { app };
}

export async function sendUnknownHost(context: GateContext, request: Request, response: Response): Promise<void> {
  if (!wantsPage(request.headers)) {
    sendProblem(response, {
      status: 403,
      code: 'unknownHost',
      detail: 'This host is no app of any organisation here.',
    });
    return;
  }
  const help = await helpFor(context, request, undefined);
  const translator = translatorFor(request);
  sendPage(response, 403, translator, createUnknownAppPage(translator, help));
}
