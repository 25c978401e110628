// Adds, replaces and removes apps, each with its audit entry in the same write. Client secrets are made here and told once; stored is their hash.

import type { App, AppId, ClientSecret } from '#directory/app.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Effect } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ChangeId, OrganizationId } from '#directory/identifiers.ts';
import { createCredentialSecret, hashSecret } from '#secrets/credential-secret.ts';
import { appRecordId, appRecords } from '#storage/app-records.ts';
import { expireRecords } from '#storage/expire-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { AdminContext } from './admin-operation.ts';
import type { AppInput } from './app-contract.ts';
import { claimHosts, releaseHosts } from './app-hosts.ts';
import { readAppInput, type AskedApp } from './app-input.ts';
import { recordChange } from './recorded-change.ts';
import { assertSlug, proposeSlug } from './slug-of-name.ts';

export interface AppChange {
  readonly app: App;
  /** Set where this change made one. */
  readonly clientSecret: string | null;
  readonly change: ChangeId | null;
}

/** Throws `appExists`, `hostTaken`, `invalidValue`. Without an id one is made from the name. */
export async function addApp(
  context: AdminContext,
  organizationId: OrganizationId,
  input: AppInput,
  by: ChangeContext,
): Promise<AppChange> {
  const asked = await readAppInput(context, organizationId, input);
  for (let tries = 0; tries < 20; tries += 1) {
    const id = (input.id ?? proposeSlug(input.name, tries, 'app', context.randomBytes)) as AppId;
    assertSlug(id);
    const { app, clientSecret } = toApp(context, organizationId, id, asked, null);
    if (await exists(context, app)) {
      if (input.id === undefined) continue;
      throw new DirectoryError('appExists', `There is an app ${id} already.`);
    }
    await claimHosts(context, organizationId, id, hostsOf(app));
    const { change, effects } = recordOf(context, 'app.added', app, { after: describe(app) }, by);
    if (await insert(context, app, effects)) return { app, clientSecret, change };
  }
  throw new DirectoryError('appExists', 'No free id could be made from this name; give an `id`.');
}

/** Writes the app anew; client secrets stay as long as it uses one. Throws `appNotFound`, `hostTaken`, `invalidValue`. */
export async function replaceApp(
  context: AdminContext,
  organizationId: OrganizationId,
  id: AppId,
  input: AppInput,
  by: ChangeContext,
): Promise<AppChange> {
  if (input.id !== undefined && input.id !== id)
    throw new DirectoryError('invalidValue', 'The id of an app cannot be changed.', { field: 'id' });
  const asked = await readAppInput(context, organizationId, input);
  return change(context, organizationId, id, 'app.changed', by, (before) =>
    toApp(context, organizationId, id, asked, before),
  );
}

/** Makes a new client secret; the present one is refused `overlapSeconds` later, one before it at once. Throws `appNotFound`, `invalidValue`. */
export async function replaceClientSecret(
  context: AdminContext,
  organizationId: OrganizationId,
  id: AppId,
  overlapSeconds: number,
  by: ChangeContext,
): Promise<AppChange> {
  return change(context, organizationId, id, 'app.secretMade', by, (before) => {
    const { openid } = before;
    if (openid === undefined || !usesSecret(openid.authMethod))
      throw new DirectoryError('invalidValue', 'This app uses no client secret.', { field: 'openid.authMethod' });
    const made = makeSecret(context);
    const endsAt = context.now() + overlapSeconds * 1_000;
    const old = openid.secrets
      .slice(0, overlapSeconds === 0 ? 0 : 1)
      .map((secret) => ({ ...secret, expiresAt: Math.min(endsAt, secret.expiresAt ?? endsAt) }));
    return { app: { ...before, openid: { ...openid, secrets: [made.stored, ...old] } }, clientSecret: made.secret };
  });
}

/**
 * Removes an app: nobody gets through to it from the answer on. The record expires, at once on every clock, instead of being deleted, so that
 * its audit entry is carried out with it.
 */
export async function removeApp(
  context: AdminContext,
  organizationId: OrganizationId,
  id: AppId,
  by: ChangeContext,
): Promise<AppChange> {
  const since = context.now();
  for (let round = 0; round < 50; round += 1) {
    const record = await readRecord(context, organizationId, id);
    const words = { before: describe(record.value) };
    const recorded = recordOf(context, 'app.removed', record.value, words, by);
    if (!(await context.storage.records(appRecords).replace({ ...record, expiresAt: 0 }, recorded.effects))) continue;
    context.wakeRelay();
    await releaseHosts(context, organizationId, id, hostsOf(record.value), since);
    return { app: record.value, clientSecret: null, change: recorded.change };
  }
  throw tooManyConflicts();
}

/** The stored app, or `appNotFound`. */
export async function readApp(context: AdminContext, organizationId: OrganizationId, id: AppId): Promise<App> {
  return (await readRecord(context, organizationId, id)).value;
}

async function change(
  context: AdminContext,
  organizationId: OrganizationId,
  id: AppId,
  action: string,
  by: ChangeContext,
  edit: (before: App) => { readonly app: App; readonly clientSecret: string | null },
): Promise<AppChange> {
  const since = context.now();
  for (let round = 0; round < 50; round += 1) {
    const record = await readRecord(context, organizationId, id);
    const { app, clientSecret } = edit(record.value);
    if (JSON.stringify(app) === JSON.stringify(record.value)) {
      await context.storage.settled();
      return { app, clientSecret: null, change: null };
    }
    if (app.forwardAuth !== record.value.forwardAuth) await claimHosts(context, organizationId, id, hostsOf(app));
    const words = { before: describe(record.value), after: describe(app) };
    const recorded = recordOf(context, action, app, words, by);
    if (!(await context.storage.records(appRecords).replace({ ...record, value: app }, recorded.effects))) continue;
    context.wakeRelay();
    const gone = hostsOf(record.value).filter((host) => !hostsOf(app).includes(host));
    await releaseHosts(context, organizationId, id, gone, since);
    return { app, clientSecret, change: recorded.change };
  }
  throw tooManyConflicts();
}

function toApp(
  context: AdminContext,
  organizationId: OrganizationId,
  id: AppId,
  { openid, ...asked }: AskedApp,
  before: App | null,
): { readonly app: App; readonly clientSecret: string | null } {
  const base = { id, organizationId, ...asked };
  const createdAt = before?.createdAt ?? context.now();
  if (openid === undefined) return { app: { ...base, createdAt }, clientSecret: null };
  const kept = before?.openid?.secrets ?? [];
  if (!usesSecret(openid.authMethod))
    return { app: { ...base, openid: { ...openid, secrets: [] }, createdAt }, clientSecret: null };
  if (kept.length > 0) return { app: { ...base, openid: { ...openid, secrets: kept }, createdAt }, clientSecret: null };
  const made = makeSecret(context);
  return { app: { ...base, openid: { ...openid, secrets: [made.stored] }, createdAt }, clientSecret: made.secret };
}

function makeSecret(context: AdminContext): { readonly secret: string; readonly stored: ClientSecret } {
  const secret = createCredentialSecret('app', context.randomBytes);
  return { secret, stored: { hash: hashSecret(secret), lastFour: secret.slice(-4), createdAt: context.now() } };
}

function usesSecret(authMethod: NonNullable<App['openid']>['authMethod']): boolean {
  return authMethod === 'client_secret_basic' || authMethod === 'client_secret_post';
}

function hostsOf(app: App): readonly string[] {
  return app.forwardAuth?.hosts ?? [];
}

async function exists(context: AdminContext, app: App): Promise<boolean> {
  const id = appRecordId(app.organizationId, app.id);
  return (await context.storage.records(appRecords).get(id, context.now())) !== null;
}

/** False when the id is in use. One that was removed may be added again. */
async function insert(context: AdminContext, app: App, effects: readonly Effect[]): Promise<boolean> {
  const id = appRecordId(app.organizationId, app.id);
  for (let tries = 0; tries < 2; tries += 1) {
    const record = { id, organizationId: app.organizationId, value: app };
    if (await context.storage.records(appRecords).insertOnce(record, effects)) {
      context.wakeRelay();
      return true;
    }
    if (await exists(context, app)) return false;
    await expireRecords(context.storage, [appRecords], context.now());
  }
  return false;
}

async function readRecord(
  context: AdminContext,
  organizationId: OrganizationId,
  id: AppId,
): Promise<StoredRecord<App>> {
  const record = await context.storage.records(appRecords).get(appRecordId(organizationId, id), context.now());
  if (record?.organizationId !== organizationId) throw new DirectoryError('appNotFound', `There is no app ${id}.`);
  return record;
}

function recordOf(
  context: AdminContext,
  action: string,
  app: App,
  words: { readonly before?: Readonly<Record<string, unknown>>; readonly after?: Readonly<Record<string, unknown>> },
  by: ChangeContext,
) {
  const target = { kind: 'app', id: app.id, name: app.name } as const;
  return recordChange(context, app.organizationId, { action, target, ...words }, by);
}

/** What the audit trail keeps of an app: no hash of a secret, only which there are. */
function describe({ organizationId: _organization, createdAt: _created, openid, ...rest }: App) {
  if (openid === undefined) return { ...rest };
  const { secrets, ...plain } = openid;
  return { ...rest, openid: { ...plain, secrets: secrets.map(({ lastFour }) => lastFour) } };
}

function tooManyConflicts(): DirectoryError {
  return new DirectoryError('tooManyConflicts', 'This app is being changed too often; try again.');
}
