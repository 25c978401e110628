// The custom schemas of organisations: declared, changed and removed by administrators, read by every SCIM request. Reading is from memory for a
// moment, since schemas are no status; whoever changes them here sees it here at once, other processes after that moment.

import { toEffects } from '#directory/effect.ts';
import { describeActor } from '#directory/actor.ts';
import {
  collide,
  customSchemaLimits,
  liveSchemas,
  narrowings,
  noCustomSchemas,
  type CustomSchema,
  type CustomSchemas,
} from '#directory/custom-schema.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type OrganizationId } from '#directory/identifiers.ts';
import { customSchemaRecords } from '#storage/custom-schema-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface SchemaChange {
  readonly schema: CustomSchema;
  /** Null when everything was so already. */
  readonly change: ChangeId | null;
}

export interface CustomSchemaAdministration {
  /** What SCIM goes by: the very same object as long as nothing changed. */
  read(organizationId: OrganizationId): Promise<CustomSchemas>;
  /** As stored now, in order of declaration. */
  list(organizationId: OrganizationId): Promise<readonly CustomSchema[]>;
  /** Throws `schemaExists` (also for a URN that collides), `schemaNarrowed` for one that was here before, `tooManySchemas`, `invalidValue`. */
  declare(organizationId: OrganizationId, schema: CustomSchema, by: ChangeContext): Promise<SchemaChange>;
  /** Adds and relaxes. Throws `schemaNotFound`, `schemaNarrowed`, `invalidValue`. */
  replace(organizationId: OrganizationId, schema: CustomSchema, by: ChangeContext): Promise<SchemaChange>;
  /** Its values stay stored, hidden, until it is declared again. Throws `schemaNotFound`. */
  remove(organizationId: OrganizationId, id: string, by: ChangeContext): Promise<SchemaChange>;
}

/** How long what was read is used again. */
const staleMs = 2_000;

interface Read {
  readonly at: number;
  readonly revision: number;
  readonly schemas: CustomSchemas;
}

export function createCustomSchemas(context: ProvisioningContext): CustomSchemaAdministration {
  const records = context.storage.records(customSchemaRecords);
  const known = new Map<OrganizationId, Read>();
  /** Rises with every change made here: a read that began before it is not remembered. */
  let changes = 0;

  const write = async (
    organizationId: OrganizationId,
    by: ChangeContext,
    edit: (present: CustomSchemas) => Edit | null,
    fallback: (present: CustomSchemas) => CustomSchema,
  ): Promise<SchemaChange> => {
    for (let round = 0; round < 50; round += 1) {
      const record = await records.get(organizationId, context.now());
      const present = record?.value ?? noCustomSchemas;
      const done = edit(present);
      if (done === null) return { schema: fallback(present), change: null };
      const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
      const effects = toEffects(context, organizationId, [{ kind: 'audit', event: toEvent(done, by, change) }]);
      try {
        if (!(await store(organizationId, record, done.after, effects))) continue;
      } finally {
        // Also when nobody knows whether it was written.
        changes += 1;
        known.delete(organizationId);
      }
      context.wakeRelay();
      return { schema: done.schema, change };
    }
    throw new DirectoryError('tooManyConflicts', 'The schemas are being changed too often; try again.');
  };

  const store = async (
    organizationId: OrganizationId,
    record: StoredRecord<CustomSchemas> | null,
    value: CustomSchemas,
    effects: ReturnType<typeof toEffects>,
  ): Promise<boolean> => {
    if (record !== null) return records.replace({ ...record, value }, effects);
    return records.insertOnce({ id: organizationId, organizationId, value }, effects);
  };

  return {
    async read(organizationId) {
      const now = context.now();
      const before = known.get(organizationId);
      // A clock that was set back makes nothing younger.
      if (before !== undefined && now >= before.at && now - before.at < staleMs) return before.schemas;
      const begun = changes;
      const record = await records.get(organizationId, now);
      const revision = record?.revision ?? 0;
      const schemas = before?.revision === revision ? before.schemas : (record?.value ?? noCustomSchemas);
      if (begun === changes) known.set(organizationId, { at: now, revision, schemas });
      return schemas;
    },
    async list(organizationId) {
      return liveSchemas((await records.get(organizationId, context.now()))?.value ?? noCustomSchemas);
    },
    declare: (organizationId, schema, by) =>
      write(
        organizationId,
        by,
        (present) => ({
          action: 'schema.declared',
          schema,
          after: withDeclared(present, schema),
          words: { after: { ...schema } },
        }),
        () => schema,
      ),
    replace: (organizationId, schema, by) =>
      write(
        organizationId,
        by,
        (present) => {
          const before = findLive(present, schema.id);
          if (JSON.stringify(before) === JSON.stringify(schema)) return null;
          assertWider(before, schema);
          assertSize(schema);
          const declared = present.declared.map((one) => (one === before ? schema : one));
          return {
            action: 'schema.changed',
            schema,
            after: { declared },
            words: { before: { ...before }, after: { ...schema } },
          };
        },
        () => schema,
      ),
    remove: (organizationId, id, by) =>
      write(
        organizationId,
        by,
        (present) => {
          const schema = findLive(present, id);
          const declared = present.declared.map((one) => (one === schema ? { ...schema, gone: true as const } : one));
          return { action: 'schema.removed', schema, after: { declared }, words: { before: { ...schema } } };
        },
        (present) => findLive(present, id),
      ),
  };
}

interface Edit {
  readonly action: 'schema.declared' | 'schema.changed' | 'schema.removed';
  readonly schema: CustomSchema;
  readonly after: CustomSchemas;
  readonly words: {
    readonly before?: Readonly<Record<string, unknown>>;
    readonly after?: Readonly<Record<string, unknown>>;
  };
}

function withDeclared(present: CustomSchemas, schema: CustomSchema): CustomSchemas {
  const same = (one: CustomSchema): boolean => one.id.toLowerCase() === schema.id.toLowerCase();
  const former = present.declared.find(same);
  if (former !== undefined && former.gone !== true)
    throw new DirectoryError('schemaExists', `There is a schema ${former.id} already.`);
  const neighbour = present.declared.find((one) => !same(one) && collide(one.id, schema.id));
  if (neighbour !== undefined)
    throw new DirectoryError(
      'schemaExists',
      `One of ${neighbour.id} and ${schema.id} could be read as an attribute of the other.`,
    );
  if (former !== undefined) assertWider(former, schema);
  assertSize(schema);
  const declared = [...present.declared.filter((one) => one !== former), schema];
  const { live, remembered } = customSchemaLimits;
  if (liveSchemas({ declared }).length > live || declared.length > remembered)
    throw new DirectoryError(
      'tooManySchemas',
      `An organisation may have ${live} schemas, ${remembered} with those that were removed.`,
    );
  return { declared };
}

function findLive(present: CustomSchemas, id: string): CustomSchema {
  const found = liveSchemas(present).find((schema) => schema.id.toLowerCase() === id.toLowerCase());
  if (found === undefined) throw new DirectoryError('schemaNotFound', 'There is no such schema.');
  return found;
}

function assertWider(before: CustomSchema, after: CustomSchema): void {
  const faults = narrowings(before, after);
  if (faults.length === 0) return;
  throw new DirectoryError(
    'schemaNarrowed',
    `Values may be stored by what was declared: a schema can be added to and relaxed, nothing else. ${faults.slice(0, 5).join(' ')}`,
    { faults: faults.slice(0, 50) },
  );
}

function assertSize(schema: CustomSchema): void {
  const { characters } = customSchemaLimits;
  if (JSON.stringify(schema).length > characters)
    throw new DirectoryError('invalidValue', `A schema may have at most ${characters} characters as JSON.`);
}

function toEvent({ action, schema, words }: Edit, by: ChangeContext, change: ChangeId) {
  return {
    action,
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'schema', id: schema.id, name: schema.name },
    ...words,
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
  } as const;
}
