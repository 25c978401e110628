// Credentials as plain records, found by the hash of their secret: one point read per authentication, and the secret itself is nowhere.

import type { Credential } from '#directory/credential.ts';
import type { RecordKind } from './record-store.ts';

/** The record's id is `secretHash`. Listed by `id=`, `connection=` and `owner=`. */
export const credentialRecords: RecordKind<Credential> = {
  name: 'credential',
  carriesEffects: true,
  isAskedOften: true,
  keysOf: (credential) => [
    `id=${credential.id}`,
    ...(credential.connection === undefined ? [] : [`connection=${credential.connection}`]),
    ...(credential.owner === undefined ? [] : [`owner=${credential.owner}`]),
  ],
};
