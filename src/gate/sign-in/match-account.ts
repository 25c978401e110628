// Which of our users the person is whom a provider proved: by stored link, else by the connection's rule, exactly one, never by a guess
// (gate.md 3.1). Whether that user may come in is not asked here: the inactive are matched alike, so that the reason is right.

import type { AccountMatch, Connection } from '#directory/connection.ts';
import { foldCase } from '#directory/identifiers.ts';
import type { User, UserKey } from '#directory/user.ts';
import type { VerifiedIdentity } from '../connections/connection-strategy.ts';
import { domainOf, isRouted } from '../connections/domain-routing.ts';
import { listSignInConnections } from '../connections/open-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { findLink, findLinkOfUser, type AccountLink } from './account-link.ts';
import { SignInError } from './refusal.ts';

export interface MatchedAccount {
  readonly user: User;
  readonly by: 'link' | 'created' | Exclude<AccountMatch, 'off'>;
  /** A link to a deleted user that the new one replaces. */
  readonly replaces: AccountLink | null;
}

/** The rule was asked with a name that counts, and found nobody at all. */
export class NobodyFound extends SignInError {}

/** The one user the identity belongs to. @throws SignInError with a `MatchRefusalReason` */
export async function matchAccount(
  context: GateContext,
  connection: Connection,
  identity: VerifiedIdentity,
): Promise<MatchedAccount> {
  const link = await findLink(context, connection, identity);
  if (link === null) return matchByRule(context, connection, identity, null);
  const user = await context.storage.users.get(connection.organizationId, link.userId);
  if (user !== null && user.deletedAt === undefined) return { user, by: 'link', replaces: null };
  return replaceDeleted(context, connection, identity, link);
}

/** The subject belonged to a user who was deleted: only someone this same connection provisioned anew may take the place. */
async function replaceDeleted(
  context: GateContext,
  connection: Connection,
  identity: VerifiedIdentity,
  link: AccountLink,
): Promise<MatchedAccount> {
  const refusal = new SignInError('deletedUser', `subject of the deleted user ${link.userId}`);
  let matched: MatchedAccount;
  try {
    matched = await matchByRule(context, connection, identity, link);
  } catch (error) {
    throw error instanceof SignInError && error.reason === 'noSuchUser' ? refusal : error;
  }
  if (!matched.user.provisionedBy.includes(connection.id)) throw refusal;
  return matched;
}

async function matchByRule(
  context: GateContext,
  connection: Connection,
  identity: VerifiedIdentity,
  replaces: AccountLink | null,
): Promise<MatchedAccount> {
  const rule = connection.match;
  if (rule === 'off') throw new SignInError('noSuchUser', 'not linked, and this connection links nobody (match: off)');
  const key = await keyFor(context, rule, connection, identity);
  const [user, ...others] = await context.storage.users.findByKey(connection.organizationId, key);
  if (user === undefined) throw new NobodyFound('noSuchUser', `nobody has this ${rule}`);
  if (others.length > 0) throw new SignInError('ambiguousUser', `${others.length + 1} users have this ${rule}`);
  const taken = await findLinkOfUser(context, connection, user.id);
  if (taken !== null && (taken.issuer !== identity.issuer || taken.subject !== identity.subject)) {
    throw new SignInError('identityConflict', `user ${user.id} is linked to another subject of this connection`);
  }
  if (rule !== 'email') await assertTied(context, connection, user);
  return { user, by: rule, replaces };
}

/** What the rule looks for. An e-mail counts only where its domain is routed to this connection. */
async function keyFor(
  context: GateContext,
  rule: Exclude<AccountMatch, 'off'>,
  connection: Connection,
  identity: VerifiedIdentity,
): Promise<UserKey> {
  // The Kelvin sign folds to "k": a name that is not in its composed form could pass for another one's.
  for (const name of [identity.userName, identity.externalId, identity.verifiedEmail]) {
    if (name !== undefined && name !== name.normalize('NFC')) {
      throw new SignInError('noSuchUser', 'the provider gave a name with look-alike characters (not NFC)');
    }
  }
  switch (rule) {
    case 'userName':
      if (identity.userName === undefined) throw new SignInError('noSuchUser', 'the provider gave no user name');
      return { kind: 'userName', value: foldCase(identity.userName) };
    case 'externalId':
      if (identity.externalId === undefined) throw new SignInError('noSuchUser', 'the provider gave no external id');
      return { kind: 'externalId', value: identity.externalId };
    case 'email': {
      const { verifiedEmail } = identity;
      if (verifiedEmail === undefined)
        throw new SignInError('noSuchUser', 'the provider gave no verified e-mail address');
      if (!(await isRouted(context, connection, domainOf(verifiedEmail))))
        throw new SignInError('noSuchUser', 'the e-mail domain is not routed to this connection');
      // A stored key may read `type|address`; an address that contains the bar would name a type.
      if (verifiedEmail.includes('|')) throw new SignInError('noSuchUser', 'not an e-mail address');
      return { kind: 'email', value: foldCase(verifiedEmail) };
    }
    default:
      return rule satisfies never;
  }
}

/** Where several providers can sign people in, a name alone does not say whose person it is: any of them could claim anybody. */
async function assertTied(context: GateContext, connection: Connection, user: User): Promise<void> {
  if (user.provisionedBy.includes(connection.id)) return;
  if (await isRouted(context, connection, domainOf(user.profile.userName))) return;
  const connections = await listSignInConnections(context, connection.organizationId);
  if (connections.every((other) => other.id === connection.id)) return;
  throw new SignInError(
    'otherConnection',
    `user ${user.id} was not provisioned through ${connection.id}, nor is the domain routed to it`,
  );
}
