// Whom a signal is about: subject identifiers (RFC 9493, and the complex subjects of SSF 1.0 §3) and the users they mean. A provider speaks of its
// own people only: whom it provisioned, whom it signed in, whose domain is routed to it. Whoever it does not know is nobody, without a word.

import type { Connection } from '#directory/connection.ts';
import { foldCase, type UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { domainOf, isRouted } from '../connections/domain-routing.ts';
import type { GateContext } from '../gate-context.ts';
import { findLink, findLinkOfUser } from '../sign-in/account-link.ts';

export type SubjectIdentifier =
  | { readonly format: 'iss_sub'; readonly iss: string; readonly sub: string }
  | { readonly format: 'opaque'; readonly id: string }
  | { readonly format: 'email'; readonly email: string }
  /** Formats that are well formed and name no person as we know them. */
  | { readonly format: 'other' };

export interface Subject {
  /** All of them the same person. */
  readonly person: readonly SubjectIdentifier[];
  /** The provider's own session, where the signal is about one. */
  readonly session?: string;
}

const mostAliases = 10;
const longest = 1_024;

type Members = Readonly<Record<string, unknown>>;

/** Null: not a subject identifier. */
export function readSubject(value: unknown): Subject | null {
  if (!isObject(value)) return null;
  if (value['format'] !== 'complex') {
    const person = readIdentifiers(value);
    return person === null ? null : { person };
  }
  const { user, session } = value;
  const person = user === undefined ? [] : readIdentifiers(user);
  if (person === null) return null;
  if (session === undefined) return { person };
  const id = isObject(session) ? (session['id'] ?? session['sub']) : undefined;
  return isText(id) ? { person, session: id } : null;
}

function readIdentifiers(value: unknown): readonly SubjectIdentifier[] | null {
  if (!isObject(value)) return null;
  if (value['format'] !== 'aliases') {
    const one = readIdentifier(value);
    return one === null ? null : [one];
  }
  const { identifiers } = value;
  if (!Array.isArray(identifiers) || identifiers.length === 0 || identifiers.length > mostAliases) return null;
  const read = identifiers.map((each: unknown) => (isObject(each) ? readIdentifier(each) : null));
  return read.every((each) => each !== null) ? read : null;
}

function readIdentifier(value: Members): SubjectIdentifier | null {
  const { format, iss, sub, id, email, uri } = value;
  switch (format) {
    case 'iss_sub':
      return isText(iss) && isText(sub) ? { format, iss, sub } : null;
    case 'opaque':
      return isText(id) ? { format, id } : null;
    case 'email':
      return isText(email) ? { format, email } : null;
    case 'account':
      // RFC 7565: `acct:` and then what looks like an address.
      if (!isText(uri) || !uri.startsWith('acct:')) return null;
      return { format: 'email', email: uri.slice('acct:'.length) };
    case 'aliases':
    case 'complex':
      return null;
    default:
      return isText(format) ? { format: 'other' } : null;
  }
}

/** The subjects of the connection that the identifiers name, as its sign-ins call them. */
export function subjectsOf(
  connection: Connection,
  identifiers: readonly SubjectIdentifier[],
): readonly { readonly issuer: string; readonly subject: string }[] {
  const issuer = issuerOf(connection);
  if (issuer === undefined) return [];
  return identifiers.flatMap((identifier) => {
    if (identifier.format === 'opaque') return [{ issuer, subject: identifier.id }];
    return identifier.format === 'iss_sub' && isIssuerOf(connection, identifier.iss)
      ? [{ issuer, subject: identifier.sub }]
      : [];
  });
}

/** The people of the connection whom the identifiers mean, each once. */
export async function findPeople(
  context: GateContext,
  connection: Connection,
  identifiers: readonly SubjectIdentifier[],
): Promise<readonly User[]> {
  const found = new Map<UserId, User>();
  for (const identifier of identifiers) {
    for (const user of await findBy(context, connection, identifier)) found.set(user.id, user);
  }
  return [...found.values()];
}

function findBy(context: GateContext, connection: Connection, identifier: SubjectIdentifier): Promise<readonly User[]> {
  switch (identifier.format) {
    case 'iss_sub':
      return isIssuerOf(connection, identifier.iss)
        ? findBySubject(context, connection, identifier.sub)
        : Promise.resolve([]);
    case 'opaque':
      return findBySubject(context, connection, identifier.id);
    case 'email':
      return findByAddress(context, connection, identifier.email);
    case 'other':
      return Promise.resolve([]);
    default:
      return identifier satisfies never;
  }
}

/** Whom people sign in by, as tokens and assertions call it. */
export function issuerOf({ signIn }: Pick<Connection, 'signIn'>): string | undefined {
  return signIn?.kind === 'oidc' ? signIn.issuer : signIn?.entityId;
}

function isIssuerOf(connection: Connection, issuer: string): boolean {
  return issuer === issuerOf(connection) || issuer === connection.signals?.issuer;
}

/** By the link of a sign-in, else by the external id that the connection provisioned: the providers' ids are the same there. */
async function findBySubject(context: GateContext, connection: Connection, subject: string): Promise<readonly User[]> {
  const { users } = context.storage;
  const issuer = issuerOf(connection);
  const link = issuer === undefined ? null : await findLink(context, connection, { issuer, subject });
  if (link !== null) {
    const user = await users.get(connection.organizationId, link.userId);
    return user === null || user.deletedAt !== undefined ? [] : [user];
  }
  const named = await users.findByKey(connection.organizationId, { kind: 'externalId', value: subject });
  return named.filter((user) => user.provisionedBy.includes(connection.id));
}

async function findByAddress(context: GateContext, connection: Connection, address: string): Promise<readonly User[]> {
  // A stored key may read `type|address`; an address that contains the bar would name a type.
  if (address.includes('|')) return [];
  const value = foldCase(address);
  const [addressed, named] = await Promise.all([
    context.storage.users.findByKey(connection.organizationId, { kind: 'email', value }),
    context.storage.users.findByKey(connection.organizationId, { kind: 'userName', value }),
  ]);
  const routed = await isRouted(context, connection, domainOf(address));
  const own: User[] = [];
  for (const user of [...addressed, ...named]) {
    const isOwn = routed || user.provisionedBy.includes(connection.id);
    if (isOwn || (await findLinkOfUser(context, connection, user.id)) !== null) own.push(user);
  }
  return own;
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** NUL is refused everywhere: stores differ in what they make of it. */
function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= longest && !value.includes('\0');
}
