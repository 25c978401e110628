// Connections as plain records. A connection's id is unique within its organisation, so the record's id carries both.

import type { Connection } from '#directory/connection.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

/** Of those that fetch from an HR system by themselves. */
export const pullingKey = 'pulls';

export const connectionRecords: RecordKind<Connection> = {
  name: 'connection',
  carriesEffects: true,
  isAskedOften: true,
  keysOf: ({ domains, provisioning }) => [
    ...domains.map((domain) => `domain=${domain}`),
    ...(provisioning?.kind === 'hr' && provisioning.pull !== undefined ? [pullingKey] : []),
  ],
};

export function connectionRecordId(organizationId: OrganizationId, connection: ConnectionId): string {
  return `${organizationId}/${connection}`;
}
