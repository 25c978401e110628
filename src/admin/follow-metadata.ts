// Follows the metadata of SAML identity providers: fetched again and again, applied as far as it may be believed, the rest proposed to the
// administrator (gate.md 2.4). Each change of a connection has its audit entry in the same write; a crash anywhere is made good by the next round.

import type { Connection, SamlSignIn } from '#directory/connection.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ChangeId, ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { OutboundRefusal } from '#gate/connections/outbound-fetch.ts';
import { listSignInConnections } from '#gate/connections/open-connection.ts';
import { applyMetadata, fetchMetadata, judgeMetadata } from '#gate/connections/saml/followed-metadata.ts';
import { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import {
  metadataWatchId,
  metadataWatchRecords,
  type MetadataWatch,
  type ProposedMetadata,
} from '#storage/metadata-watch-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import type { AdminContext } from './admin-operation.ts';
import { recordChange } from './recorded-change.ts';

const everyMs = 6 * 3_600_000;
const againMs = 3_600_000;
const bySchedule: ChangeContext = { actor: { kind: 'system', name: 'metadata' }, mouth: 'schedule' };

type FollowContext = Pick<AdminContext, 'storage' | 'now' | 'randomBytes' | 'wakeRelay' | 'gate' | 'signatureVerifier'>;

export interface Followed {
  readonly watch: MetadataWatch;
  /** Of the connection; null where nothing of it changed. */
  readonly change: ChangeId | null;
}

/** The sweep: whatever was not fetched for six hours, or for one after a failure. */
export async function followMetadata(context: FollowContext): Promise<void> {
  for (const { id } of await context.storage.organizations.list()) {
    for (const connection of await listSignInConnections(context.gate, id)) {
      if (connection.signIn.kind !== 'saml' || connection.signIn.metadataUrl === undefined) continue;
      if (isDue(await readWatch(context, id, connection.id), connection.signIn.metadataUrl, context.now()))
        await followOne(context, id, connection.id, bySchedule);
    }
  }
}

/** Fetches once, now. Null where the connection follows none. */
export async function followOne(
  context: FollowContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  by: ChangeContext,
): Promise<Followed | null> {
  const connections = context.storage.records(connectionRecords);
  for (let round = 0; round < 20; round += 1) {
    const record = await connections.get(connectionRecordId(organizationId, id), context.now());
    const { signIn } = record?.value ?? {};
    if (record === null || signIn?.kind !== 'saml' || signIn.metadataUrl === undefined) return null;
    const url = signIn.metadataUrl;
    const read = await readAsFarAs(context, organizationId, id, signIn, url);
    if ('failure' in read) {
      // What waits for an administrator still does.
      const proposed = (await readWatch(context, organizationId, id))?.proposed;
      const words = { connection: id, url, fetchedAt: context.now(), failure: read.failure };
      const watch = { ...words, ...(proposed === undefined ? {} : { proposed }) };
      await writeWatch(context, record.value, watch, by);
      return { watch, change: null };
    }
    const watch: MetadataWatch = {
      connection: id,
      url,
      fetchedAt: context.now(),
      ...(read.proposed === undefined ? {} : { proposed: read.proposed }),
    };
    if (JSON.stringify(read.signIn) === JSON.stringify(signIn)) {
      await writeWatch(context, record.value, watch, by);
      return { watch, change: null };
    }
    const value: Connection = { ...record.value, signIn: read.signIn };
    const { change, effects } = recordSignInChange(
      context,
      record.value,
      read.signIn,
      'connection.metadataFollowed',
      by,
    );
    if (!(await connections.replace({ ...record, value }, effects))) continue;
    context.wakeRelay();
    await writeWatch(context, value, watch, by);
    return { watch, change };
  }
  throw new StorageError('unavailable', 'The connection is being changed too often.');
}

/** Takes what was proposed, on an administrator's word. Null where this is not what is proposed now. */
export async function acceptProposal(
  context: FollowContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  digest: string,
  by: ChangeContext,
): Promise<{ readonly change: ChangeId } | null> {
  const connections = context.storage.records(connectionRecords);
  for (let round = 0; round < 20; round += 1) {
    const watch = await readWatch(context, organizationId, id);
    const record = await connections.get(connectionRecordId(organizationId, id), context.now());
    const before = record?.value.signIn;
    if (record === null || before?.kind !== 'saml' || watch?.proposed?.digest !== digest) return null;
    if (watch.url !== before.metadataUrl) return null;
    const { logoutService: _before, ...rest } = before;
    const { digest: _digest, ...taken } = watch.proposed;
    const signIn: SamlSignIn = { ...rest, ...taken };
    const { change, effects } = recordSignInChange(context, record.value, signIn, 'connection.metadataAccepted', by);
    if (!(await connections.replace({ ...record, value: { ...record.value, signIn } }, effects))) continue;
    context.wakeRelay();
    const { proposed: _taken, ...seen } = watch;
    await writeWatch(context, record.value, seen, by);
    return { change };
  }
  throw new StorageError('unavailable', 'The connection is being changed too often.');
}

/** What is known of a connection's metadata; null before the first fetch. */
export async function readWatch(
  context: Pick<FollowContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<MetadataWatch | null> {
  const records = context.storage.records(metadataWatchRecords);
  return (await records.get(metadataWatchId(organizationId, id), context.now()))?.value ?? null;
}

function isDue(watch: MetadataWatch | null, url: string, now: number): boolean {
  if (watch === null || watch.url !== url) return true;
  const age = now - watch.fetchedAt;
  // A clock that was set back would wait long.
  return age < 0 || age >= (watch.failure === undefined ? everyMs : againMs);
}

async function readAsFarAs(
  context: FollowContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  signIn: SamlSignIn,
  url: string,
): Promise<{ readonly signIn: SamlSignIn; readonly proposed?: ProposedMetadata } | { readonly failure: string }> {
  try {
    const text = await fetchMetadata(url, context.gate.config);
    const sender = { connection: `metadata ${organizationId}/${id}` };
    const judged = await judgeMetadata(text, signIn, context.signatureVerifier, sender, context.now());
    if (judged.metadata.entityId !== signIn.entityId) return { failure: 'it is the metadata of another entityID' };
    return applyMetadata(signIn, judged);
  } catch (error) {
    if (error instanceof OutboundRefusal) return { failure: error.message };
    if (error instanceof SamlRefusal) return { failure: error.detail };
    throw error;
  }
}

/** Keeps what was seen; a proposal that was not there before is told in the audit trail, once. */
async function writeWatch(
  context: FollowContext,
  connection: Connection,
  watch: MetadataWatch,
  by: ChangeContext,
): Promise<void> {
  const { organizationId, id, name } = connection;
  const records = context.storage.records(metadataWatchRecords);
  const recordId = metadataWatchId(organizationId, id);
  const record = await records.get(recordId, context.now());
  const isNew = watch.proposed !== undefined && record?.value.proposed?.digest !== watch.proposed.digest;
  const told = { action: 'connection.metadataProposed', target: { kind: 'connection', id, name } as const };
  const effects = isNew
    ? recordChange(context, organizationId, { ...told, after: { ...watch.proposed } }, by).effects
    : [];
  if (record !== null) {
    // Somebody else's look at the same document, a moment ago, is as good as ours.
    if (await records.replace({ ...record, value: watch }, effects)) context.wakeRelay();
    return;
  }
  if (await records.insertOnce({ id: recordId, organizationId, value: watch }, effects)) context.wakeRelay();
}

function recordSignInChange(
  context: FollowContext,
  { organizationId, id, name, signIn: before }: Connection,
  signIn: SamlSignIn,
  action: string,
  by: ChangeContext,
) {
  const words = { action, target: { kind: 'connection', id, name } as const };
  return recordChange(context, organizationId, { ...words, before: { signIn: before }, after: { signIn } }, by);
}
