// The verbs on one group (RFC 7644 §3.3 to §3.6). Each write is one call of the write side, whose edit runs again on fresh state when somebody
// else wrote first: clients change one group in parallel, and none of them hears of it unless it sent `If-Match`.

import { DirectoryError } from '#directory/directory-error.ts';
import type { Group, GroupMember, GroupProfile } from '#directory/group.ts';
import type { GroupId } from '#directory/identifiers.ts';
import type { GroupEdit, GroupOptions, GroupResult } from '#provisioning/change-group.ts';
import { listMembers, membersAmong } from '#provisioning/group-members.ts';
import {
  createGroupVersion,
  fromScimGroup,
  memberIdsOf,
  toGroupContent,
  toScimGroup,
  type WrittenGroup,
} from './group-representation.ts';
import { namedMembers, type NamedMembers } from './group-patch.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { applyPatch } from './protocol/patch-application.ts';
import { parsePatchRequest } from './protocol/patch-request.ts';
import { isCustomProjection, isShown, type Projection } from './protocol/projection.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import { validateResource } from './protocol/schema-validation.ts';
import { answerResource, answerUnmodified, readCondition, readProjection, readResourceId } from './resource-request.ts';
import { toChangeContext, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';

/** A member is two or three values, and a group may be sent whole: as many as fit into a body. */
const groupBodyLimits = { maxValues: 100_000 };

/** `GET /Groups/{id}`; members are read only if they are shown. */
export async function readGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const projection = readProjection(request, request.schemas.group);
  const group = await context.storage.groups.get(request.client.organizationId, toGroupId(request));
  if (group === null) return refuseUnknown();
  const version = createGroupVersion(group, request.schemas.group);
  return answerUnmodified(request, version) ?? showGroup(context, request, group, 200, projection);
}

/** `POST /Groups`. Members who are nobody are left out, and the answer shows who is in; a strict connection is refused. */
export async function createGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { organizationId, connection, settings } = request.client;
  const projection = readProjection(request, request.schemas.group);
  const body = await request.readBody(groupBodyLimits);
  const schema = request.schemas.group;
  const written = readWritten(validateResource(body, schema, { strict: settings.strict }), schema, null);
  const result = await context.provisioning.createGroup(
    organizationId,
    { ...written, connection },
    toChangeContext(request, 'scimPost'),
    { refuseUnknown: settings.strict },
  );
  noteResult(context, request, result);
  return showGroup(context, request, result.group, 201, projection);
}

/** `PUT /Groups/{id}`: the members are exactly those that are sent. */
export async function replaceGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { organizationId, settings } = request.client;
  const projection = readProjection(request, request.schemas.group);
  const body = await request.readBody(groupBodyLimits);
  const result = await writeGroup(context, request, 'scimPut', async (group) => {
    const present = await listMembers(context.storage, organizationId, group.id, { withDeleted: true });
    const schema = request.schemas.group;
    const current = toGroupContent(group, schema, [], context.scimBase);
    const valid = validateResource(body, schema, { strict: settings.strict, current });
    const written = readWritten(valid, schema, group.profile);
    return {
      profile: written.profile,
      ...differenceOf(
        present.map(({ id }) => id),
        written.members,
      ),
    };
  });
  return showGroup(context, request, result.group, 200, projection);
}

/** `PATCH /Groups/{id}`: all operations or none. 204, or 200 for a client that names attributes (RFC 7644 §3.5.2). */
export async function patchGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { strict } = request.client.settings;
  const projection = readProjection(request, request.schemas.group);
  const operations = parsePatchRequest(await request.readBody(groupBodyLimits), { strict });
  const schema = request.schemas.group;
  const named = namedMembers(operations, schema, strict);
  const result = await writeGroup(context, request, 'scimPatch', async (group) => {
    const present = await readNamed(context, group, named);
    const before = toGroupContent(group, schema, present, context.scimBase);
    const written = readWritten(applyPatch(before, operations, schema, { strict }), schema, group.profile);
    return { profile: written.profile, ...differenceOf(memberIdsOf(before['members']), written.members) };
  });
  if (isCustomProjection(projection)) return showGroup(context, request, result.group, 200, projection);
  return { status: 204, headers: { ETag: createGroupVersion(result.group, schema) } };
}

/** `DELETE /Groups/{id}`: 204, and 404 from then on; its members stay users. */
export async function deleteGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const by = toChangeContext(request, 'scimDelete');
  await context.provisioning.removeGroup(request.client.organizationId, toGroupId(request), by, conditionOf(request));
  return { status: 204 };
}

async function writeGroup(
  context: ScimContext,
  request: ScimRequest,
  mouth: 'scimPut' | 'scimPatch',
  edit: (group: Group) => Promise<GroupEdit>,
): Promise<GroupResult> {
  const { organizationId, settings } = request.client;
  const options = { ...conditionOf(request), refuseUnknown: settings.strict };
  const by = toChangeContext(request, mouth);
  const result = await context.provisioning.changeGroup(organizationId, toGroupId(request), edit, by, options);
  noteResult(context, request, result);
  return result;
}

/** Members of whom nothing is said are left alone, so they need not be known. */
async function readNamed(
  { storage }: ScimContext,
  { organizationId, id }: Group,
  named: NamedMembers,
): Promise<readonly GroupMember[]> {
  if (named === 'all') return listMembers(storage, organizationId, id, { withDeleted: true });
  if (named.size === 0) return [];
  const present = await membersAmong(storage, organizationId, id, [...named]);
  // What kind of member it is, is not asked by operations that name it by its id.
  return [...present].map((member) => ({ kind: 'user', id: member }));
}

function differenceOf(before: readonly string[], after: readonly string[]): Pick<GroupEdit, 'add' | 'remove'> {
  const [was, is] = [new Set(before), new Set(after)];
  return { add: after.filter((id) => !was.has(id)), remove: before.filter((id) => !is.has(id)) };
}

async function showGroup(
  context: ScimContext,
  { schemas }: ScimRequest,
  group: Group,
  status: 200 | 201,
  projection: Projection,
): Promise<ScimAnswer> {
  const members = isShown(projection, 'members')
    ? await listMembers(context.storage, group.organizationId, group.id)
    : undefined;
  const resource = toScimGroup(group, schemas.group, members, context.scimBase);
  return answerResource(status, resource, schemas.group, projection);
}

function noteResult(context: ScimContext, request: ScimRequest, result: GroupResult): void {
  const { group, unknown, changed, difference } = result;
  noteGroup(request, group);
  request.notes.changed = changed;
  if (difference !== undefined) request.notes.difference = difference;
  if (unknown.length === 0) return;
  const some = unknown.slice(0, 5).join(', ') + (unknown.length > 5 ? ', …' : '');
  request.notes.warnings.add(`Unknown member ids were left out (${unknown.length}): ${some}`);
  const { organizationId, connection } = request.client;
  context.logger.warn(
    {
      event: 'scim.unknownMembers',
      request_id: request.requestId,
      organization: organizationId,
      connection,
      group: group.id,
      unknown: unknown.length,
    },
    'members that are nobody were left out',
  );
}

function noteGroup({ notes }: ScimRequest, { id, profile }: Group): void {
  notes.resource = { type: 'Group', id, name: profile.displayName };
}

function conditionOf(request: ScimRequest): GroupOptions {
  const { precondition } = readCondition(request, 'group', (group: Group) =>
    createGroupVersion(group, request.schemas.group),
  );
  return {
    precondition(group) {
      noteGroup(request, group);
      precondition?.(group);
    },
  };
}

function readWritten(resource: JsonObject, schema: ResourceSchema, before: GroupProfile | null): WrittenGroup {
  const written = fromScimGroup(resource, schema, before);
  if (written.profile.displayName.trim() === '')
    throw new ProtocolError('invalidValue', 'displayName must not be blank.');
  return written;
}

function toGroupId(request: ScimRequest): GroupId {
  return readResourceId(request, refuseUnknown);
}

function refuseUnknown(): never {
  throw new DirectoryError('groupNotFound', 'There is no group with this id.');
}
