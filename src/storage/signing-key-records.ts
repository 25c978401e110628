// An organisation's signing keys as one record, so that which key signs changes in one step. The record's id is the organisation's.

import type { Instant } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

export type SigningAlgorithm = 'RS256' | 'ES256';

export interface StoredSigningKey {
  /** RFC 7517 4.5. */
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  /** `next` is published and does not sign yet, so that verifiers know it before they need it; `previous` is published until `until`. */
  readonly state: 'next' | 'current' | 'previous';
  /** The public JWK, RFC 7517. */
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** The private JWK, sealed by secrets/. */
  readonly sealedPrivateJwk: string;
  readonly createdAt: Instant;
  readonly until?: Instant;
}

export interface StoredSigningKeys {
  readonly keys: readonly StoredSigningKey[];
  /** When the keys that sign began to. */
  readonly rotatedAt: Instant;
}

export const signingKeyRecords: RecordKind<StoredSigningKeys> = {
  name: 'signingKeys',
  carriesEffects: true,
  keysOf: () => [],
};
