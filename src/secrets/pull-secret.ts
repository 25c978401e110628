// Where the sealed secret of a connection that fetches from an HR system lies.

import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { SealContext } from './sealing.ts';

export function pullSecretPlace(organizationId: OrganizationId, connection: ConnectionId): SealContext {
  return { organization: organizationId, collection: 'connection', field: 'pullHeaders', id: connection };
}
