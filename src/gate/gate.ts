// The gate put together: the way in for people. server.ts gives it what it needs, mounts its router, and lets the relay end sessions through it.
// The admin API asks the gate's own functions (sign-in-record.ts, end-sessions.ts) with the same context.

import type { Router } from 'express';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { createSignatureVerifier } from './connections/saml/signature-verifier.ts';
import type { GateContext } from './gate-context.ts';
import { createGateRouter } from './gate-router.ts';
import { endSessionsOfUser } from './sessions/end-sessions.ts';

export interface Gate {
  /** Serves `/sso/…` and `/gate/…`; mount it at the root. */
  readonly router: Router;
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
  return {
    router: createGateRouter(context, { verifier, providers: new Map() }),
    endSessionsOfUser: (...parts) => endSessionsOfUser(context, ...parts),
    close: () => verifier.close(),
  };
}
