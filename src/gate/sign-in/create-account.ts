// Just-in-time creation: somebody whom the connection's rule finds nobody for becomes a user, where the connection allows it (gate.md 3.1). It runs
// only after everything about the answer was checked and used up, and never makes anew who was deleted. The seat is the write side's business.

import type { Connection } from '#directory/connection.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { isOrganizationOpen } from '#directory/organization.ts';
import type { User, UserProfile } from '#directory/user.ts';
import type { VerifiedIdentity } from '../connections/connection-strategy.ts';
import { domainOf, isRouted } from '../connections/domain-routing.ts';
import { listSignInConnections } from '../connections/open-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { matchAccount, NobodyFound, type MatchedAccount } from './match-account.ts';
import { SignInError } from './refusal.ts';

/** Makes the account, or finds the one that somebody else made in the same moment. @throws SignInError */
export async function createAccount(
  context: GateContext,
  connection: Connection,
  identity: VerifiedIdentity,
): Promise<MatchedAccount> {
  const { organizationId } = connection;
  const organization = await context.storage.organizations.get(organizationId);
  if (organization === null || !isOrganizationOpen(organization, context.now()))
    throw new SignInError('organizationSuspended', 'nobody is made a user of it now');
  const profile = await toProfile(context, connection, identity);
  const names = { userName: profile.userName, externalId: profile.externalId, connection: connection.id };
  if (await context.provisioning.wasDeleted(organizationId, names))
    throw new SignInError('deletedUser', 'a user of this name or external id was deleted');
  await assertOwnName(context, connection, profile.userName);
  const created = await provision(context, connection, profile);
  if (created !== null) return { user: created, by: 'created', replaces: null };
  try {
    return await matchAccount(context, connection, identity);
  } catch (error) {
    if (!(error instanceof NobodyFound)) throw error;
    throw new SignInError(
      'identityConflict',
      `the user name belongs to somebody whom ${connection.match} does not find`,
    );
  }
}

/** Null: somebody has the name. */
async function provision(context: GateContext, connection: Connection, profile: UserProfile): Promise<User | null> {
  const by: ChangeContext = { actor: { kind: 'connection', connection: connection.id }, mouth: 'signIn' };
  const request = { profile, active: true, restore: false, connection: connection.id };
  try {
    return (await context.provisioning.provisionUser(connection.organizationId, request, by)).user;
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    if (error.code === 'userNameTaken') return null;
    if (error.code === 'noFreeSeat') throw new SignInError('noFreeSeat', error.message, error);
    throw new SignInError('noSuchUser', `no account could be made: ${error.message}`, error);
  }
}

/** Where several providers can sign people in, none of them may take a name that another one's person has elsewhere. */
async function assertOwnName(context: GateContext, connection: Connection, userName: string): Promise<void> {
  const connections = await listSignInConnections(context, connection.organizationId);
  if (connections.every((other) => other.id === connection.id)) return;
  if (await isRouted(context, connection, domainOf(userName))) return;
  throw new SignInError('otherConnection', 'with several connections a new name needs a domain routed to this one');
}

/** What the provider says of them, as far as it counts: an address only of a domain that is the organisation's and routed here. */
async function toProfile(
  context: GateContext,
  connection: Connection,
  { userName, externalId, verifiedEmail, profile = {} }: VerifiedIdentity,
): Promise<UserProfile> {
  const email =
    verifiedEmail !== undefined && (await isRouted(context, connection, domainOf(verifiedEmail)))
      ? verifiedEmail
      : undefined;
  const name = userName ?? email;
  if (name === undefined) throw new SignInError('noSuchUser', 'the provider gave no user name to make an account of');
  const parts = { ...named('givenName', profile.givenName), ...named('familyName', profile.familyName) };
  return {
    userName: name,
    ...(externalId === undefined ? {} : { externalId }),
    ...named('displayName', profile.displayName),
    ...(Object.keys(parts).length === 0 ? {} : { name: parts }),
    ...(email === undefined ? {} : { emails: [{ value: email, type: 'work', primary: true }] }),
  };
}

const longestName = 200;

/** A name that can be shown: what cannot is left out, not refused. */
function named<Key extends string>(key: Key, text: string | undefined): { readonly [key in Key]?: string } {
  const shown = text?.trim() ?? '';
  if (shown === '' || shown.length > longestName || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(shown)) return {};
  return { [key]: shown } as { readonly [key in Key]?: string };
}
