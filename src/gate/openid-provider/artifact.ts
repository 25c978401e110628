// What the OpenID Provider keeps: its sessions, grants, codes, tokens, interactions, pushed requests, and what may be used once. Ids are
// secrets that browsers and apps carry, so only their hashes are stored. To whom an artifact belongs is a bond (bond.ts). gate.md 4, "adapter".

import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import { idOfParts } from '../opaque-token.ts';

/** Whom an artifact speaks for: a person, as of an epoch, by a session of the gate. It is dead as soon as one of them is. */
export interface Bond {
  readonly userId: UserId;
  /** The user's epoch when the session was opened. */
  readonly epoch: number;
  /** The gate's session by the id of its record. */
  readonly session: string;
  /** The session's own end. */
  readonly until: Instant;
}

export interface Artifact {
  /** The library's name of its kind: `Session`, `Grant`, `AccessToken`, … */
  readonly model: string;
  /** Absent where nobody is signed in yet. */
  readonly bond?: Bond;
  /** As JSON, without the id. */
  readonly payload: string;
  /** Codes, refresh tokens, pushed requests: when they were used. */
  readonly consumedAt?: Instant;
  readonly grantId?: string;
  readonly uid?: string;
}

export const artifactRecords: RecordKind<Artifact> = {
  name: 'openidArtifact',
  keysOf: ({ bond, grantId, uid, model }) => [
    ...(bond === undefined ? [] : [artifactKeys.ofUser(bond.userId), artifactKeys.ofSession(bond.session)]),
    ...(grantId === undefined ? [] : [artifactKeys.ofGrant(model, grantId)]),
    ...(uid === undefined ? [] : [artifactKeys.ofUid(uid)]),
  ],
};

/** The keys by which artifacts are listed. */
export const artifactKeys = {
  ofUser: (userId: string) => `user=${userId}`,
  ofSession: (session: string) => `session=${session}`,
  ofGrant: (model: string, grantId: string) => `grant=${idOfParts(model, grantId)}`,
  ofUid: (uid: string) => `uid=${idOfParts(uid)}`,
} as const;

export type StoredArtifact = StoredRecord<Artifact>;

/** The same token of another organisation, or of another kind, is another record: it is unknown here. */
export function artifactId(organizationId: OrganizationId, model: string, id: string): string {
  return idOfParts(organizationId, model, id);
}
