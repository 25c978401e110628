// Where a connection's client secret lies sealed: whoever seals it (admin API, CLI) and whoever opens it (the sign-in) must mean the same place.

import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { SealContext } from '#secrets/sealing.ts';

export function clientSecretPlace(organizationId: OrganizationId, connection: ConnectionId): SealContext {
  return { organization: organizationId, collection: 'connection', field: 'clientSecret', id: connection };
}
