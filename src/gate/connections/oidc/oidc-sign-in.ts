// OpenID Connect as the sign-in sees it: drives the OIDC strategy through passport and translates its words. The checks are beside it.

import type { Connection, OidcSignIn } from '#directory/connection.ts';
import type { GateContext } from '../../gate-context.ts';
import { idOfParts } from '../../opaque-token.ts';
import { SignInError } from '../../sign-in/refusal.ts';
import {
  driveStrategy,
  type ConnectionStrategy,
  type DrivenOutcome,
  type ExpectedAnswer,
  type VerifiedIdentity,
} from '../connection-strategy.ts';
import { providerRules } from '../outbound-fetch.ts';
import { clientSecretPlace } from './client-secret.ts';
import { createOidcConnection, type CompletedOidc, type OidcAttempt, type OidcBegun } from './oidc-connection.ts';
import { OidcStrategy, type OidcFailure, type OidcStrategyOptions } from './oidc-strategy.ts';
import type { ProviderMemory } from './provider-metadata.ts';

export interface OidcParts {
  readonly providers: ProviderMemory;
}

export function openOidcSignIn(
  context: GateContext,
  parts: OidcParts,
  connection: Pick<Connection, 'id' | 'organizationId'>,
  signIn: OidcSignIn,
  addresses: { readonly oidcCallback: string },
): ConnectionStrategy {
  const { config } = context;
  const place = clientSecretPlace(connection.organizationId, connection.id);
  const oidc = createOidcConnection(
    {
      key: JSON.stringify([connection.organizationId, connection.id, signIn.clientId]),
      signIn,
      clientSecret:
        signIn.sealedClientSecret === undefined ? undefined : context.unseal(signIn.sealedClientSecret, place),
      redirectUri: addresses.oidcCallback,
    },
    {
      memory: parts.providers,
      rules: {
        ...providerRules,
        allowLoopback: config.allowInsecureProviders,
        privateHosts: config.privateProviderHosts ?? [],
      },
      now: context.now,
    },
  );
  const drive = async (
    request: Parameters<typeof driveStrategy>[1],
    options: OidcStrategyOptions,
  ): Promise<DrivenOutcome> => {
    const outcome = await driveStrategy(new OidcStrategy(oidc) as never, request, options);
    if (outcome.kind !== 'failure') return outcome;
    const { refusal } = outcome.challenge as OidcFailure;
    if (refusal === 'unsolicited') throw new SignInError('unsolicited', 'no attempt of this browser');
    throw new SignInError(refusal.reason, refusal.detail, refusal);
  };
  return {
    protocol: 'oidc',
    async begin(request, keep) {
      const keepAttempt = ({ state, nonce, codeVerifier }: OidcBegun): Promise<void> =>
        keep({ protocol: 'oidc', handle: state, nonce, codeVerifier });
      const outcome = await drive(request, { step: 'begin', keepAttempt });
      if (outcome.kind !== 'redirect')
        throw new Error(`connection ${connection.id}: the OIDC strategy sent nobody anywhere`);
      return outcome.url;
    },
    async complete(request, expected) {
      const outcome = await drive(request, { step: 'complete', attempt: toAttempt(expected) });
      if (outcome.kind !== 'success') throw new Error(`connection ${connection.id}: the OIDC strategy named nobody`);
      return toIdentity(outcome.identity as CompletedOidc);
    },
  };
}

function toAttempt(expected: ExpectedAnswer | undefined): OidcAttempt | undefined {
  if (expected?.protocol !== 'oidc') return undefined;
  return { state: expected.handle, nonce: expected.nonce, codeVerifier: expected.codeVerifier };
}

function toIdentity(oidc: CompletedOidc): VerifiedIdentity {
  return {
    protocol: 'oidc',
    issuer: oidc.issuer,
    subject: oidc.subject,
    externalId: oidc.externalId,
    ...(oidc.userName === undefined ? {} : { userName: oidc.userName }),
    ...(oidc.verifiedEmail === undefined ? {} : { verifiedEmail: oidc.verifiedEmail }),
    ...(oidc.sessionId === undefined ? {} : { sessionId: oidc.sessionId }),
    usedOnce: { id: idOfParts(oidc.idToken), until: oidc.expiresAt },
  };
}
