// The first start on an empty store: organisation `default` with its connection `default`, and the credentials named by configuration.
// Every step may run again, or on two nodes at once: what exists already is left as it is.

import type { Connection } from '#directory/connection.ts';
import { defaultScimProvisioning } from '#directory/connection.ts';
import type { CredentialKind } from '#directory/credential.ts';
import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { toEffects, type AuditEvent } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { Credentials } from '#secrets/credentials.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { createOrganization } from './administer-organization.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** Secrets given by configuration for an unattended set-up (surface.md, "Configuration"). */
export interface BootstrapSecrets {
  readonly scimToken?: string | undefined;
  readonly adminKey?: string | undefined;
  readonly hrKey?: string | undefined;
}

export const defaultOrganization = 'default' as OrganizationId;
export const defaultConnection = 'default' as ConnectionId;

const byBootstrap: ChangeContext = { actor: { kind: 'system', name: 'first-start' }, mouth: 'bootstrap' };

/** Prepares an empty store. Answers whether it was empty; a store with anything in it is not touched. */
export async function prepareFirstStart(
  context: ProvisioningContext,
  credentials: Credentials,
  secrets: BootstrapSecrets,
): Promise<boolean> {
  if (!(await context.storage.isEmpty())) return false;
  await createDefaultConnection(context);
  const given: readonly [CredentialKind, string | undefined, readonly string[]][] = [
    ['scim', secrets.scimToken, []],
    ['admin', secrets.adminKey, ['instance']],
    ['hr', secrets.hrKey, []],
  ];
  for (const [kind, secret, scopes] of given) {
    if (secret === undefined) continue;
    const connection = kind === 'scim' || kind === 'hr' ? { connection: defaultConnection } : {};
    await unlessKnown('invalidValue', () =>
      credentials.issue(
        defaultOrganization,
        { kind, name: `bootstrap ${kind}`, scopes, secret, ...connection },
        byBootstrap,
      ),
    );
  }
  // Last, because a store with an organisation counts as prepared: a crash before this line starts all over.
  await unlessKnown('organizationExists', () =>
    createOrganization(
      context,
      { id: defaultOrganization, name: 'Default', timeZone: 'UTC', licensed: null },
      byBootstrap,
    ),
  );
  return true;
}

async function createDefaultConnection(context: ProvisioningContext): Promise<void> {
  const connection: Connection = {
    id: defaultConnection,
    organizationId: defaultOrganization,
    name: 'Default',
    domains: [],
    match: 'userName',
    provisioning: defaultScimProvisioning,
    createdAt: context.now(),
  };
  const id = connectionRecordId(defaultOrganization, defaultConnection);
  const event: AuditEvent = {
    action: 'connection.added',
    level: 'important',
    actor: describeActor(byBootstrap.actor),
    mouth: byBootstrap.mouth,
    target: { kind: 'connection', id: defaultConnection, name: connection.name },
    after: { name: connection.name, provisioning: connection.provisioning },
  };
  const effects = toEffects(context, defaultOrganization, [{ kind: 'audit', event }]);
  const record = { id, organizationId: defaultOrganization, value: connection };
  await context.storage.records(connectionRecords).insertOnce(record, effects);
}

async function unlessKnown(code: string, create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    if (!(error instanceof DirectoryError) || error.code !== code) throw error;
  }
}
