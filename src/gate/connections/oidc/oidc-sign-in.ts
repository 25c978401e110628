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
import { isRouted } from '../domain-routing.ts';
import { openClientKeys } from './client-keys.ts';
import { createOidcConnection, type CompletedOidc, type OidcAttempt, type OidcBegun } from './oidc-connection.ts';
import { OidcStrategy, type OidcFailure, type OidcStrategyOptions } from './oidc-strategy.ts';
import type { ProviderMemory } from './provider-metadata.ts';

export interface OidcParts {
  readonly providers: ProviderMemory;
}

export function openOidcSignIn(
  context: GateContext,
  parts: OidcParts,
  connection: Pick<Connection, 'id' | 'organizationId' | 'domains'>,
  signIn: OidcSignIn,
  addresses: { readonly oidcCallback: string },
): ConnectionStrategy {
  const { config } = context;
  const oidc = createOidcConnection(
    {
      key: JSON.stringify([connection.organizationId, connection.id, signIn.clientId]),
      signIn,
      keys: openClientKeys(context, connection, signIn),
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
    async begin(request, keep, wishes) {
      const keepAttempt = ({ state, nonce, codeVerifier, authenticatedSince }: OidcBegun): Promise<void> =>
        keep({
          protocol: 'oidc',
          handle: state,
          nonce,
          codeVerifier,
          ...(authenticatedSince === undefined ? {} : { authenticatedSince }),
        });
      const outcome = await drive(request, { step: 'begin', wishes, keepAttempt });
      if (outcome.kind !== 'redirect')
        throw new Error(`connection ${connection.id}: the OIDC strategy sent nobody anywhere`);
      return outcome.url;
    },
    async complete(request, expected) {
      const outcome = await drive(request, { step: 'complete', attempt: toAttempt(expected) });
      if (outcome.kind !== 'success') throw new Error(`connection ${connection.id}: the OIDC strategy named nobody`);
      const oidc = outcome.identity as CompletedOidc;
      await assertHosted(context, connection, oidc);
      return toIdentity(oidc);
    },
  };
}

function toAttempt(expected: ExpectedAnswer | undefined): OidcAttempt | undefined {
  if (expected?.protocol !== 'oidc') return undefined;
  const { handle, nonce, codeVerifier, authenticatedSince } = expected;
  return { state: handle, nonce, codeVerifier, ...(authenticatedSince === undefined ? {} : { authenticatedSince }) };
}

/** An issuer that is everybody's vouches for its customer's people only: the customer's domain must be the connection's. */
async function assertHosted(
  context: GateContext,
  connection: Pick<Connection, 'organizationId' | 'domains'>,
  { hostedDomain }: CompletedOidc,
): Promise<void> {
  if (hostedDomain === undefined || (await isRouted(context, connection, hostedDomain))) return;
  throw new SignInError('tenantMismatch', `hd ${hostedDomain} is no verified domain of this connection`);
}

function toIdentity(oidc: CompletedOidc): VerifiedIdentity {
  return {
    protocol: 'oidc',
    issuer: oidc.issuer,
    subject: oidc.subject,
    ...(oidc.externalId === undefined ? {} : { externalId: oidc.externalId }),
    ...(oidc.userName === undefined ? {} : { userName: oidc.userName }),
    ...(oidc.verifiedEmail === undefined ? {} : { verifiedEmail: oidc.verifiedEmail }),
    profile: oidc.profile,
    ...(oidc.sessionId === undefined ? {} : { sessionId: oidc.sessionId }),
    issuedAt: oidc.issuedAt,
    ...(oidc.authenticatedAt === undefined ? {} : { authenticatedAt: oidc.authenticatedAt }),
    usedOnce: { id: idOfParts(oidc.idToken), until: oidc.expiresAt },
  };
}
