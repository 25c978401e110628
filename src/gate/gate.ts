// The gate put together: the way in for people. server.ts gives it what it needs, mounts its router, and lets the relay end sessions through it.
// The admin API asks the gate's own functions (sign-in-record.ts, end-sessions.ts) with the same context.

import type { Router } from 'express';
import type { QuickDoor } from '#http/front-door.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { createSignatureVerifier, type SignatureVerifier } from './connections/saml/signature-verifier.ts';
import type { GateContext } from './gate-context.ts';
import { createAppHosts } from './forward-auth/app-of-host.ts';
import type { CheckParts } from './forward-auth/check-request.ts';
import { createIdentityTokens } from './forward-auth/identity-token.ts';
import { createLogoutDeliverer } from './logout/deliver-logouts.ts';
import { endAppSessionsOfSession, endAppSessionsOfUser } from './logout/end-app-sessions.ts';
import { createOpenidProviders } from './openid-provider/openid-providers.ts';
import { createReadOriginalRequest } from './forward-auth/read-original-request.ts';
import { createGateRouter } from './gate-router.ts';
import { createQuickDoors } from './quick-doors.ts';
import { endSessionsOfUser } from './sessions/end-sessions.ts';
import { createKnownPeople } from './sessions/known-people.ts';

export interface Gate {
  /** Serves `/sso/…`, `/gate/…` and `/oidc/…`; mount it at the root. */
  readonly router: Router;
  /** Stand in front of express: they answer the checks that let somebody in. The router answers them too, where it is mounted alone. */
  readonly doors: readonly QuickDoor[];
  /** For the relay: marks the sessions a lost access killed as ended, and ends them at the apps. Answers how many; idempotent. */
  readonly endSessionsOfUser: (
    organizationId: OrganizationId,
    userId: UserId,
    belowEpoch: number,
    cause: string,
  ) => Promise<number>;
  /** The threads, for whoever has other signed XML to judge. */
  readonly verifier: SignatureVerifier;
  /** For the relay: ends at the apps what a session opened that was ended. Idempotent. */
  readonly endAppSessions: (organizationId: OrganizationId, session: string, cause: string) => Promise<void>;
  /** Delivers the logouts that are due to apps. */
  readonly deliverLogouts: () => Promise<number>;
  /** Finds logouts that a crash left behind; for once in a while. */
  readonly recoverLogouts: () => Promise<void>;
  /** Ends the verifying threads. */
  readonly close: () => Promise<void>;
}

/** `verifier`: ended with the gate. */
export function createGate(context: GateContext, verifier: SignatureVerifier = createSignatureVerifier()): Gate {
  const readOriginalRequest = createReadOriginalRequest(context.config.baseUrl, context.config.trustedProxies);
  const people = createKnownPeople(context.storage, context.now);
  const checking: CheckParts = {
    people,
    createToken: createIdentityTokens(context.config.baseUrl, context.signingKeys, context.now),
    appHosts: createAppHosts(context),
  };
  const quick = createQuickDoors(context, checking, readOriginalRequest);
  const openidProviders = createOpenidProviders(context);
  const deliverer = createLogoutDeliverer(context, async (organizationId, { app, userId, sid }) =>
    (await openidProviders.of(organizationId)).sendLogoutToken(app, userId, sid),
  );
  return {
    router: createGateRouter(
      context,
      { verifier, providers: new Map() },
      checking,
      quick,
      readOriginalRequest,
      openidProviders,
    ),
    doors: quick.doors,
    verifier,
    async endSessionsOfUser(...parts) {
      await endAppSessionsOfUser(context, ...parts);
      return endSessionsOfUser(context, ...parts);
    },
    endAppSessions: (...parts) => endAppSessionsOfSession(context, ...parts),
    deliverLogouts: () => deliverer.run(),
    recoverLogouts: () => deliverer.recover(),
    close: () => verifier.close(),
  };
}
