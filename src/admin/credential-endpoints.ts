// Credentials: issue, list, revoke, rotate. A secret is in one answer only; scope `instance` is given only by whoever has it.

import type { z } from 'zod';
import type { Credential, CredentialKind, IssuerTrust } from '#directory/credential.ts';
import type { AppId } from '#directory/app.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ConnectionId, CredentialId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { NewCredential } from '#secrets/credentials.ts';
import { toSigningSecret } from '#secrets/webhook-signature.ts';
import * as contract from './admin-contract.ts';
import {
  defineOperation,
  paramOf,
  reportTrouble,
  toIso,
  type AdminContext,
  type Answer,
  type Call,
  type Operation,
} from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { defaultConnectionId, ensureDefaultConnection, readConnection } from './connection-changes.ts';
import { toCredentialAnswer } from './credential-view.ts';
import { readCursor, toPage } from './paging.ts';

const base = '/organizations/:org/credentials';

export const credentialOperations: readonly Operation[] = [
  defineOperation({
    id: 'credentials.issue',
    method: 'post',
    path: base,
    summary: 'Issue a credential; the secret is in this answer only',
    body: contract.newCredential,
    answer: contract.credentialIssued,
    status: 201,
    run: issue,
  }),
  defineOperation({
    id: 'credentials.list',
    method: 'get',
    path: base,
    summary: 'Credentials, newest first',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.credentialAnswer),
    run: async (context, call) => {
      const after = readCursor(call.query.cursor);
      const all = await context.credentials.list(call.organization.id);
      const rest = after === undefined ? all : all.filter(({ id }) => id < after);
      const page = toPage(rest, call.query.limit, ({ id }) => id);
      const uses = await context.credentialUses.lastUsesIn(call.organization.id);
      const items = page.items.map((one) => toCredentialAnswer(one, context.now(), uses.get(one.id)));
      return { body: { items, next: page.next } };
    },
  }),
  defineOperation({
    id: 'credentials.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One credential',
    answer: contract.credentialAnswer,
    run: async (context, call) => {
      const credential = await readCredential(context, call);
      const lastUsedAt = await context.credentialUses.lastUseOf(credential);
      return { body: toCredentialAnswer(credential, context.now(), lastUsedAt) };
    },
  }),
  defineOperation({
    id: 'credentials.delete',
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Revoke: refused from the answer on; its record stays',
    answer: contract.credentialChanged,
    run: revoke,
  }),
  defineOperation({
    id: 'credentials.revoke',
    method: 'post',
    path: `${base}/:id/revoke`,
    summary: 'Revoke: refused from the answer on; its record stays',
    answer: contract.credentialChanged,
    run: revoke,
  }),
  defineOperation({
    id: 'credentials.rotate',
    method: 'post',
    path: `${base}/:id/rotate`,
    summary: 'A successor with the same rights; the old secret works for the overlap',
    body: contract.rotation,
    answer: contract.credentialRotated,
    status: 201,
    run: async (context, call) => {
      assertMayGive(call, (await readCredential(context, call)).scopes);
      const id = paramOf(call, 'id') as CredentialId;
      const { trouble, oldEndsAt, ...issued } = await context.credentials.rotate(
        call.organization.id,
        id,
        call.body.overlapSeconds * 1000,
        call.by,
      );
      if (trouble !== undefined) reportTrouble(context, `credential ${id} could not be ended by its rotation`, trouble);
      const credential = toCredentialAnswer(issued.credential, context.now());
      const signing = credential.kind === 'hr' ? { signingSecret: toSigningSecret(issued.secret) } : {};
      return { body: { ...issued, ...signing, credential, oldEndsAt: oldEndsAt === null ? null : toIso(oldEndsAt) } };
    },
  }),
];

const usableScopes: Readonly<Record<CredentialKind, readonly string[]>> = {
  admin: ['instance', 'read'],
  scim: ['read', 'users', 'groups'],
  hr: [],
  app: [],
};

async function issue(
  context: AdminContext,
  call: Call<ReturnType<typeof contract.newCredential.parse>, unknown>,
): Promise<Answer> {
  const { kind, name, connection, app, owner, scopes, expiresAt } = call.body;
  assertMayGive(call, scopes);
  const wrong = scopes.find((scope) => !usableScopes[kind].includes(scope));
  if (wrong !== undefined)
    throw new DirectoryError('invalidValue', `Scope ${wrong} means nothing for kind ${kind}.`, { field: 'scopes' });
  if (app !== undefined && kind !== 'app')
    throw new DirectoryError('invalidValue', 'Only a credential of kind app belongs to an app.', { field: 'app' });
  const provisions = kind === 'scim' || kind === 'hr';
  const place = connection ?? (provisions ? defaultConnectionId : undefined);
  if (provisions && place === defaultConnectionId)
    await ensureDefaultConnection(context, call.organization.id, call.by);
  if (kind === 'scim') await assertProvisions(context, call.organization.id, place as ConnectionId);
  const request: NewCredential = {
    kind,
    name,
    scopes: [...new Set(scopes)],
    ...(place === undefined ? {} : { connection: place as ConnectionId }),
    ...(app === undefined ? {} : { app: app as AppId }),
    ...(owner === undefined ? {} : { owner: owner as UserId }),
    ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
  };
  const trust = call.body.trust === undefined ? undefined : toTrust(context, kind, call.body.trust);
  const issued =
    trust === undefined
      ? await context.credentials.issue(call.organization.id, request, call.by)
      : { ...(await context.credentials.trustIssuer(call.organization.id, request, trust, call.by)), secret: null };
  const signing = kind === 'hr' && issued.secret !== null ? { signingSecret: toSigningSecret(issued.secret) } : {};
  return { body: { ...issued, ...signing, credential: toCredentialAnswer(issued.credential, context.now()) } };
}

/** Throws `invalidValue` for a kind that proves itself otherwise, and for addresses whose answers nobody could trust. */
function toTrust(
  context: AdminContext,
  kind: CredentialKind,
  trust: z.output<typeof contract.issuerTrust>,
): IssuerTrust {
  if (kind !== 'scim')
    throw new DirectoryError('invalidValue', 'Only a credential of kind scim can trust an issuer.', { field: 'trust' });
  const { issuer, audience, subject, jwksUri } = trust;
  for (const address of [issuer, jwksUri]) {
    const isSafe = address === undefined || new URL(address).protocol === 'https:';
    if (!isSafe && !context.gate.config.allowInsecureProviders)
      throw new DirectoryError('invalidValue', 'Issuer and keys must have https addresses.', { field: 'trust' });
  }
  return { issuer, audience, subject, ...(jwksUri === undefined ? {} : { jwksUri }) };
}

/** At the door such a credential would be refused without a word. */
async function assertProvisions(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
): Promise<void> {
  const { provisioning } = await readConnection(context, organizationId, id);
  if (provisioning?.kind === 'scim') return;
  throw new DirectoryError('invalidValue', `Connection ${id} does not provision by SCIM.`, { field: 'connection' });
}

async function revoke(context: AdminContext, call: Call<unknown, unknown>): Promise<Answer> {
  const { credential, change } = await context.credentials.revoke(
    call.organization.id,
    paramOf(call, 'id') as CredentialId,
    call.by,
  );
  return { body: { credential: toCredentialAnswer(credential, context.now()), change } };
}

async function readCredential(
  context: AdminContext,
  call: Pick<Call<unknown, unknown>, 'organization' | 'params'>,
): Promise<Credential> {
  const credential = await context.credentials.get(call.organization.id, paramOf(call, 'id') as CredentialId);
  if (credential === null) throw new DirectoryError('credentialNotFound', 'There is no such credential.');
  return credential;
}

/** Nobody makes themselves more than they are. */
function assertMayGive(call: Pick<Call<unknown, unknown>, 'reachesAll'>, scopes: readonly string[]): void {
  if (scopes.includes('instance') && !call.reachesAll) {
    throw new AdminError('notAllowed', 'Scope `instance` is given only by a credential that has it.');
  }
}
