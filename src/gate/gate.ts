// The gate put together: the way in for people. server.ts gives it what it needs and mounts its router; the relay and the admin API use the rest.

import type { Router } from 'express';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import { createSignatureVerifier } from './connections/saml/signature-verifier.ts';
import { relyingPartyHostRecords, relyingPartyRecords } from './forward-auth/relying-party.ts';
import type { GateContext } from './gate-context.ts';
import { createGateRouter } from './gate-router.ts';
import { countLiveSessions, endSessionsOfUser, listSessions } from './sessions/end-sessions.ts';
import { sessionRecords, type StoredSession } from './sessions/session.ts';
import { accountLinkRecords, linkedUserRecords } from './sign-in/account-link.ts';
import { attemptRecords } from './sign-in/attempt.ts';
import {
  explainSignIn,
  listSignIns,
  signInRecords,
  type SignInPage,
  type SignInRecord,
} from './sign-in/sign-in-record.ts';
import { usedOnceRecords } from './sign-in/used-once.ts';

/** The record kinds the gate keeps, for `StorageOptions.recordKinds` and the sweep of expired ones. */
export const gateRecordKinds: readonly RecordKind<never>[] = [
  sessionRecords,
  attemptRecords,
  usedOnceRecords,
  accountLinkRecords,
  linkedUserRecords,
  signInRecords,
  relyingPartyRecords,
  relyingPartyHostRecords,
];

export type GateDependencies = Omit<GateContext, 'metrics'> & Partial<Pick<GateContext, 'metrics'>>;

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
  readonly countLiveSessions: (organizationId: OrganizationId, userId: UserId) => Promise<number>;
  readonly listSessions: (organizationId: OrganizationId, userId: UserId) => Promise<readonly StoredSession[]>;
  /** Newest first. */
  readonly listSignIns: (
    organizationId: OrganizationId,
    page: SignInPage,
  ) => Promise<readonly (SignInRecord & { readonly id: string })[]>;
  /** By the reference a refused person reads out; null when there is none. */
  readonly explainSignIn: (organizationId: OrganizationId, reference: string) => Promise<SignInRecord | null>;
  /** Ends the verifying threads. */
  readonly close: () => Promise<void>;
}

export function createGate(dependencies: GateDependencies): Gate {
  const context: GateContext = { ...dependencies, metrics: dependencies.metrics };
  const verifier = createSignatureVerifier();
  return {
    router: createGateRouter(context, { verifier, providers: new Map() }),
    endSessionsOfUser: (...parts) => endSessionsOfUser(context, ...parts),
    countLiveSessions: (...parts) => countLiveSessions(context, ...parts),
    listSessions: (...parts) => listSessions(context, ...parts),
    listSignIns: (...parts) => listSignIns(context, ...parts),
    explainSignIn: (...parts) => explainSignIn(context, ...parts),
    close: () => verifier.close(),
  };
}
