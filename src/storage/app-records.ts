// Apps as plain records, and the claims by which a host belongs to one app of all organisations. A claim's id is the host, so the store's
// unique id sees to that; it counts only while the app it names lists the host, so what an interruption leaves behind opens nothing.

import type { App, AppId } from '#directory/app.ts';
import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';
import type { Storage } from './storage.ts';

export const appRecords: RecordKind<App> = { name: 'app', carriesEffects: true, keysOf: () => [] };

export interface HostClaim {
  readonly app: AppId;
  /** When it was made or confirmed. */
  readonly at: Instant;
}

export const hostClaimRecords: RecordKind<HostClaim> = { name: 'hostClaim', keysOf: (claim) => [`app=${claim.app}`] };

/** An app's id is unique within its organisation, so the record's id carries both. */
export function appRecordId(organizationId: OrganizationId, app: string): string {
  return `${organizationId}/${app}`;
}

/** The app of an organisation; null when there is none. Throws `StorageError`. */
export async function findApp(
  storage: Pick<Storage, 'records'>,
  organizationId: OrganizationId,
  app: string,
  now: Instant,
): Promise<App | null> {
  const record = await storage.records(appRecords).get(appRecordId(organizationId, app), now);
  return record?.organizationId === organizationId ? record.value : null;
}

/** The app that a proxy protects at `host`, of whatever organisation; null when there is none. Throws `StorageError`. */
export async function findAppOfHost(
  storage: Pick<Storage, 'records'>,
  host: string,
  now: Instant,
): Promise<App | null> {
  const claim = await storage.records(hostClaimRecords).get(host, now);
  if (claim === null) return null;
  const app = await findApp(storage, claim.organizationId, claim.value.app, now);
  return app?.forwardAuth?.hosts.includes(host) === true ? app : null;
}
