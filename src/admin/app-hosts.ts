// Which app a host belongs to: claimed before the app is written, released after. Whoever dies between leaves a claim that counts for nothing
// (storage/app-records.ts) and that another app may take over once it is old enough to belong to no request under way.

import type { App, AppId } from '#directory/app.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { findApp, hostClaimRecords, type HostClaim } from '#storage/app-records.ts';
import { expireRecords } from '#storage/expire-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { AdminContext } from './admin-operation.ts';

type AppHostContext = Pick<AdminContext, 'storage' | 'now'>;

/** Longer than any request takes. */
const abandonedMs = 600_000;

/** Claims every host for the app. Throws `hostTaken`. */
export async function claimHosts(
  context: AppHostContext,
  organizationId: OrganizationId,
  app: AppId,
  hosts: readonly string[],
): Promise<void> {
  for (const host of hosts) await claimHost(context, organizationId, app, host);
}

/** Gives up the hosts that the app no longer lists. `since`: when the change began that dropped them; a later claim is another change's. */
export async function releaseHosts(
  context: AppHostContext,
  organizationId: OrganizationId,
  app: AppId,
  hosts: readonly string[],
  since: number,
): Promise<void> {
  const claims = context.storage.records(hostClaimRecords);
  for (const host of hosts) {
    const claim = await claims.get(host, context.now());
    if (claim === null || !belongsTo(claim, organizationId, app) || claim.value.at > since) continue;
    if (await isListed(context, claim)) continue;
    await claims.replace({ ...claim, expiresAt: 0 });
  }
}

async function claimHost(
  context: AppHostContext,
  organizationId: OrganizationId,
  app: AppId,
  host: string,
): Promise<void> {
  const claims = context.storage.records(hostClaimRecords);
  for (let round = 0; round < 20; round += 1) {
    const value: HostClaim = { app, at: context.now() };
    if (await insertClaim(context, { id: host, organizationId, value })) return;
    const claim = await claims.get(host, context.now());
    if (claim === null) {
      // Released before; what has expired is still in the way.
      await expireRecords(context.storage, [hostClaimRecords], context.now());
      continue;
    }
    if (belongsTo(claim, organizationId, app)) {
      // Confirmed, so that a change that drops the host in the same moment leaves it alone.
      if (await claims.replace({ ...claim, value })) return;
      continue;
    }
    if (context.now() - claim.value.at < abandonedMs || (await isListed(context, claim)))
      throw new DirectoryError('hostTaken', `The host ${host} belongs to another app.`, { host });
    await claims.replace({ ...claim, expiresAt: 0 });
  }
  throw new DirectoryError('tooManyConflicts', `The host ${host} is being claimed too often; try again.`);
}

async function insertClaim(
  context: AppHostContext,
  claim: Omit<StoredRecord<HostClaim>, 'revision'>,
): Promise<boolean> {
  return context.storage.records(hostClaimRecords).insertOnce(claim);
}

function belongsTo(claim: StoredRecord<HostClaim>, organizationId: OrganizationId, app: AppId): boolean {
  return claim.organizationId === organizationId && claim.value.app === app;
}

async function isListed(context: AppHostContext, claim: StoredRecord<HostClaim>): Promise<boolean> {
  const owner: App | null = await findApp(context.storage, claim.organizationId, claim.value.app, context.now());
  return owner?.forwardAuth?.hosts.includes(claim.id) === true;
}
