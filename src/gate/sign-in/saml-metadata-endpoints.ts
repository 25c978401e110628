// `GET /sso/{org}/{connection}/saml/metadata`: what an identity provider needs to know of us, signed. The first to ask has our keys made.

import type { RequestHandler } from 'express';
import type { SamlSignIn } from '#directory/connection.ts';
import type { SamlKeyUse } from '#storage/saml-key-records.ts';
import { addressesOf } from '../connections/open-connection.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import { buildServiceMetadata } from '../connections/saml/service-metadata.ts';
import type { GateContext } from '../gate-context.ts';
import { showNotFound } from '../pages/show-refusal.ts';
import { findConnectionOf } from './sign-in-endpoints.ts';

export function samlMetadata(context: GateContext): RequestHandler {
  return async (request, response) => {
    const connection = await findConnectionOf(context, request, 'saml');
    if (connection === null) return showNotFound(context, request, response);
    const metadata = await writeMetadata(context, connection, connection.signIn as SamlSignIn);
    response.setHeader('Content-Type', 'application/samlmetadata+xml; charset=utf-8');
    response.setHeader('Cache-Control', 'no-store');
    response.send(metadata);
  };
}

async function writeMetadata(context: GateContext, connection: SignInConnection, signIn: SamlSignIn): Promise<string> {
  const { samlEntityId, samlAcs, samlSlo } = addressesOf(context.config.baseUrl, connection);
  const encrypts = signIn.encryption !== undefined && signIn.encryption !== 'off';
  const uses: readonly SamlKeyUse[] = encrypts ? ['signing', 'encryption'] : ['signing'];
  const keys = await context.samlKeys.published(connection, uses);
  const service = {
    serviceEntityId: samlEntityId,
    acsUrl: samlAcs,
    ...(signIn.logout === 'on' ? { sloUrl: samlSlo } : {}),
    signsRequests: signIn.signRequests ?? false,
    keys,
  };
  return buildServiceMetadata(service, await context.samlKeys.signer(connection));
}
