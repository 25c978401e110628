// The verbs on one user (RFC 7644 §3.3 to §3.6): read, create or restore, replace, patch, delete. Each write is one call of the write side,
// whose edit runs again on fresh state when somebody else wrote first, so nothing is lost between two clients.

import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { UserId } from '#directory/identifiers.ts';
import { writeActive, type UserEdit } from '#directory/user-change.ts';
import type { User, UserProfile } from '#directory/user.ts';
import type { DepartmentTextRule } from '#provisioning/assign-departments.ts';
import type { ChangeOptions } from '#provisioning/change-user.ts';
import { provenance } from '#provisioning/provision-user.ts';
import type { KnownDepartments } from './department-representation.ts';
import { PERSON_URN } from './person-schema.ts';
import { namesSchema } from './protocol/body-attributes.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from './protocol/json-value.ts';
import { applyPatch } from './protocol/patch-application.ts';
import { parsePatchRequest, type PatchOperation } from './protocol/patch-request.ts';
import { isShown, type Projection } from './protocol/projection.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import { validateResource } from './protocol/schema-validation.ts';
import { answerResource, answerUnmodified, readCondition, readProjection, readResourceId } from './resource-request.ts';
import { toChangeContext, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';
import { createUserRelations } from './user-relations.ts';
import { createUserVersion, fromScimUser, toScimUser, toUserContent, type WrittenUser } from './user-representation.ts';
import { userResourceSchema } from './user-schema.ts';

/** `GET /Users/{id}`; 304 when the client has this version. */
export async function readUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const projection = readProjection(request, userResourceSchema);
  const user = await context.storage.users.get(request.client.organizationId, toUserId(request));
  if (user === null || user.deletedAt !== undefined) return refuseUnknown();
  const answer = await showUser(context, user, 200, projection);
  return answerUnmodified(request, answer.headers?.['ETag'] ?? '') ?? answer;
}

/** `POST /Users`: creates, or restores an inactive user who is the same person (scim.md 5.4); 201 either way. */
export async function createUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { organizationId, connection, settings } = request.client;
  const projection = readProjection(request, userResourceSchema);
  const body = await request.readBody();
  const { profile, active } = readWritten(validateResource(body, userResourceSchema, { strict: settings.strict }));
  const { user } = await context.provisioning.provisionUser(
    organizationId,
    {
      profile,
      active: active ?? true,
      connection,
      restore: settings.restoreOnPost,
      keepsPerson: keepsPerson(request, body),
      departmentText: textRule(request, true),
    },
    toChangeContext(request, 'scimPost'),
  );
  return showUser(context, user, 201, projection);
}

/** `PUT /Users/{id}`: what is left out is cleared, except `active`, and the Person extension where nothing is said of it. */
export async function replaceUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { settings } = request.client;
  const by = toChangeContext(request, 'scimPut');
  const body = await request.readBody();
  const write = (user: User): WrittenUser => {
    const current = toUserContent(user, context.scimBase);
    const before = fromScimUser(current).profile;
    const sent = readWritten(validateResource(body, userResourceSchema, { strict: settings.strict, current }));
    const keeps = before.person !== undefined && keepsPerson(request, body);
    const profile = keeps ? { ...sent.profile, person: before.person } : sent.profile;
    const active = isEcho(context, request, user, before, { ...sent, profile }) ? undefined : sent.active;
    return { profile, active };
  };
  return writeUser(context, request, by, write, true);
}

/** `PATCH /Users/{id}`: all operations or none; answers the whole user, so that the client sees the effective status. */
export async function patchUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { strict } = request.client.settings;
  const by = toChangeContext(request, 'scimPatch');
  const operations = parsePatchRequest(await request.readBody(), { strict });
  const { groups, departments } = await readRelatedIfNamed(context, request, operations);
  const write = (user: User): WrittenUser => {
    // Without `active`, so that what comes out tells whether it was written: the same value written again still counts.
    const { active: _shown, ...resource } = toUserContent(user, context.scimBase, departments);
    return readWritten(applyPatch({ ...resource, ...groups }, operations, userResourceSchema, { strict }));
  };
  return writeUser(context, request, by, write, false);
}

/** `DELETE /Users/{id}`: 204, and 404 from then on. */
export async function deleteUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const by = toChangeContext(request, 'scimDelete');
  await context.provisioning.removeUser(
    request.client.organizationId,
    toUserId(request),
    by,
    conditionOf(context, request),
  );
  return { status: 204 };
}

/**
 * `groups` is read only: an echo passes, another value is refused. Departments can be named by what follows from them, such as their code. Few
 * PATCHes speak of either.
 */
async function readRelatedIfNamed(
  context: ScimContext,
  request: ScimRequest,
  operations: readonly PatchOperation[],
): Promise<{ readonly groups?: JsonObject; readonly departments?: KnownDepartments }> {
  const text = JSON.stringify(operations);
  const [namesGroups, namesDepartments] = [/groups/i.test(text), /departments/i.test(text)];
  if (!namesGroups && !namesDepartments) return {};
  const { organizationId } = request.client;
  const user = await context.storage.users.get(organizationId, toUserId(request));
  if (user === null) return {};
  const relations = createUserRelations(context, organizationId);
  if (namesGroups) await relations.addGroups([user]);
  if (namesDepartments) await relations.addDepartments([user]);
  const { groups, departments } = relations.of(user);
  return { ...(groups.length === 0 ? {} : { groups: { groups } }), ...(namesDepartments ? { departments } : {}) };
}

async function writeUser(
  context: ScimContext,
  request: ScimRequest,
  by: ChangeContext,
  write: (user: User) => WrittenUser,
  isWhole: boolean,
): Promise<ScimAnswer> {
  const { organizationId, connection } = request.client;
  const projection = readProjection(request, userResourceSchema);
  const edit = (user: User): UserEdit => {
    const { profile, active } = write(user);
    const holds =
      active === undefined
        ? user.holds
        : writeActive(user.holds, connection, active, context.now(), describeActor(by.actor));
    return { profile, holds, ...provenance(user, connection) };
  };
  const options = { ...conditionOf(context, request), departmentText: textRule(request, isWhole) };
  const { user } = await context.provisioning.changeUser(organizationId, toUserId(request), edit, by, options);
  return showUser(context, user, 200, projection);
}

/** A client that does not know the extension says nothing of it, and what others wrote there stays. A strict one clears what it leaves out. */
function keepsPerson({ client }: ScimRequest, body: JsonValue): boolean {
  return !client.settings.strict && isJsonObject(body) && !namesSchema(body, PERSON_URN);
}

function textRule({ client }: ScimRequest, isWhole: boolean): DepartmentTextRule {
  return { creates: client.settings.createDepartments === true, isWhole };
}

/**
 * Okta reads a user and sends the whole object back: with `ignoreEchoedInactive`, an `active:false` that repeats ours beside
 * another change places no hold (scim.md 5.2). Off by default: ignoring a real one would let a leaver back in.
 */
function isEcho(
  context: ScimContext,
  request: ScimRequest,
  user: User,
  before: UserProfile,
  written: WrittenUser,
): boolean {
  const { settings, connection, organizationId } = request.client;
  if (!settings.ignoreEchoedInactive || written.active !== false || user.active) return false;
  if (equalJson(written.profile as unknown as JsonValue, before as unknown as JsonValue)) return false;
  context.logger.warn(
    { event: 'scim.echo', request_id: request.requestId, organization: organizationId, connection, user: user.id },
    'an echoed active:false was ignored',
  );
  return true;
}

async function showUser(
  context: ScimContext,
  user: User,
  status: 200 | 201,
  projection: Projection,
): Promise<ScimAnswer> {
  const relations = createUserRelations(context, user.organizationId);
  if (isShown(projection, 'groups')) await relations.addGroups([user]);
  await relations.addDepartments([user]);
  const resource = toScimUser(user, context.scimBase, relations.of(user));
  return answerResource(status, resource, userResourceSchema, projection);
}

function conditionOf({ scimBase }: ScimContext, request: ScimRequest): ChangeOptions {
  return readCondition(request, 'user', (user: User) => createUserVersion(toUserContent(user, scimBase)));
}

function readWritten(resource: JsonObject): WrittenUser {
  const written = fromScimUser(resource);
  assertUserName(written.profile);
  return written;
}

function assertUserName({ userName }: UserProfile): void {
  if (userName.trim() === '') throw new ProtocolError('invalidValue', 'userName must not be blank.');
}

function toUserId(request: ScimRequest): UserId {
  return readResourceId(request, refuseUnknown);
}

function refuseUnknown(): never {
  throw new DirectoryError('userNotFound', 'There is no user with this id.');
}
