// `GET /gate/{org}/jwks.json`: the keys by which apps verify `X-Furlough-Jwt`, as a JWK Set (RFC 7517 5). Public, and the same for everybody.

import type { RequestHandler } from 'express';
import { isSlug, type OrganizationId } from '#directory/identifiers.ts';
import { sendProblem } from '#http/problem-details.ts';
import type { GateContext } from '../gate-context.ts';

export function publishedKeys(context: GateContext): RequestHandler {
  return async (request, response) => {
    const id = String(request.params['org']);
    const organization = isSlug(id) ? await context.storage.organizations.get(id as OrganizationId) : null;
    if (organization === null)
      return sendProblem(response, { status: 404, code: 'notFound', detail: 'There is nothing at this address.' });
    const { jwks } = await context.signingKeys.keysOf(organization.id);
    // A key is published long before it signs.
    response.setHeader('Cache-Control', 'public, max-age=300');
    response.setHeader('Content-Type', 'application/jwk-set+json');
    response.send(JSON.stringify(jwks));
  };
}
