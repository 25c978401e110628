// Port: organisations. Each is created together with its seat ledger.

import type { Effect } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';

export interface OrganizationStore {
  get(id: OrganizationId): Promise<Organization | null>;
  /** All, by id. */
  list(): Promise<readonly Organization[]>;
  /** False when the id is taken; the ledger exists whenever the organisation does. */
  insert(organization: Organization, licensed: number | null, effects: readonly Effect[]): Promise<boolean>;
  /** Writes `organization` (revision = expected + 1); false when someone else wrote first. */
  replace(organization: Organization, expectedRevision: number, effects: readonly Effect[]): Promise<boolean>;
}
