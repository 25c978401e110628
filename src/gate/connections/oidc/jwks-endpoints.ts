// `GET /sso/{org}/{connection}/oidc/jwks`: the keys by which a connection proves itself at its provider (`private_key_jwt`), for the provider to fetch.

import type { RequestHandler } from 'express';
import type { GateContext } from '../../gate-context.ts';
import { showNotFound } from '../../pages/show-refusal.ts';
import type { SignInConnection } from '../sign-in-connection.ts';

/** `find`: the OIDC connection of the path. */
export function oidcJwks(
  context: Pick<GateContext, 'signingKeys' | 'storage'>,
  find: (request: Parameters<RequestHandler>[0]) => Promise<SignInConnection | null>,
): RequestHandler {
  return async (request, response) => {
    const connection = await find(request);
    if (connection === null) return showNotFound(context, request, response);
    const { jwks } = await context.signingKeys.keysOf(connection.organizationId);
    response.setHeader('Cache-Control', 'public, max-age=300');
    response.json(jwks);
  };
}
