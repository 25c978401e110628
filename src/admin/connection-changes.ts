// Adds, replaces and removes connections: from what an administrator sends to what is stored, each with its audit entry in the same write.
// Secrets are sealed before they are stored; reading an identity provider's metadata is the gate's business.

import { defaultScimProvisioning, type Connection, type OidcSignIn, type SamlSignIn } from '#directory/connection.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Effect } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ChangeId, ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { brakeRecordId, brakeRecords } from '#storage/brake-records.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { metadataWatchId, metadataWatchRecords } from '#storage/metadata-watch-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import { expireRecords } from '#storage/expire-records.ts';
import { reportTrouble, type AdminContext } from './admin-operation.ts';
import type { ConnectionInput } from './connection-input.ts';
import { toHrProvisioning, toProvisioningAnswer } from './connection-pull.ts';
import { toOidcSignIn, toSamlSignIn, toSignals } from './connection-sign-in.ts';
import { recordChange } from './recorded-change.ts';
import { assertSlug, proposeSlug } from './slug-of-name.ts';

export interface ConnectionChange {
  readonly connection: Connection;
  readonly change: ChangeId | null;
}

export const defaultConnectionId = 'default' as ConnectionId;

/** Throws `connectionExists`, `invalidValue`. Without an id one is made from the name. */
export async function addConnection(
  context: AdminContext,
  organizationId: OrganizationId,
  input: ConnectionInput,
  by: ChangeContext,
): Promise<ConnectionChange> {
  for (let tries = 0; tries < 20; tries += 1) {
    const id = (input.id ?? proposeSlug(input.name, tries, 'connection', context.randomBytes)) as ConnectionId;
    assertSlug(id);
    const connection = await toConnection(context, organizationId, id, input, null);
    const { change, effects } = audited(context, connection, 'connection.added', by, { after: describe(connection) });
    if (await insert(context, connection, effects)) return { connection, change };
    if (input.id !== undefined) throw new DirectoryError('connectionExists', `There is a connection ${id} already.`);
  }
  throw new DirectoryError('connectionExists', 'No free id could be made from this name; give an `id`.');
}

/** Writes the connection anew. A client secret that is left out stays as long as issuer and client stay. Throws `connectionNotFound`, `invalidValue`. */
export async function replaceConnection(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  input: ConnectionInput,
  by: ChangeContext,
): Promise<ConnectionChange> {
  if (input.id !== undefined && input.id !== id)
    throw new DirectoryError('invalidValue', 'The id of a connection cannot be changed.', { field: 'id' });
  for (let round = 0; round < 50; round += 1) {
    const record = await readRecord(context, organizationId, id);
    const connection = await toConnection(context, organizationId, id, input, record.value);
    if (JSON.stringify(connection) === JSON.stringify(record.value)) {
      await context.storage.settled();
      return { connection, change: null };
    }
    const words = { before: describe(record.value), after: describe(connection) };
    const { change, effects } = audited(context, connection, 'connection.changed', by, words);
    if (await context.storage.records(connectionRecords).replace({ ...record, value: connection }, effects)) {
      context.wakeRelay();
      return { connection, change };
    }
  }
  throw new DirectoryError('tooManyConflicts', 'This connection is being changed too often; try again.');
}

/**
 * Removes a connection: nobody signs in or provisions through it from the answer on, and its credentials are revoked. Holds it placed stay,
 * for an administrator to lift. The credentials go first: whatever fails then, the connection is still there and the request can be sent again.
 * The record expires, at once on every clock, instead of being deleted, so that its audit entry is carried out with it.
 */
export async function removeConnection(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  by: ChangeContext,
): Promise<ConnectionChange> {
  for (let round = 0; round < 50; round += 1) {
    const record = await readRecord(context, organizationId, id);
    await context.credentials.revokeAllOf(organizationId, id, by);
    const words = { before: describe(record.value) };
    const { change, effects } = audited(context, record.value, 'connection.removed', by, words);
    if (!(await context.storage.records(connectionRecords).replace({ ...record, expiresAt: 0 }, effects))) continue;
    context.wakeRelay();
    await revokeLatecomers(context, organizationId, id, by);
    await forgetKeys(context, organizationId, id);
    return { connection: record.value, change };
  }
  throw new DirectoryError('tooManyConflicts', 'This connection is being changed too often; try again.');
}

/** One issued between the revocations and the end would come alive again if the id were used once more. Refused it is already. */
async function revokeLatecomers(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  by: ChangeContext,
): Promise<void> {
  try {
    await context.credentials.revokeAllOf(organizationId, id, by);
  } catch (error) {
    reportTrouble(context, `credentials of the removed connection ${id} could not be looked for again`, error);
  }
}

/** Nobody uses them any more; a connection of the same id made later begins with its own. */
async function forgetKeys(context: AdminContext, organizationId: OrganizationId, id: ConnectionId): Promise<void> {
  try {
    await context.gate.samlKeys.forget({ organizationId, id });
    await context.storage.records(metadataWatchRecords).delete(metadataWatchId(organizationId, id));
    await context.storage.records(brakeRecords).delete(brakeRecordId(organizationId, id));
    await context.hrPulls.forget({ organizationId, id });
  } catch (error) {
    reportTrouble(context, `keys or metadata of the removed connection ${id} could not be deleted`, error);
  }
}

/** The connection that credentials belong to unless they name another; made when it is not there. */
export async function ensureDefaultConnection(
  context: AdminContext,
  organizationId: OrganizationId,
  by: ChangeContext,
): Promise<void> {
  const id = connectionRecordId(organizationId, defaultConnectionId);
  if ((await context.storage.records(connectionRecords).get(id, context.now())) !== null) return;
  try {
    const input: ConnectionInput = {
      id: defaultConnectionId,
      name: 'Default',
      domains: [],
      match: 'userName',
      provisioning: defaultScimProvisioning,
    };
    await addConnection(context, organizationId, input, by);
  } catch (error) {
    if (!(error instanceof DirectoryError) || error.code !== 'connectionExists') throw error;
  }
}

/** The stored connection, or `connectionNotFound`. */
export async function readConnection(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<Connection> {
  return (await readRecord(context, organizationId, id)).value;
}

async function readRecord(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<StoredRecord<Connection>> {
  const record = await context.storage
    .records(connectionRecords)
    .get(connectionRecordId(organizationId, id), context.now());
  if (record === null || record.organizationId !== organizationId) {
    throw new DirectoryError('connectionNotFound', `There is no connection ${id}.`);
  }
  return record;
}

/** False when the id is in use. One that was removed may be added again. */
async function insert(context: AdminContext, connection: Connection, effects: readonly Effect[]): Promise<boolean> {
  const records = context.storage.records(connectionRecords);
  const id = connectionRecordId(connection.organizationId, connection.id);
  for (let tries = 0; tries < 2; tries += 1) {
    if (await records.insertOnce({ id, organizationId: connection.organizationId, value: connection }, effects)) {
      context.wakeRelay();
      return true;
    }
    if ((await records.get(id, context.now())) !== null) return false;
    // Removed before. Only what has expired may go: another request may have added it anew meanwhile.
    await expireRecords(context.storage, [connectionRecords], context.now());
  }
  return false;
}

async function toConnection(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  input: ConnectionInput,
  before: Connection | null,
): Promise<Connection> {
  const signIn =
    input.signIn === undefined ? undefined : await toSignIn(context, organizationId, id, input.signIn, before);
  const signals = toSignals(context, input);
  const { provisioning: sent } = input;
  const provisioning =
    sent?.kind === 'hr' ? toHrProvisioning(context, organizationId, id, sent, before?.provisioning) : sent;
  return {
    id,
    organizationId,
    name: input.name,
    domains: [...new Set(input.domains)],
    match: input.match,
    ...(input.createUsers === true ? { createUsers: true } : {}),
    ...(signals === undefined ? {} : { signals }),
    ...(signIn === undefined ? {} : { signIn }),
    ...(provisioning === undefined ? {} : { provisioning }),
    createdAt: before?.createdAt ?? context.now(),
  };
}

async function toSignIn(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  input: NonNullable<ConnectionInput['signIn']>,
  before: Connection | null,
): Promise<SamlSignIn | OidcSignIn> {
  if (input.kind === 'saml') return toSamlSignIn(context, input);
  return toOidcSignIn(context, organizationId, id, input, before?.signIn);
}

function audited(
  context: AdminContext,
  connection: Connection,
  action: string,
  by: ChangeContext,
  words: { readonly before?: Readonly<Record<string, unknown>>; readonly after?: Readonly<Record<string, unknown>> },
): { readonly change: ChangeId; readonly effects: readonly Effect[] } {
  const target = { kind: 'connection', id: connection.id, name: connection.name } as const;
  return recordChange(context, connection.organizationId, { action, target, ...words }, by);
}

/** What the audit trail keeps of a connection: nothing sealed. */
function describe(connection: Connection): Readonly<Record<string, unknown>> {
  const { organizationId: _organization, createdAt: _created, signIn, provisioning, ...others } = connection;
  const rest = {
    ...others,
    ...(provisioning === undefined ? {} : { provisioning: toProvisioningAnswer(provisioning) }),
  };
  if (signIn?.kind !== 'oidc') return { ...rest, ...(signIn === undefined ? {} : { signIn }) };
  const { sealedClientSecret, sealedPreviousSecret, ...plain } = signIn;
  const secrets = {
    hasClientSecret: sealedClientSecret !== undefined,
    hasPreviousSecret: sealedPreviousSecret !== undefined,
  };
  return { ...rest, signIn: { ...plain, ...secrets } };
}
