// `/gate/forward-auth`: answers a proxy's question about a request with a status the proxy understands (gate.md 7). 200 lets it pass.

import type { Request, RequestHandler, Response } from 'express';
import type { HeldReason } from '#directory/access-decision.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { sendProblem } from '#http/problem-details.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createRefusalPage, createUnknownAppPage } from '../pages/refusal-page.ts';
import type { QuickDoors } from '../quick-doors.ts';
import type { OriginalRequest } from './original-request.ts';
import type { ReadOriginalRequest } from './read-original-request.ts';

export function forwardAuth(
  context: GateContext,
  quick: QuickDoors,
  readOriginalRequest: ReadOriginalRequest,
): RequestHandler {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    const reading = readOriginalRequest(request);
    if (reading.kind === 'malformed') {
      return sendProblem(response, {
        status: 400,
        code: 'malformedRequest',
        detail: `Not a forward-auth request: ${reading.fault}.`,
      });
    }
    const { original } = reading;
    const checked = await quick.checkRequest(request, original);
    switch (checked.kind) {
      case 'admitted':
        for (const [name, value] of Object.entries(checked.person.headers)) response.setHeader(name, value);
        response.status(200).end();
        return;
      case 'held':
        return sendHeld(request, response, checked.reason);
      case 'nobody':
        return sendNobody(context, request, response, original, checked.organizationId);
      case 'unknownHost':
        return sendUnknownHost(request, response);
      default:
        return checked satisfies never;
    }
  };
}

function sendNobody(
  context: GateContext,
  request: Request,
  response: Response,
  original: OriginalRequest,
  organizationId: OrganizationId | null,
): void {
  if (organizationId === null || !wantsPage(request.headers)) {
    sendProblem(response, {
      status: 401,
      code: 'notSignedIn',
      detail: 'Nobody is signed in.',
      extra: { reason: 'notSignedIn' },
      headers: { 'WWW-Authenticate': 'FurloughSession' },
    });
    return;
  }
  const isSafe = ['GET', 'HEAD', 'OPTIONS'].includes(original.method);
  const returnTo = encodeURIComponent(`${original.scheme}://${original.host}${original.uri}`);
  response.setHeader('Location', `${context.config.baseUrl}/sso/${organizationId}/login?return_to=${returnTo}`);
  response.status(isSafe ? 302 : 303).end();
}

function sendHeld(request: Request, response: Response, reason: HeldReason): void {
  if (!wantsPage(request.headers)) {
    sendProblem(response, { status: 403, code: reason, detail: 'This person may not come in now.', extra: { reason } });
    return;
  }
  const translator = translatorFor(request);
  sendPage(response, 403, translator, createRefusalPage(translator, { sentence: sentenceOf(reason) }));
}

function sentenceOf(reason: HeldReason) {
  return reason === 'noSuchUser' ? 'unknownPerson' : reason;
}

function sendUnknownHost(request: Request, response: Response): void {
  if (!wantsPage(request.headers)) {
    sendProblem(response, {
      status: 403,
      code: 'unknownHost',
      detail: 'This host is no app of any organisation here.',
    });
    return;
  }
  const translator = translatorFor(request);
  sendPage(response, 403, translator, createUnknownAppPage(translator));
}
