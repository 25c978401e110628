// The keys of our side of one SAML connection as one record, so that what is published and what signs changes in one step.

import type { ConnectionId, Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

export type SamlKeyUse = 'signing' | 'encryption';

export interface StoredSamlKey {
  readonly id: string;
  readonly use: SamlKeyUse;
  /** PEM, self-signed: the other side pins it. */
  readonly certificatePem: string;
  /** PKCS#8 in PEM, sealed by secrets/. */
  readonly sealedPrivateKey: string;
  readonly createdAt: Instant;
}

export interface StoredSamlKeys {
  readonly connection: ConnectionId;
  /** In the order they were made: of each use one, or two while it is being replaced. */
  readonly keys: readonly StoredSamlKey[];
}

export const samlKeyRecords: RecordKind<StoredSamlKeys> = { name: 'samlKeys', carriesEffects: true, keysOf: () => [] };

export function samlKeyRecordId(organizationId: OrganizationId, connection: ConnectionId): string {
  return `${organizationId}/${connection}`;
}
