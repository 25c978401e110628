// The gate put together: the way in for people. server.ts gives it what it needs, mounts its router, and lets the relay end sessions through it.
// The admin API asks the gate's own functions (sign-in-record.ts, end-sessions.ts) with the same context.

import type { Router } from 'express';
import type { QuickDoor } from '#http/front-door.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { createSignatureVerifier } from './connections/saml/signature-verifier.ts';
import type { GateContext } from './gate-context.ts';
import { createFindAppOfHost } from './forward-auth/app-of-host.ts';
import type { CheckParts } from './forward-auth/check-request.ts';
import { createIdentityTokens } from './forward-auth/identity-token.ts';
import { createReadOriginalRequest } from './forward-auth/read-original-request.ts';
import { createGateRouter } from './gate-router.ts';
import { createQuickDoors } from './quick-doors.ts';
import { endSessionsOfUser } from './sessions/end-sessions.ts';
import { createKnownPeople } from './sessions/known-people.ts';

export interface Gate {
  /** Serves `/sso/…` and `/gate/…`; mount it at the root. */
  readonly router: Router;
  /** Stand in front of express: they answer the checks that let somebody in. The router answers them too, where it is mounted alone. */
  readonly doors: readonly QuickDoor[];
  /** For the relay: marks the sessions a lost access killed as ended. Answers how many; idempotent. */
  readonly endSessionsOfUser: (
    organizationId: OrganizationId,
    userId: UserId,
    belowEpoch: number,
    cause: string,
  ) => Promise<number>;
  /** Ends the verifying threads. */
  readonly close: () => Promise<void>;
}

export function createGate(context: GateContext): Gate {
  const verifier = createSignatureVerifier();
  const readOriginalRequest = createReadOriginalRequest(context.config.baseUrl, context.config.trustedProxies);
  const people = createKnownPeople(context.storage, context.now);
  const checking: CheckParts = {
    people,
    createToken: createIdentityTokens(context.config.baseUrl, context.signingKeys, context.now),
    findAppOfHost: createFindAppOfHost(context),
  };
  const quick = createQuickDoors(context, checking, readOriginalRequest);
  return {
    router: createGateRouter(context, { verifier, providers: new Map() }, checking, quick, readOriginalRequest),
    doors: quick.doors,
    endSessionsOfUser: (...parts) => endSessionsOfUser(context, ...parts),
    close: () => verifier.close(),
  };
}
