// From a SCIM filter to a query over users (RFC 7644 §3.4.2.2): what can be looked up by an index is, and every candidate
// is then judged on its whole representation. Grammar and meaning stand in protocol/.

import { foldCase, type UserId } from '#directory/identifiers.ts';
import type { User, UserKeyKind } from '#directory/user.ts';
import type { UserQuery } from '#storage/user-query.ts';
import { bindFilter, matchesFilter } from './protocol/filter-evaluation.ts';
import { collectEqualities, type EqualityTerm, mentions } from './protocol/filter-narrowing.ts';
import { parseFilter } from './protocol/filter-tree.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { PERSON_URN } from './person-schema.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';

export interface UserFilter {
  readonly narrowTo?: NonNullable<UserQuery['narrowTo']>;
  matches(resource: JsonObject): boolean;
  /** Whether `meta.version` is asked about, which costs a hash per user. */
  readonly usesVersion: boolean;
  /** Whether `groups` is asked about, which are read apart. */
  readonly usesGroups: boolean;
  /** Whether departments are asked about, whose names and codes are read apart. */
  readonly usesDepartments: boolean;
}

/** Reads a filter on users. Throws `ProtocolError` invalidFilter. */
export function parseUserFilter(
  text: string,
  schema: ResourceSchema,
  { strict, amongAllTypes }: { readonly strict: boolean; readonly amongAllTypes: boolean },
): UserFilter {
  const unknownAttribute = amongAllTypes ? 'noValue' : 'refuse';
  const bound = bindFilter(parseFilter(text, { strict }), schema, { strict, unknownAttribute });
  const narrowTo = narrow(collectEqualities(bound));
  return {
    ...(narrowTo === undefined ? {} : { narrowTo }),
    matches: (resource) => matchesFilter(bound, resource),
    usesVersion: mentions(bound, isVersion),
    usesGroups: mentions(bound, ([attribute]) => attribute === 'groups'),
    usesDepartments: mentions(bound, isOfDepartments),
  };
}

const keyKinds: Readonly<Record<string, UserKeyKind>> = {
  userName: 'userName',
  externalId: 'externalId',
  displayName: 'displayName',
  'emails.value': 'email',
  [`${PERSON_URN}.departments.value`]: 'department',
};

/** The first equality that names one user, else the first that an index knows. */
function narrow(terms: readonly EqualityTerm[]): UserFilter['narrowTo'] | undefined {
  const texts = terms.filter((term): term is EqualityTerm & { value: string } => typeof term.value === 'string');
  const byId = texts.find((term) => nameOf(term) === 'id');
  if (byId !== undefined) return { id: byId.value as UserId };
  const byKey = texts.find((term) => nameOf(term) === 'userName') ?? texts.find((term) => keyOf(term) !== undefined);
  const key = byKey === undefined ? undefined : keyOf(byKey);
  return key === undefined ? undefined : { key };
}

function keyOf(term: EqualityTerm & { value: string }): { kind: UserKeyKind; value: string } | undefined {
  const name = nameOf(term);
  const kind = Object.hasOwn(keyKinds, name) ? keyKinds[name] : undefined;
  if (kind === undefined) return undefined;
  if (kind === 'externalId' || kind === 'department') return { kind, value: term.value };
  if (kind !== 'email') return { kind, value: foldCase(term.value) };
  // Within one element the type is part of the key: `emails[type eq "work"].value eq "x"`.
  const type = term.withinElement?.find((part) => part.subAttribute === 'type')?.value;
  return { kind, value: foldCase(typeof type === 'string' ? `${type}|${term.value}` : term.value) };
}

function nameOf(term: EqualityTerm): string {
  return term.attributePath.join('.');
}

/** `meta[…]` may ask about the version, too. */
function isVersion(path: readonly string[]): boolean {
  return path[0] === 'meta' && (path.length === 1 || path.at(-1) === 'version');
}

/** Paths of the Person extension's departments. */
export function isOfDepartments(path: readonly string[]): boolean {
  return path[0] === PERSON_URN && path[1] === 'departments';
}

/** A user as filter and sort order see them, made once per user. */
export function createUserView(toResource: (user: User) => JsonObject): (user: User) => JsonObject {
  const made = new WeakMap<User, JsonObject>();
  return (user) => {
    let resource = made.get(user);
    if (resource === undefined) {
      resource = toResource(user);
      made.set(user, resource);
    }
    return resource;
  };
}
