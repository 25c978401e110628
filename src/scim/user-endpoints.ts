// The verbs on one user (RFC 7644 §3.3 to §3.6): read, create or restore, replace, patch, delete. Each write is one call of the write side,
// whose edit runs again on fresh state when somebody else wrote first, so nothing is lost between two clients.

import { describeActor } from '#directory/actor.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { UserId } from '#directory/identifiers.ts';
import { writeStatus, type UserEdit } from '#directory/user-change.ts';
import type { User, UserProfile } from '#directory/user.ts';
import type { DepartmentTextRule } from '#provisioning/assign-departments.ts';
import type { ChangeOptions } from '#provisioning/change-user.ts';
import { provenance } from '#provisioning/provision-user.ts';
import { noteChange, noteUser } from './call-notes.ts';
import type { KnownDepartments } from './department-representation.ts';
import { PERSON_URN } from './person-schema.ts';
import { namesSchema } from './protocol/body-attributes.ts';
import { equalJson, isJsonObject, type JsonObject, type JsonValue } from './protocol/json-value.ts';
import { applyPatch } from './protocol/patch-application.ts';
import { parsePatchRequest, type PatchOperation } from './protocol/patch-request.ts';
import { isShown, type Projection } from './protocol/projection.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';
import { validateResource } from './protocol/schema-validation.ts';
import { answerResource, answerUnmodified, readCondition, readProjection, readResourceId } from './resource-request.ts';
import { toChangeContext, type ScimAnswer, type ScimContext, type ScimRequest } from './scim-operation.ts';
import { createUserRelations } from './user-relations.ts';
import { createUserVersion, fromScimUser, toScimUser, toUserContent, type WrittenUser } from './user-representation.ts';

/** `GET /Users/{id}`; 304 when the client has this version. */
export async function readUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const projection = readProjection(request, request.schemas.user);
  const user = await context.storage.users.get(request.client.organizationId, toUserId(request));
  if (user === null || user.deletedAt !== undefined) return refuseUnknown();
  const answer = await showUser(context, request, user, 200, projection);
  return answerUnmodified(request, answer.headers?.['ETag'] ?? '') ?? answer;
}

/** `POST /Users`: creates, or restores an inactive user who is the same person (scim.md 5.4); 201 either way. */
export async function createUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { organizationId, connection, settings } = request.client;
  const projection = readProjection(request, request.schemas.user);
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
        const sent = readWritten(validateResource(body, schema, { strict, current }), schema, known.profile);
        return withPerson(request, body, sent.profile, known.profile);
      },
      active: active ?? true,
      connection,
      restore: settings.restoreOnPost,
      endsLeaves: settings.idpDuringLeave === 'idpWins',
      departmentText: textRule(request, true),
    },
    toChangeContext(request, 'scimPost'),
  );
  const { user } = result;
  noteUser(request.notes, user);
  noteChange(request.notes, result, active ?? true);
  return showUser(context, request, user, 201, projection);
}

/** `PUT /Users/{id}`: what is left out is cleared, except `active`, and the Person extension where nothing is said of it. */
export async function replaceUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { settings } = request.client;
  const by = toChangeContext(request, 'scimPut');
  const body = await request.readBody();
  const write = (user: User): WrittenUser => {
    const schema = request.schemas.user;
    const current = toUserContent(user, schema, context.scimBase);
    const before = fromScimUser(current, schema, user.profile).profile;
    const valid = validateResource(body, schema, { strict: settings.strict, current });
    const sent = readWritten(valid, schema, user.profile);
    const profile = withPerson(request, body, sent.profile, before);
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
    const schema = request.schemas.user;
    const { active: _shown, ...resource } = toUserContent(user, schema, context.scimBase, departments);
    const patched = applyPatch({ ...resource, ...groups }, operations, schema, { strict });
    return readWritten(patched, schema, user.profile);
  };
  return writeUser(context, request, by, write, false);
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
  const { organizationId, connection, settings } = request.client;
  const endsLeaves = settings.idpDuringLeave === 'idpWins';
  const projection = readProjection(request, request.schemas.user);
  let written: boolean | undefined;
  const edit = (user: User): UserEdit => {
    const { profile, active } = write(user);
    written = active;
    const writer = { connection, now: context.now(), by: describeActor(by.actor), endsLeaves };
    const status = active === undefined ? {} : writeStatus(user, active, writer);
    return { profile, ...status, ...provenance(user, connection) };
  };
  const options = { ...conditionOf(context, request), departmentText: textRule(request, isWhole) };
  const result = await context.provisioning.changeUser(organizationId, toUserId(request), edit, by, options);
  noteChange(request.notes, result, written);
  return showUser(context, request, result.user, 200, projection);
}

/** A client that does not know the extension says nothing of it, and what others wrote there stays. A strict one clears what it leaves out. */
function withPerson({ client }: ScimRequest, body: JsonValue, sent: UserProfile, before: UserProfile): UserProfile {
  const { person } = before;
  const isSilent = !client.settings.strict && isJsonObject(body) && !namesSchema(body, PERSON_URN);
  return isSilent && person !== undefined ? { ...sent, person } : sent;
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
  request.notes.warnings.add('active:false repeats what was shown before: taken for an echo and ignored.');
  return true;
}

async function showUser(
  context: ScimContext,
  { schemas }: ScimRequest,
  user: User,
  status: 200 | 201,
  projection: Projection,
): Promise<ScimAnswer> {
  const relations = createUserRelations(context, user.organizationId);
  if (isShown(projection, 'groups')) await relations.addGroups([user]);
  await relations.addDepartments([user]);
  const resource = toScimUser(user, schemas.user, context.scimBase, relations.of(user));
  return answerResource(status, resource, schemas.user, projection);
}

function conditionOf({ scimBase }: ScimContext, request: ScimRequest): ChangeOptions {
  const { notes, schemas } = request;
  const versionOf = (user: User): string => createUserVersion(toUserContent(user, schemas.user, scimBase));
  const { precondition } = readCondition(request, 'user', versionOf);
  return {
    precondition(user) {
      noteUser(notes, user);
      precondition?.(user);
    },
  };
}

function readWritten(resource: JsonObject, schema: ResourceSchema, before: UserProfile | null): WrittenUser {
  const written = fromScimUser(resource, schema, before);
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
