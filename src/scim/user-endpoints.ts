// The verbs on one user (RFC 7644 §3.3 to §3.6): read, create or restore, replace, patch, delete. Each write is one call of the write side,
// whose edit runs again on fresh state when somebody else wrote first, so nothing is lost between two clients.

import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { UserId } from '#directory/identifiers.ts';
import { writeActive, type UserEdit } from '#directory/user-change.ts';
import type { User, UserProfile } from '#directory/user.ts';
import type { ChangeOptions } from '#provisioning/change-user.ts';
import { provenance } from '#provisioning/provision-user.ts';
import { noteChange, noteUser } from './call-notes.ts';
import { isNotModified, passesIfMatch } from './protocol/entity-tag.ts';
import { equalJson, type JsonObject, type JsonValue } from './protocol/json-value.ts';
import { applyPatch } from './protocol/patch-application.ts';
import { parsePatchRequest, type PatchOperation } from './protocol/patch-request.ts';
import { isShown, parseProjection, projectResource, type Projection } from './protocol/projection.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import { validateResource } from './protocol/schema-validation.ts';
import { toChangeContext, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';
import { readUserGroups } from './user-groups.ts';
import {
  createUserVersion,
  fromScimUser,
  toScimUser,
  toUserContent,
  userLocation,
  type WrittenUser,
} from './user-representation.ts';

/** `GET /Users/{id}`; 304 when the client has this version. */
export async function readUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const projection = readProjection(request);
  const user = await context.storage.users.get(request.client.organizationId, toUserId(request));
  if (user === null || user.deletedAt !== undefined) throw unknownUser();
  const answer = await showUser(context, request, user, 200, projection);
  const version = answer.headers?.['ETag'] ?? '';
  if (isNotModified(request.ifNoneMatch, version)) return { status: 304, headers: { ETag: version } };
  return answer;
}

/** `POST /Users`: creates, or restores an inactive user who is the same person (scim.md 5.4); 201 either way. */
export async function createUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { organizationId, connection, settings } = request.client;
  const projection = readProjection(request);
  const body = await request.readBody();
  const schema = request.schemas.user;
  const { strict } = settings;
  const { profile, active } = readWritten(validateResource(body, schema, { strict }), schema, null);
  const result = await context.provisioning.provisionUser(
    organizationId,
    {
      profile,
      // Whoever is restored was somebody: what is immutable, and what nobody sees, is theirs still.
      profileOf(known) {
        const current = toUserContent(known, schema, context.scimBase);
        return readWritten(validateResource(body, schema, { strict, current }), schema, known.profile).profile;
      },
      active: active ?? true,
      connection,
      restore: settings.restoreOnPost,
    },
    toChangeContext(request, 'scimPost'),
  );
  const { user } = result;
  noteUser(request.notes, user);
  noteChange(request.notes, result, active ?? true);
  const answer = await showUser(context, request, user, 201, projection);
  return { ...answer, headers: { ...answer.headers, Location: userLocation(user, context.scimBase) } };
}

/** `PUT /Users/{id}`: what is left out is cleared, except `active`. */
export async function replaceUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { settings } = request.client;
  const by = toChangeContext(request, 'scimPut');
  const body = await request.readBody();
  return writeUser(context, request, by, (user) => {
    const schema = request.schemas.user;
    const current = toUserContent(user, schema, context.scimBase);
    const valid = validateResource(body, schema, { strict: settings.strict, current });
    const written = readWritten(valid, schema, user.profile);
    if (!isEcho(context, request, user, written)) return written;
    return { profile: written.profile, active: undefined };
  });
}

/** `PATCH /Users/{id}`: all operations or none; answers the whole user, so that the client sees the effective status. */
export async function patchUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { strict } = request.client.settings;
  const by = toChangeContext(request, 'scimPatch');
  const operations = parsePatchRequest(await request.readBody(), { strict });
  const groups = await readGroupsIfNamed(context, request, operations);
  return writeUser(context, request, by, (user) => {
    // Without `active`, so that what comes out tells whether it was written: the same value written again still counts.
    const schema = request.schemas.user;
    const { active: _shown, ...resource } = toUserContent(user, schema, context.scimBase);
    const patched = applyPatch({ ...resource, ...groups }, operations, schema, { strict });
    return readWritten(patched, schema, user.profile);
  });
}

/** `DELETE /Users/{id}`: 204, and 404 from then on. */
export async function deleteUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const by = toChangeContext(request, 'scimDelete');
  const result = await context.provisioning.removeUser(
    request.client.organizationId,
    toUserId(request),
    by,
    conditionOf(context, request),
  );
  noteChange(request.notes, result, undefined);
  return { status: 204 };
}

/** `groups` is read only: an echo passes, another value is refused. Few PATCHes speak of it. */
async function readGroupsIfNamed(
  { storage, scimBase }: ScimContext,
  request: ScimRequest,
  operations: readonly PatchOperation[],
): Promise<{ readonly groups?: readonly JsonObject[] }> {
  if (!/groups/i.test(JSON.stringify(operations))) return {};
  const id = toUserId(request);
  const groups = (await readUserGroups(storage, request.client.organizationId, [{ id }], scimBase)).get(id);
  return groups === undefined ? {} : { groups };
}

async function writeUser(
  context: ScimContext,
  request: ScimRequest,
  by: ChangeContext,
  write: (user: User) => WrittenUser,
): Promise<ScimAnswer> {
  const { organizationId, connection } = request.client;
  const projection = readProjection(request);
  let written: boolean | undefined;
  const edit = (user: User): UserEdit => {
    const { profile, active } = write(user);
    written = active;
    const holds =
      active === undefined
        ? user.holds
        : writeActive(user.holds, connection, active, context.now(), describeActor(by.actor));
    return { profile, holds, ...provenance(user, connection) };
  };
  const options = conditionOf(context, request);
  const result = await context.provisioning.changeUser(organizationId, toUserId(request), edit, by, options);
  noteChange(request.notes, result, written);
  return showUser(context, request, result.user, 200, projection);
}

/**
 * Okta reads a user and sends the whole object back: with `ignoreEchoedInactive`, an `active:false` that repeats ours beside
 * another change places no hold (scim.md 5.2). Off by default: ignoring a real one would let a leaver back in.
 */
function isEcho(context: ScimContext, request: ScimRequest, user: User, written: WrittenUser): boolean {
  const { settings, connection, organizationId } = request.client;
  if (!settings.ignoreEchoedInactive || written.active !== false || user.active) return false;
  if (equalJson(written.profile as JsonValue, user.profile as JsonValue)) return false;
  context.logger.warn(
    { event: 'scim.echo', request_id: request.requestId, organization: organizationId, connection, user: user.id },
    'an echoed active:false was ignored',
  );
  request.notes.warnings.add('active:false repeats what was shown before: taken for an echo and ignored.');
  return true;
}

async function showUser(
  context: ScimContext,
  { schemas }: ScimRequest,
  user: User,
  status: number,
  projection: Projection,
): Promise<ScimAnswer> {
  const { scimBase, storage } = context;
  const groups = isShown(projection, 'groups')
    ? (await readUserGroups(storage, user.organizationId, [user], scimBase)).get(user.id)
    : undefined;
  const resource = toScimUser(user, schemas.user, scimBase, groups);
  const { version } = resource['meta'] as JsonObject;
  return {
    status,
    body: projectResource(resource, schemas.user, projection),
    headers: { ETag: version as string },
  };
}

/** `If-Match` as a condition that is asked on every retry. */
function conditionOf({ scimBase }: ScimContext, { ifMatch, notes, schemas }: ScimRequest): ChangeOptions {
  return {
    precondition(user) {
      noteUser(notes, user);
      if (ifMatch === undefined) return;
      if (passesIfMatch(ifMatch, createUserVersion(toUserContent(user, schemas.user, scimBase)))) return;
      throw new DirectoryError('revisionMismatch', 'The user has changed since the version named in If-Match.');
    },
  };
}

/** Read before anything is written: a broken parameter must not leave a change behind. */
function readProjection({ query, schemas }: ScimRequest): Projection {
  return parseProjection(
    { attributes: query.getAll('attributes'), excludedAttributes: query.getAll('excludedAttributes') },
    schemas.user,
  );
}

function readWritten(resource: JsonObject, schema: ResourceSchema, before: UserProfile | null): WrittenUser {
  const written = fromScimUser(resource, schema, before);
  assertUserName(written.profile);
  return written;
}

function assertUserName({ userName }: UserProfile): void {
  if (userName.trim() === '') throw new ProtocolError('invalidValue', 'userName must not be blank.');
}

/** No store is asked about what no id of ours can be. */
function toUserId({ id }: ScimRequest): UserId {
  if (!/^[\w.-]{1,128}$/.test(id)) throw unknownUser();
  return id as UserId;
}

function unknownUser(): DirectoryError {
  return new DirectoryError('userNotFound', 'There is no user with this id.');
}
