// What imports and exports are given.

import type { Instant, RandomBytes } from '#directory/identifiers.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { CredentialAuthentication } from '#secrets/credential-authentication.ts';
import type { Storage } from '#storage/storage.ts';

export interface ImportContext {
  readonly storage: Storage;
  readonly provisioning: Provisioning;
  /** Asked whether whoever began something may still do it. */
  readonly authentication: Pick<CredentialAuthentication, 'findRefusal'>;
  readonly now: () => Instant;
  readonly randomBytes: RandomBytes;
  /** This process, for leases. */
  readonly holder: string;
  readonly wakeRelay: () => void;
  /** The process is about to end: a job stops between two pieces, and another node goes on. */
  readonly isStopping: () => boolean;
  readonly reportTrouble: (message: string, error: unknown) => void;
  readonly limits: {
    readonly fileBytes: number;
    readonly fileRows: number;
  };
}

/** The largest file that is taken. */
export const importLimits = { fileBytes: 128 * 1024 * 1024, fileRows: 200_000 };

/** Departments are planned one after the other, on the tree as the row before has left it. */
export const mostDepartments = 10_000;
