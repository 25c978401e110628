// What is known of metadata that is fetched again and again: when, with what success, and what of it waits for an administrator.

import type { SamlLogoutService } from '#directory/connection.ts';
import type { ConnectionId, Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

export interface ProposedMetadata {
  /** SHA-256 of the three, hexadecimal: an administrator accepts what was seen. */
  readonly digest: string;
  readonly ssoUrl: string;
  readonly certificates: readonly string[];
  readonly logoutService?: SamlLogoutService;
}

export interface MetadataWatch {
  readonly connection: ConnectionId;
  readonly url: string;
  readonly fetchedAt: Instant;
  /** Why the last one could not be used. */
  readonly failure?: string;
  readonly proposed?: ProposedMetadata;
}

export const metadataWatchRecords: RecordKind<MetadataWatch> = {
  name: 'metadataWatch',
  carriesEffects: true,
  keysOf: () => [],
};

export function metadataWatchId(organizationId: OrganizationId, connection: ConnectionId): string {
  return `${organizationId}/${connection}`;
}

/** A certificate whose end was told of: the id names organisation, connection, certificate and how many days ahead. */
export interface CertificateWarning {
  readonly connection: ConnectionId;
  readonly fingerprint: string;
  readonly days: number;
}

export const certificateWarningRecords: RecordKind<CertificateWarning> = {
  name: 'certificateWarning',
  carriesEffects: true,
  keysOf: () => [],
};
