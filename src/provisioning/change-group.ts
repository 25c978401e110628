// Groups: created, changed, removed. Members come and go in net, so that a change of one in ten thousand reads one. No status changes here:
// whoever is switched off stays a member, and is out all the same.

import { DirectoryError } from '#directory/directory-error.ts';
import { toEffects, partsOf, type Difference } from '#directory/effect.ts';
import { differingAttributes, type ChangeContext } from '#directory/effects-between.ts';
import { groupEvent } from '#directory/group-audit.ts';
import { mostMembersAtOnce, type Group, type GroupMember, type GroupProfile } from '#directory/group.ts';
import {
  createTimeOrderedId,
  type ChangeId,
  type ConnectionId,
  type GroupId,
  type OrganizationId,
} from '#directory/identifiers.ts';
import { membersAmong, resolveMembers } from './group-members.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

/** What a group should be. `add` and `remove` are ids; nobody is in both. */
export interface GroupEdit {
  readonly profile: GroupProfile;
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export interface GroupOptions {
  /** Throws when the group as read does not meet the caller's condition (`If-Match`). Asked again on every retry. */
  readonly precondition?: (group: Group) => void;
  /** Ids that name nobody are refused (`invalidValue`) instead of dropped. */
  readonly refuseUnknown?: boolean;
}

export interface GroupResult {
  readonly group: Group;
  readonly changed: boolean;
  /** Ids that name nobody and were dropped. */
  readonly unknown: readonly string[];
  /** What changed; left out: nothing. */
  readonly difference?: Difference;
}

/** Within a process changes of one group take turns (provisioning.ts); another node may have been faster. */
const maximumRounds = 500;

/** Throws `DirectoryError` `invalidValue`, `tooManyMembers`. */
export async function createGroup(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  request: { readonly profile: GroupProfile; readonly members: readonly string[]; readonly connection?: ConnectionId },
  by: ChangeContext,
  options: GroupOptions = {},
): Promise<GroupResult> {
  const now = context.now();
  const id = createTimeOrderedId(now, context.randomBytes) as GroupId;
  const { connection } = request;
  const { members, unknown } = await resolve(context, organizationId, id, request.members, options);
  const group: Group = {
    id,
    organizationId,
    revision: 1,
    profile: request.profile,
    createdAt: now,
    modifiedAt: now,
    ...(connection === undefined ? {} : { lastWrittenBy: connection }),
  };
  const change = { add: members, remove: [] };
  const difference = await commit(context, null, group, change, by);
  return { group, changed: true, unknown, ...(difference === null ? {} : { difference }) };
}

/**
 * Changes a group. `edit` may read, may run several times, and throws its refusals with nothing stored. An edit that changes nothing writes
 * nothing. Throws `DirectoryError` `groupNotFound`, `invalidValue`, `tooManyMembers`, `tooManyConflicts`.
 */
export async function changeGroup(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: GroupId,
  edit: (group: Group) => Promise<GroupEdit>,
  by: ChangeContext,
  options: GroupOptions = {},
): Promise<GroupResult> {
  for (let round = 0; round < maximumRounds; round += 1) {
    const before = await load(context, organizationId, id, options);
    const edited = await edit(before);
    const { members, unknown } = await resolve(context, organizationId, id, edited.add, options);
    const change = await netChange(context, before, members, edited.remove);
    if (
      change.add.length + change.remove.length === 0 &&
      differingAttributes(before.profile, edited.profile) === null
    ) {
      await context.storage.settled();
      return { group: before, changed: false, unknown };
    }
    const writer = by.actor.kind === 'connection' ? { lastWrittenBy: by.actor.connection } : {};
    const now = context.now();
    const group: Group = {
      ...before,
      ...writer,
      profile: edited.profile,
      modifiedAt: now,
      revision: before.revision + 1,
    };
    const difference = await commit(context, before, group, change, by);
    if (difference !== null) return { group, changed: true, unknown, difference };
  }
  throw tooManyConflicts(id);
}

/** Throws `DirectoryError('groupNotFound')` the second time. Its members lose nothing but the membership. */
export async function removeGroup(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: GroupId,
  by: ChangeContext,
  options: GroupOptions = {},
): Promise<void> {
  for (let round = 0; round < maximumRounds; round += 1) {
    const before = await load(context, organizationId, id, options);
    const now = context.now();
    const group: Group = { ...before, modifiedAt: now, deletedAt: now, revision: before.revision + 1 };
    if ((await commit(context, before, group, { add: [], remove: [] }, by)) !== null) return;
  }
  throw tooManyConflicts(id);
}

async function load(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: GroupId,
  options: GroupOptions,
): Promise<Group> {
  const group = await context.storage.groups.get(organizationId, id);
  if (group === null) {
    await context.storage.settled();
    throw new DirectoryError('groupNotFound', `There is no group ${id}.`);
  }
  options.precondition?.(group);
  return group;
}

interface MemberChange {
  readonly add: readonly GroupMember[];
  readonly remove: readonly string[];
}

/** Only who is not in comes in, only who is in leaves. */
async function netChange(
  { storage }: ProvisioningContext,
  { organizationId, id }: Group,
  wanted: readonly GroupMember[],
  unwanted: readonly string[],
): Promise<MemberChange> {
  const present = await membersAmong(storage, organizationId, id, [...wanted.map((member) => member.id), ...unwanted]);
  return {
    add: wanted.filter((member) => !present.has(member.id)),
    remove: unwanted.filter((member) => present.has(member)),
  };
}

async function resolve(
  { storage }: ProvisioningContext,
  organizationId: OrganizationId,
  id: GroupId,
  ids: readonly string[],
  { refuseUnknown = false }: GroupOptions,
): Promise<{ members: readonly GroupMember[]; unknown: readonly string[] }> {
  if (ids.length > mostMembersAtOnce) throw tooManyMembers();
  const resolved = await resolveMembers(storage, organizationId, ids);
  if (resolved.members.some((member) => member.id === id))
    throw new DirectoryError('invalidValue', 'A group cannot be a member of itself.', { field: 'members' });
  const [first] = resolved.unknown;
  if (refuseUnknown && first !== undefined)
    throw new DirectoryError('invalidValue', `No user and no group has the id "${first}".`, { field: 'members' });
  return resolved;
}

/** What changed; null when somebody else wrote first. */
async function commit(
  context: ProvisioningContext,
  before: Group | null,
  group: Group,
  change: MemberChange,
  by: ChangeContext,
): Promise<Difference | null> {
  if (change.add.length + change.remove.length > mostMembersAtOnce) throw tooManyMembers();
  const id = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const event = groupEvent(before, group, change, by, id);
  const outcome = await context.storage.groups.commit({
    group,
    expectedRevision: before?.revision ?? null,
    ...change,
    effects: toEffects(context, group.organizationId, [{ kind: 'audit', event }]),
  });
  if (outcome !== 'committed') return null;
  context.wakeRelay();
  return partsOf(event);
}

function tooManyMembers(): DirectoryError {
  return new DirectoryError(
    'tooManyMembers',
    `One change may name at most ${mostMembersAtOnce} members; send it in parts.`,
  );
}

function tooManyConflicts(id: GroupId): DirectoryError {
  return new DirectoryError('tooManyConflicts', `Group ${id} is being changed too often; try again.`);
}
