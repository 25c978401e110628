// Owns what add, remove and replace mean (RFC 7644 §3.5.2.1 to §3.5.2.3) and the shapes real clients send instead
// (the "Default and strict" table of the SCIM design). Pure: the resource goes in, another comes out or a refusal,
// never half of it. Multi-valued attributes continue in patch-values.ts.

import { type AttributeLocation, describeLocation } from './attribute-notation.ts';
import { readAttributeValue, readSubValues } from './attribute-value.ts';
import { listBodyAttributes, listSchemaObject, type BodyAttribute } from './body-attributes.ts';
import {
  equalJson,
  isAssigned,
  isJsonObject,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
  readOwn,
} from './json-value.ts';
import { PatchDraft } from './patch-draft.ts';
import { parsePatchPath, type PatchPath } from './patch-path.ts';
import { MAX_PATCH_OPERATIONS, type PatchOperation } from './patch-request.ts';
import { type AttributeChange, assertClearable, assertRemovable, isCleared } from './patch-rules.ts';
import { patchValues } from './patch-values.ts';
import { ProtocolError } from './protocol-error.ts';
import type { AttributeDefinition, IndexedSchema, ResourceSchema } from './schema-definition.ts';
import { assertExtensionsComplete } from './schema-validation.ts';

export interface PatchOptions {
  readonly strict?: boolean;
}

/**
 * Applies the operations of a PATCH, all or none. Returns a new resource, or the very same object when nothing changed.
 * writeOnly values (`password`) are checked and dropped.
 * @throws ProtocolError invalidPath, invalidFilter, invalidValue, invalidSyntax, noTarget, mutability, tooMany
 */
export function applyPatch(
  resource: JsonObject,
  operations: readonly PatchOperation[],
  schema: ResourceSchema,
  options: PatchOptions = {},
): JsonObject {
  const strict = options.strict === true;
  const draft = new PatchDraft(resource, schema);
  const patch = new Patch(draft, schema, strict);
  for (const operation of operations) patch.apply(operation);
  const patched = draft.finish(strict);
  if (patched !== resource) assertExtensionsComplete(patched, schema);
  return patched;
}

class Patch {
  readonly #draft: PatchDraft;
  readonly #schema: ResourceSchema;
  readonly #strict: boolean;
  readonly #paths = new Map<string, PatchPath>();
  #keyPaths = 0;

  constructor(draft: PatchDraft, schema: ResourceSchema, strict: boolean) {
    this.#draft = draft;
    this.#schema = schema;
    this.#strict = strict;
  }

  apply({ op, path, value }: PatchOperation): void {
    if (path !== undefined) {
      this.#applyAt(op, this.#resolve(path), value);
      return;
    }
    if (op === 'remove') throw new ProtocolError('noTarget', 'A remove operation needs a path.');
    if (!isJsonObject(value)) {
      throw new ProtocolError('invalidValue', 'An operation without a path needs an object of attributes as value.');
    }
    this.#applyBody(op, listBodyAttributes(value, this.#schema, this.#strict));
  }

  #applyAt(op: PatchOperation['op'], path: PatchPath, value: JsonValue | undefined): void {
    if (path.kind === 'attribute') {
      this.#change({ op, location: path.location, value, strict: this.#strict }, path);
      return;
    }
    if (op === 'remove' && path.schema !== this.#schema.core) {
      this.#removeExtension(path.schema);
      return;
    }
    const written: BodyAttribute[] = [];
    listSchemaObject(path.schema, op === 'remove' ? null : (value ?? null), this.#schema, this.#strict, written);
    if (op !== 'remove') {
      this.#applyBody(op, written);
      return;
    }
    for (const attribute of written) {
      if (attribute.kind !== 'attribute') continue;
      this.#change({ op, location: attribute.location, value: undefined, strict: this.#strict });
    }
  }

  /** As a whole an extension may go even if it has required attributes: these are required of whoever has the extension. */
  #removeExtension({ urn, definition }: IndexedSchema): void {
    for (const attribute of definition.attributes) {
      const location = { kind: 'attribute', extension: urn, attribute, subAttribute: undefined } as const;
      const part = this.#draft.part(urn);
      if (attribute.mutability === 'readOnly') {
        this.#assertUnchanged({ op: 'remove', location, value: undefined, strict: this.#strict }, false);
      } else if (attribute.mutability === 'immutable' && isAssigned(this.#draft.readOriginal(location))) {
        throw new ProtocolError('mutability', `${describeLocation(location)} cannot be changed once it is set.`);
      } else if (attribute.multiValued) {
        this.#draft.elements(location).clear();
      } else {
        delete part[attribute.name];
      }
    }
  }

  #applyBody(op: PatchOperation['op'], written: readonly BodyAttribute[]): void {
    for (const attribute of written) {
      if (attribute.kind === 'path') this.#applyKey(op, attribute.path, attribute.value);
      else if (!this.#isEcho(attribute.location, attribute.value)) {
        this.#change({ op, location: attribute.location, value: attribute.value, strict: this.#strict });
      }
    }
  }

  /** A key with a value filter is an operation in disguise, and counted as one. */
  #applyKey(op: PatchOperation['op'], path: string, value: JsonValue): void {
    this.#keyPaths += 1;
    if (this.#keyPaths > MAX_PATCH_OPERATIONS) {
      throw new ProtocolError('tooMany', `A PATCH may have at most ${MAX_PATCH_OPERATIONS} paths.`);
    }
    this.#applyAt(op, this.#resolve(path), value);
  }

  /** What a client merely sends back with its object: metadata, our extension, readOnly values it leaves out. */
  #isEcho({ attribute, subAttribute, extension }: AttributeLocation, value: JsonValue): boolean {
    if (subAttribute?.mutability === 'readOnly' && attribute.mutability !== 'readOnly') return true;
    if (attribute.mutability !== 'readOnly') return false;
    return extension !== undefined || attribute.name === 'meta' || value === null;
  }

  #change(change: AttributeChange, path?: Extract<PatchPath, { kind: 'attribute' }>): void {
    const { op, location, value } = change;
    const { attribute, subAttribute } = location;
    if (attribute.name === 'schemas' && location.extension === undefined) {
      if (op === 'remove') throw new ProtocolError('mutability', '"schemas" follows what is present.');
      return;
    }
    if (attribute.mutability === 'readOnly' || subAttribute?.mutability === 'readOnly') {
      this.#assertUnchanged(change, path?.filter !== undefined);
    } else if (attribute.mutability === 'writeOnly') {
      if (op !== 'remove' && value !== undefined) this.#read(change, attribute);
    } else if (attribute.multiValued) {
      patchValues(this.#draft.elements(location), change, path?.filter);
    } else if (attribute.type === 'complex') {
      this.#changeComplex(change);
    } else {
      this.#changeSimple(change, this.#draft.part(location.extension), attribute);
    }
  }

  #assertUnchanged({ op, location, value }: AttributeChange, filtered: boolean): void {
    const present = this.#draft.readOriginal(location);
    const same = equalJson(present, value) || (!isAssigned(present) && !isAssigned(value));
    if (op === 'remove' ? isAssigned(present) || filtered : !same || filtered) {
      throw new ProtocolError('mutability', `${describeLocation(location)} is read only.`);
    }
  }

  #changeSimple(change: AttributeChange, holder: JsonDraft, attribute: AttributeDefinition): void {
    const { op, location } = change;
    const present = readOwn(holder, attribute.name);
    if (op === 'remove') assertRemovable(attribute, location);
    const next = op === 'remove' ? undefined : this.#read(change, attribute);
    if (op !== 'remove' && !isAssigned(next)) assertRequiredKept(attribute, location, next);
    if (attribute.mutability === 'immutable' && present !== undefined && !equalJson(present, next)) {
      throw new ProtocolError('mutability', `${describeLocation(location)} cannot be changed once it is set.`);
    }
    if (next === undefined) delete holder[attribute.name];
    else holder[attribute.name] = next;
  }

  #changeComplex(change: AttributeChange): void {
    const { op, location, value } = change;
    const { attribute, subAttribute } = location;
    const holder = this.#draft.part(location.extension);
    const before = readOwn(holder, attribute.name);
    if (subAttribute !== undefined) {
      this.#changeSimple(change, this.#draft.complex(location), subAttribute);
    } else if (op === 'remove' || isCleared(value, this.#strict)) {
      if (op === 'remove') assertRemovable(attribute, location);
      else assertClearable(attribute, location);
      delete holder[attribute.name];
    } else {
      const complex = this.#draft.complex(location);
      const where = describeLocation(location);
      for (const part of readSubValues(attribute, value ?? null, { strict: this.#strict, where })) {
        const at = { ...location, subAttribute: part.subAttribute };
        this.#changeSimple({ ...change, location: at, value: part.value ?? null }, complex, part.subAttribute);
      }
    }
    const after = readOwn(holder, attribute.name);
    if (attribute.mutability === 'immutable' && isAssigned(before) && !equalJson(before, after)) {
      throw new ProtocolError('mutability', `${describeLocation(location)} cannot be changed once it is set.`);
    }
    dropStaleParts(attribute, before, after);
  }

  #read({ location, value, strict }: AttributeChange, attribute: AttributeDefinition): JsonValue | undefined {
    return readAttributeValue(attribute, value ?? null, { strict, where: describeLocation(location) });
  }

  #resolve(path: string): PatchPath {
    let resolved = this.#paths.get(path);
    if (resolved === undefined) {
      resolved = parsePatchPath(path, this.#schema, { strict: this.#strict });
      this.#paths.set(path, resolved);
    }
    return resolved;
  }
}

function assertRequiredKept(
  attribute: AttributeDefinition,
  location: AttributeLocation,
  next: JsonValue | undefined,
): void {
  if (next === undefined || attribute.required) assertClearable(attribute, location);
}

/** With another `value` (another manager), what was known of the old one says something untrue. */
function dropStaleParts(
  attribute: AttributeDefinition,
  before: JsonValue | undefined,
  after: JsonValue | undefined,
): void {
  if (!isJsonObject(before) || !isJsonObject(after)) return;
  if (equalJson(readOwn(before, 'value'), readOwn(after, 'value'))) return;
  const draft: JsonDraft = after;
  for (const { name, mutability } of attribute.subAttributes ?? []) {
    const carriedOver = name === '$ref' && equalJson(readOwn(before, name), readOwn(after, name));
    if (mutability === 'readOnly' || carriedOver) delete draft[name];
  }
}
