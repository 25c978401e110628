// Owns the copy of a resource that a PATCH works on: the original is never touched, and only a PATCH whose every
// operation succeeded becomes a resource again (RFC 7644 §3.5.2, atomic). The rules of the operations stand in
// patch-application.ts.

import type { AttributeLocation } from './attribute-notation.ts';
import { lacksValue } from './attribute-value.ts';
import {
  copyJsonObject,
  equalJson,
  isJsonArray,
  isJsonObject,
  type JsonDraft,
  type JsonObject,
  type JsonValue,
  readOwn,
} from './json-value.ts';
import { PatchBudget, PatchElements } from './patch-elements.ts';
import type { AttributeDefinition, ResourceSchema } from './schema-definition.ts';
import { presentSchemas } from './schema-validation.ts';

export class PatchDraft {
  readonly #original: JsonObject;
  readonly #schema: ResourceSchema;
  readonly #parts = new Map<string | undefined, JsonDraft>();
  readonly #elements = new Map<string, { readonly part: JsonDraft; readonly elements: PatchElements }>();
  readonly #complexes: { readonly part: JsonDraft; readonly attribute: AttributeDefinition }[] = [];
  readonly #budget = new PatchBudget();

  constructor(original: JsonObject, schema: ResourceSchema) {
    this.#original = original;
    this.#schema = schema;
    this.#parts.set(undefined, copyJsonObject(original));
  }

  /** The value an attribute had before the PATCH; for comparing what may not be changed. */
  readOriginal(location: AttributeLocation): JsonValue | undefined {
    const part = location.extension === undefined ? this.#original : readOwn(this.#original, location.extension);
    const value = isJsonObject(part) ? readOwn(part, location.attribute.name) : undefined;
    if (location.subAttribute === undefined) return value;
    return isJsonObject(value) ? readOwn(value, location.subAttribute.name) : undefined;
  }

  /** The object that holds an attribute: the resource itself, or the extension under its URN. */
  part(extension: string | undefined): JsonDraft {
    let part = this.#parts.get(extension);
    if (part === undefined) {
      const present = extension === undefined ? undefined : readOwn(this.part(undefined), extension);
      part = isJsonObject(present) ? copyJsonObject(present) : {};
      this.#parts.set(extension, part);
    }
    return part;
  }

  /** A singular complex attribute as an object to write into. */
  complex(location: AttributeLocation): JsonDraft {
    const part = this.part(location.extension);
    const present = readOwn(part, location.attribute.name);
    const complex = isJsonObject(present) ? { ...present } : {};
    part[location.attribute.name] = complex;
    this.#complexes.push({ part, attribute: location.attribute });
    return complex;
  }

  /** The elements of a multi-valued attribute, the same object throughout the request. */
  elements(location: AttributeLocation): PatchElements {
    const key = `${location.extension ?? ''} ${location.attribute.name}`;
    const known = this.#elements.get(key);
    if (known !== undefined) return known.elements;
    const part = this.part(location.extension);
    const stored = readOwn(part, location.attribute.name);
    const list = isJsonArray(stored) ? stored : [];
    const elements = new PatchElements(location.attribute, list, this.#budget);
    this.#elements.set(key, { part, elements });
    return elements;
  }

  /**
   * The patched resource: empty attributes and extensions gone, `schemas` listing what is present. The very object
   * the PATCH began with if nothing changed. Unless strict, what is left without its `value` goes too.
   */
  finish(strict: boolean): JsonObject {
    for (const { part, elements } of this.#elements.values()) {
      if (!strict) dropValueless(elements);
      if (elements.size === 0) delete part[elements.attribute.name];
      else part[elements.attribute.name] = elements.toStored();
    }
    for (const { part, attribute } of this.#complexes) {
      const complex = readOwn(part, attribute.name);
      if (!isJsonObject(complex)) continue;
      const empty = Object.keys(complex).length === 0 || (!strict && lacksValue(attribute, complex));
      if (empty) delete part[attribute.name];
    }
    const resource = this.part(undefined);
    for (const [urn, part] of this.#parts) {
      if (urn === undefined) continue;
      if (Object.keys(part).length === 0) delete resource[urn];
      else resource[urn] = part;
    }
    if (Object.hasOwn(resource, 'schemas')) resource['schemas'] = presentSchemas(resource, this.#schema);
    return equalJson(resource, this.#original) ? this.#original : resource;
  }
}

/** An element that a client emptied says nothing any more; it goes at the end, for a later operation may fill it. */
function dropValueless(elements: PatchElements): void {
  if (elements.attribute.type !== 'complex') return;
  for (const element of elements.all()) if (lacksValue(elements.attribute, element)) elements.remove(element);
}
