// The provisioning log as plain records: what each call of a provisioning client did, or why it did nothing. For whoever runs the connection; what
// changed for good stands in the audit trail. Entries are kept in packs, as they were written: a pack costs a store hardly more than one entry.

import type { ConnectionId, CredentialId, Instant } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

export const provisioningOutcomes = ['success', 'failure', 'skipped', 'warning'] as const;
/** `skipped`: accepted, and everything was so already. `warning`: accepted, but not all of it could be. */
export type ProvisioningOutcome = (typeof provisioningOutcomes)[number];

export interface ProvisioningEntry {
  readonly at: Instant;
  readonly outcome: ProvisioningOutcome;
  readonly connection: ConnectionId;
  readonly credential: CredentialId;
  readonly requestId: string;
  readonly method: string;
  /** Below the SCIM base, with its query. */
  readonly path: string;
  /** Place in a Bulk request, from 0. */
  readonly operation?: number;
  readonly status: number;
  /** The resource of the organisation that it was about, as far as it is known. */
  readonly resource?: { readonly type: string; readonly id: string; readonly name: string };
  /** Sentences: the refusal, or what was left undone. */
  readonly why: readonly string[];
  /** `scimType` of the refusal. */
  readonly code?: string;
  /** JSON of `{before?, after}` with the attributes that changed; bounded. */
  readonly changes?: string;
  /** JSON of the body as sent; bounded, without secrets. */
  readonly body?: string;
}

/** Entries of one organisation, oldest first. Ids of packs are in order of time. */
export interface ProvisioningLogPack {
  readonly entries: readonly ProvisioningEntry[];
}

/** Packs are listed by `resource=`, `connection=` and, but for `success`, `outcome=` of what is in them: most are a success, so those are found without an index. */
export const provisioningLogRecords: RecordKind<ProvisioningLogPack> = {
  name: 'provisioningLog',
  keysOf: ({ entries }) => [...new Set(entries.flatMap(keysOfEntry))],
};

function keysOfEntry({ resource, connection, outcome }: ProvisioningEntry): readonly string[] {
  return [
    `connection=${connection}`,
    ...(resource === undefined ? [] : [`resource=${resource.id}`]),
    ...(outcome === 'success' ? [] : [`outcome=${outcome}`]),
  ];
}
