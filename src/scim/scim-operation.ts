// What every SCIM operation is given and answers with: plain values, so that only the router knows HTTP's own objects.
// Who the client is comes from its credential and from nowhere else (RFC 7644 §6.2).

import type { ScimProvisioning } from '#directory/connection.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { Mouth } from '#directory/actor.ts';
import type { ConnectionId, CredentialId, OrganizationId } from '#directory/identifiers.ts';
import type { Logger } from '#observability/logger.ts';
import type { ProvisioningLog } from '#provisioning/provisioning-log.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { Storage } from '#storage/storage.ts';
import type { CallNotes } from './call-notes.ts';
import type { JsonDocumentLimits } from './protocol/json-document.ts';
import type { JsonObject, JsonValue } from './protocol/json-value.ts';
import type { OrganizationSchemas } from './organization-schemas.ts';
import type { PageLimits } from './protocol/list-response.ts';
import type { ScimScope } from './scim-scopes.ts';
import type { WalkMarks } from './walk-marks.ts';

/** The calling system: its organisation, its connection and what that connection is set to. */
export interface ScimClient {
  readonly organizationId: OrganizationId;
  readonly connection: ConnectionId;
  readonly credential: CredentialId;
  readonly settings: ScimProvisioning;
  readonly scopes: ReadonlySet<ScimScope>;
}

export interface ScimContext {
  readonly storage: Pick<Storage, 'users' | 'groups' | 'records'>;
  readonly provisioning: Pick<
    Provisioning,
    | 'provisionUser'
    | 'changeUser'
    | 'removeUser'
    | 'createGroup'
    | 'changeGroup'
    | 'removeGroup'
    | 'createDepartment'
    | 'changeDepartment'
    | 'removeDepartment'
  >;
  readonly now: () => number;
  /** Signs cursors. */
  readonly cursorKey: Uint8Array;
  readonly walkMarks: WalkMarks;
  /** Absolute, without a slash at the end; every location is built from it, never from `Host`. */
  readonly scimBase: string;
  readonly logger: Pick<Logger, 'warn'>;
  readonly provisioningLog: Pick<ProvisioningLog, 'add'>;
}

export interface ScimRequest {
  readonly client: ScimClient;
  /** By which the organisation's resources are read and written. */
  readonly schemas: OrganizationSchemas;
  /** The variable segment of the path, decoded; empty where there is none. */
  readonly id: string;
  readonly query: URLSearchParams;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly requestId: string;
  /** For the provisioning log. */
  readonly notes: CallNotes;
  /** Asks again whether the credential still counts; for what takes long. Throws `ScimError` 401. */
  readonly assertStillIn: () => Promise<void>;
  /** Reads the body; throws `RequestError`, or `ProtocolError` invalidSyntax. */
  readonly readBody: (limits?: Partial<JsonDocumentLimits>) => Promise<JsonValue>;
}

export interface ScimAnswer {
  readonly status: number;
  readonly body?: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ScimOperation = (context: ScimContext, request: ScimRequest) => Promise<ScimAnswer>;

/** `filter.maxResults` of ServiceProviderConfig, and the page without `count`. */
export const pageLimits: PageLimits = { defaultCount: 100, maxCount: 200 };

/** Who changes, as holds and audit entries will name them. */
export function toChangeContext({ client, requestId }: ScimRequest, mouth: Mouth): ChangeContext {
  const { connection, credential, settings } = client;
  const brake = settings.brake === undefined ? {} : { brake: settings.brake };
  return { actor: { kind: 'connection', connection, credential }, mouth, requestId, ...brake };
}
