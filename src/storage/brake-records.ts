// How far each connection's brake is, one record per connection that has one: the revision guards the count over all nodes.

import type { BrakeState } from '#directory/brake.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';

export const brakeRecords: RecordKind<BrakeState> = {
  name: 'brake',
  carriesEffects: true,
  keysOf: () => [],
};

export function brakeRecordId(organizationId: OrganizationId, connection: ConnectionId): string {
  return `${organizationId}/${connection}`;
}
