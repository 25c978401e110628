// Links between a provider's subject and a user: made at the first sign-in, decisive from then on (gate.md 3.1). Two records hold one link,
// by subject and by user, so that the unique id of each keeps a subject to one user and a user to one subject per connection.

import type { Connection } from '#directory/connection.ts';
import type { ConnectionId, Instant, UserId } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { VerifiedIdentity } from '../connections/connection-strategy.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfParts } from '../opaque-token.ts';

export interface AccountLink {
  readonly connection: ConnectionId;
  readonly issuer: string;
  readonly subject: string;
  readonly userId: UserId;
  readonly linkedAt: Instant;
}

/** By subject: organisation, connection, issuer, subject. */
export const accountLinkRecords: RecordKind<AccountLink> = {
  name: 'accountLink',
  keysOf: (link) => [`user=${link.userId}`, `connection=${link.connection}`],
};

/** By user: organisation, connection, user. */
export const linkedUserRecords: RecordKind<AccountLink> = {
  name: 'linkedUser',
  keysOf: (link) => [`user=${link.userId}`],
};

type At = Pick<Connection, 'id' | 'organizationId'>;
type Subject = Pick<VerifiedIdentity, 'issuer' | 'subject'>;

export async function findLink(context: GateContext, at: At, identity: Subject): Promise<AccountLink | null> {
  const record = await context.storage.records(accountLinkRecords).get(idOfSubject(at, identity), context.now());
  return record?.value ?? null;
}

/** The link of a user by this connection, whoever the subject is. */
export async function findLinkOfUser(context: GateContext, at: At, userId: UserId): Promise<AccountLink | null> {
  const record = await context.storage.records(linkedUserRecords).get(idOfUser(at, userId), context.now());
  return record?.value ?? null;
}

/**
 * Links a subject to a user. False when either is linked otherwise by now. After a crash half-way the same call completes the link.
 * `replaces`: a link of the same subject to a deleted user, which gives way.
 */
export async function storeLink(
  context: GateContext,
  at: At,
  identity: Subject,
  userId: UserId,
  replaces: AccountLink | null,
): Promise<boolean> {
  const { organizationId } = at;
  const { issuer, subject } = identity;
  const link: AccountLink = { connection: at.id, issuer, subject, userId, linkedAt: context.now() };
  const byUser = await context.storage
    .records(linkedUserRecords)
    .insertOnce({ id: idOfUser(at, userId), organizationId, value: link });
  if (!byUser) {
    const owner = await findLinkOfUser(context, at, userId);
    if (owner?.issuer !== issuer || owner.subject !== subject) return false;
  }
  if (replaces !== null) await dropLink(context, at, replaces);
  const bySubject = await context.storage
    .records(accountLinkRecords)
    .insertOnce({ id: idOfSubject(at, identity), organizationId, value: link });
  if (bySubject || (await findLink(context, at, identity))?.userId === userId) return true;
  // Someone linked the subject to another user meanwhile: what we said of this user must not stay behind.
  if (byUser) await context.storage.records(linkedUserRecords).delete(idOfUser(at, userId));
  return false;
}

/** Removes a link, as when its user is gone for good. */
export async function dropLink(context: GateContext, at: At, link: AccountLink): Promise<void> {
  await context.storage.records(accountLinkRecords).delete(idOfSubject(at, link));
  await context.storage.records(linkedUserRecords).delete(idOfUser(at, link.userId));
}

function idOfSubject(at: At, identity: Subject): string {
  return idOfParts('subject', at.organizationId, at.id, identity.issuer, identity.subject);
}

function idOfUser(at: At, userId: UserId): string {
  return idOfParts('user', at.organizationId, at.id, userId);
}
