// Which members a PATCH of a group speaks of. The operations themselves mean what they mean everywhere (protocol/); they are applied to a
// group that holds only the members they name, so that changing one of ten thousand reads one. Where they speak of all, all are read.

import { type AttributeLocation, locateAttribute } from './protocol/attribute-notation.ts';
import { collectEqualities } from './protocol/filter-narrowing.ts';
import { isJsonArray, isJsonObject, type JsonValue } from './protocol/json-value.ts';
import { parsePatchPath, type PatchPath } from './protocol/patch-path.ts';
import type { PatchOperation } from './protocol/patch-request.ts';
import type { IndexedSchema, ResourceSchema } from './protocol/schema-definition.ts';

/** Ids, or `all` where only the whole list can tell. */
export type NamedMembers = ReadonlySet<string> | 'all';

/** Throws `ProtocolError` for a path that is none, as the application of the operations would. */
export function namedMembers(
  operations: readonly PatchOperation[],
  schema: ResourceSchema,
  strict: boolean,
): NamedMembers {
  const named = new Set<string>();
  for (const { op, path, value } of operations) {
    const ids =
      path === undefined
        ? ofBody(op, value, schema, strict)
        : ofPath(op, parsePatchPath(path, schema, { strict }), schema, value);
    if (ids === 'all') return 'all';
    for (const id of ids) named.add(id);
  }
  return named;
}

type Ids = readonly string[] | 'all';

function ofPath(op: PatchOperation['op'], path: PatchPath, schema: ResourceSchema, value: JsonValue | undefined): Ids {
  if (path.kind === 'schema') return ofSchema(op, path.schema, schema, value);
  if (!isMembers(path.location)) return [];
  if (path.filter !== undefined) {
    const term = collectEqualities(path.filter).find(({ attributePath }) => attributePath.at(-1) === 'value');
    // What is written to the element may be a member, too.
    return typeof term?.value === 'string' ? [term.value, ...idsIn(value)] : 'all';
  }
  if (path.location.subAttribute !== undefined) return 'all';
  if (op === 'add') return idsIn(value);
  return op === 'remove' && value !== undefined && value !== null ? idsIn(value) : 'all';
}

/** Without a path the attributes stand in the value, under their names or under the schema's. */
function ofBody(op: PatchOperation['op'], value: JsonValue | undefined, schema: ResourceSchema, strict: boolean): Ids {
  if (!isJsonObject(value)) return [];
  const named: string[] = [];
  for (const [key, written] of Object.entries(value)) {
    const ids = ofKey(op, key, written, schema, strict);
    if (ids === 'all') return 'all';
    named.push(...ids);
  }
  return named;
}

function ofKey(op: PatchOperation['op'], key: string, value: JsonValue, schema: ResourceSchema, strict: boolean): Ids {
  const bracket = key.indexOf('[');
  const located = locateAttribute(bracket === -1 ? key : key.slice(0, bracket), schema);
  if (located?.kind === 'schema') return ofSchema(op, located.schema, schema, value);
  if (located === undefined || !isMembers(located)) return [];
  if (bracket !== -1) return ofPath(op, parsePatchPath(key, schema, { strict }), schema, value);
  return op === 'add' && located.subAttribute === undefined ? idsIn(value) : 'all';
}

/** Not an attribute of the same name in a schema of the organisation's own. */
function isMembers({ attribute, extension }: AttributeLocation): boolean {
  return attribute.name === 'members' && extension === undefined;
}

/** Members are the core schema's: what is written to another says nothing of them. */
function ofSchema(
  op: PatchOperation['op'],
  named: IndexedSchema,
  schema: ResourceSchema,
  value: JsonValue | undefined,
): Ids {
  if (named !== schema.core) return [];
  return op === 'add' ? ofMembersIn(value) : 'all';
}

function ofMembersIn(value: JsonValue | undefined): Ids {
  if (!isJsonObject(value)) return [];
  const key = Object.keys(value).find((name) => name.toLowerCase() === 'members');
  return key === undefined ? [] : idsIn(value[key]);
}

/** The ids that a value names: a member, several, or bare text. */
function idsIn(value: JsonValue | undefined): readonly string[] {
  if (value === undefined || value === null) return [];
  return (isJsonArray(value) ? value : [value]).flatMap((item) => {
    if (typeof item === 'string') return [item];
    if (!isJsonObject(item)) return [];
    const key = Object.keys(item).find((name) => name.toLowerCase() === 'value');
    const id = key === undefined ? undefined : item[key];
    return typeof id === 'string' ? [id] : [];
  });
}
