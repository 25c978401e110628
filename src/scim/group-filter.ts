// From a SCIM filter to a query over groups (RFC 7644 §3.4.2.2), and which members it has to know: none, a few by their ids, or all.

import { foldCase, type GroupId, type OrganizationId } from '#directory/identifiers.ts';
import type { Group, GroupMember } from '#directory/group.ts';
import { listMembersOf, resolveMembers } from '#provisioning/group-members.ts';
import type { Storage } from '#storage/storage.ts';
import { bindFilter, type BoundFilter, matchesFilter } from './protocol/filter-evaluation.ts';
import { collectEqualities, type EqualityTerm } from './protocol/filter-narrowing.ts';
import { parseFilter } from './protocol/filter-tree.ts';
import type { JsonObject } from './protocol/json-value.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';

/** Ids of members a filter asks about, or all. */
type Asked = ReadonlySet<string> | 'all';

export interface GroupFilter {
  /** Reads by an index a superset of the answer; undefined where no index helps. */
  readonly narrowed:
    | ((storage: Pick<Storage, 'groups'>, organizationId: OrganizationId) => Promise<readonly Group[]>)
    | undefined;
  readonly asked: Asked;
  matches(resource: JsonObject): boolean;
}

/** Reads a filter on groups. Throws `ProtocolError` invalidFilter. */
export function parseGroupFilter(
  text: string,
  schema: ResourceSchema,
  { strict, amongAllTypes }: { readonly strict: boolean; readonly amongAllTypes: boolean },
): GroupFilter {
  const unknownAttribute = amongAllTypes ? 'noValue' : 'refuse';
  const bound = bindFilter(parseFilter(text, { strict }), schema, { strict, unknownAttribute });
  return {
    narrowed: narrow(collectEqualities(bound)),
    asked: askedMembers(bound),
    matches: (resource) => matchesFilter(bound, resource),
  };
}

function narrow(terms: readonly EqualityTerm[]): GroupFilter['narrowed'] {
  const valueOf = (name: string): string | undefined => {
    const term = terms.find(({ attributePath }) => attributePath.join('.') === name);
    return typeof term?.value === 'string' ? term.value : undefined;
  };
  const id = valueOf('id');
  if (id !== undefined) return ({ groups }, organizationId) => groups.getMany(organizationId, [id as GroupId]);
  const externalId = valueOf('externalId');
  if (externalId !== undefined)
    return ({ groups }, organizationId) => groups.findByKey(organizationId, { kind: 'externalId', value: externalId });
  const displayName = valueOf('displayName');
  if (displayName !== undefined)
    return ({ groups }, organizationId) =>
      groups.findByKey(organizationId, { kind: 'displayName', value: foldCase(displayName) });
  const member = valueOf('members.value');
  if (member === undefined) return undefined;
  return async ({ groups }, organizationId) => {
    const ids = (await groups.groupsOf(organizationId, [member])).get(member) ?? [];
    return groups.getMany(organizationId, ids);
  };
}

function askedMembers(filter: BoundFilter): Asked {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return join(filter.terms.map(askedMembers));
    case 'not':
      return askedMembers(filter.term);
    case 'constant':
      return new Set();
    case 'presence':
      return filter.path[0] === 'members' ? 'all' : new Set();
    case 'element':
      return filter.path[0] === 'members' ? askedInElement(filter.filter) : new Set();
    case 'comparison':
      return filter.path[0] === 'members' ? askedInElement(filter) : new Set();
    default:
      return filter satisfies never;
  }
}

function askedInElement(filter: BoundFilter): Asked {
  if (filter.kind === 'and' || filter.kind === 'or') return join(filter.terms.map(askedInElement));
  if (filter.kind !== 'comparison') return 'all';
  const byValue = filter.path.at(-1) === 'value' && filter.operator === 'eq' && typeof filter.value === 'string';
  return byValue ? new Set([filter.value as string]) : 'all';
}

function join(parts: readonly Asked[]): Asked {
  const joined = new Set<string>();
  for (const part of parts) {
    if (part === 'all') return 'all';
    for (const id of part) joined.add(id);
  }
  return joined;
}

/** Reads the asked members of several groups: one question for a few ids, a walk through each group for all. */
export async function readAskedMembers(
  storage: Pick<Storage, 'users' | 'groups'>,
  organizationId: OrganizationId,
  groups: readonly Group[],
  asked: Asked,
): Promise<ReadonlyMap<GroupId, readonly GroupMember[]>> {
  if (asked === 'all')
    return listMembersOf(
      storage,
      organizationId,
      groups.map(({ id }) => id),
    );
  const members = new Map<GroupId, GroupMember[]>();
  if (asked.size === 0) return members;
  const known = (await resolveMembers(storage, organizationId, [...asked])).members;
  const ids = known.map(({ id }) => id);
  const groupsOf =
    ids.length === 0 ? new Map<string, readonly GroupId[]>() : await storage.groups.groupsOf(organizationId, ids);
  for (const member of known) {
    for (const id of groupsOf.get(member.id) ?? []) members.set(id, [...(members.get(id) ?? []), member]);
  }
  return members;
}
