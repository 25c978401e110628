// SAML as the sign-in sees it: drives the SAML strategy through passport and translates its words. The checks are in saml/.

import { setTimeout } from 'node:timers/promises';
import type { Connection, SamlSignIn } from '#directory/connection.ts';
import type { Instant } from '#directory/identifiers.ts';
import { clientAddressOf, limitKeyOf } from '#http/client-address.ts';
import { SealError } from '#secrets/sealing.ts';
import type { GateContext } from '../gate-context.ts';
import { SignInError } from '../sign-in/refusal.ts';
import {
  driveStrategy,
  type ConnectionStrategy,
  type DrivenOutcome,
  type VerifiedIdentity,
} from './connection-strategy.ts';
import { readProfile } from './saml/mapped-profile.ts';
import { createSamlConnection, type CompletedSaml, type SamlBegun } from './saml/saml-connection.ts';
import { SamlStrategy, type SamlFailure, type SamlStrategyOptions } from './saml/saml-strategy.ts';
import type { SignatureVerifier } from './saml/signature-verifier.ts';

export interface SamlParts {
  readonly verifier: SignatureVerifier;
}

const emailFormat = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';

/** @throws RangeError for settings that cannot work */
export function openSamlSignIn(
  context: GateContext,
  parts: SamlParts,
  connection: Pick<Connection, 'id' | 'organizationId'>,
  signIn: SamlSignIn,
  addresses: { readonly samlEntityId: string; readonly samlAcs: string },
): ConnectionStrategy {
  const saml = createSamlConnection(
    {
      entityId: signIn.entityId,
      ssoUrl: signIn.ssoUrl,
      certificates: signIn.certificates,
      wantSigned: signIn.wantSigned,
      serviceEntityId: addresses.samlEntityId,
      acsUrl: addresses.samlAcs,
      signRequests: signIn.signRequests ?? false,
      encryption: signIn.encryption ?? 'off',
    },
    {
      verifier: parts.verifier,
      randomBytes: context.randomBytes,
      keys: {
        signer: () => context.samlKeys.signer(connection),
        decrypters: () => context.samlKeys.decrypters(connection),
      },
      pause: (ms) => setTimeout(Math.max(ms, 0)),
    },
  );
  const drive = async (
    request: Parameters<typeof driveStrategy>[1],
    options: SamlStrategyOptions,
  ): Promise<DrivenOutcome> => {
    const outcome = await driveStrategy(new SamlStrategy(saml) as never, request, options).catch(toRefusal);
    if (outcome.kind !== 'failure') return outcome;
    const { refusal } = outcome.challenge as SamlFailure;
    throw new SignInError(refusal.reason, refusal.detail, refusal);
  };
  return {
    protocol: 'saml',
    async begin(request, keep, { maxAgeSeconds }) {
      const maxAge = signIn.forceAuthn === true ? 0 : maxAgeSeconds;
      const keepAttempt = (begun: SamlBegun): Promise<void> =>
        keep({
          protocol: 'saml',
          requestId: begun.requestId,
          handle: begun.relayState,
          ...(maxAge === undefined ? {} : { authenticatedSince: context.now() - maxAge * 1_000 }),
        });
      const outcome = await drive(request, { step: 'begin', forceAuthn: maxAge !== undefined, keepAttempt });
      if (outcome.kind !== 'redirect')
        throw new Error(`connection ${connection.id}: the SAML strategy sent nobody anywhere`);
      return outcome.url;
    },
    async complete(request, expected) {
      const attempt = expected?.protocol === 'saml' ? expected : undefined;
      const address = limitKeyOf(clientAddressOf(request));
      const outcome = await drive(request, { step: 'complete', attempt, now: context.now(), address });
      if (outcome.kind !== 'success') throw new Error(`connection ${connection.id}: the SAML strategy named nobody`);
      return toIdentity(outcome.identity as CompletedSaml, signIn, context.now());
    },
  };
}

/** Keys sealed with another secret are an administrator's trouble, told as such. */
export function toRefusal(error: unknown): never {
  if (error instanceof SealError) throw new SignInError('connectionMisconfigured', error.message, error);
  throw error;
}

/** A provider that signs an address vouches for it; whether it may is decided by the domains routed to the connection. */
function toIdentity(saml: CompletedSaml, { attributes }: SamlSignIn, now: Instant): VerifiedIdentity {
  const profile = readProfile(saml.attributes, attributes);
  const email = profile.email ?? (saml.nameIdFormat === emailFormat ? saml.subject : undefined);
  const userName = attributes?.userName === undefined ? saml.subject : profile.userName;
  return {
    protocol: 'saml',
    issuer: saml.issuer,
    subject: saml.subject,
    ...(userName === undefined ? {} : { userName }),
    externalId: saml.subject,
    ...(email === undefined ? {} : { verifiedEmail: email }),
    profile,
    ...(saml.nameIdFormat === undefined ? {} : { subjectFormat: saml.nameIdFormat }),
    ...(saml.sessionIndex === undefined ? {} : { sessionId: saml.sessionIndex }),
    issuedAt: saml.issueInstant,
    authenticatedAt: Math.min(saml.authnInstant, now),
    usedOnce: { id: saml.assertionId, until: saml.keepAssertionIdUntil },
    ...(saml.sessionNotOnOrAfter === undefined ? {} : { sessionNotOnOrAfter: saml.sessionNotOnOrAfter }),
  };
}
