// Values of an organisation's own schemas, which a profile keeps under their URN. What is stored under a URN that is not declared (any more) is hidden:
// shown to no client and compared by no filter, and kept by whoever writes the resource (docs/decisions/0006).

import { isJsonObject, type JsonDraft, type JsonObject, readOwn } from './protocol/json-value.ts';
import { ProtocolError } from './protocol/protocol-error.ts';
import type { ResourceSchema } from './protocol/schema-definition.ts';

/** Of one attribute of one resource. Every reader of the resource pays for them, long after the request that brought them. */
export const mostElements = 1_000;
/** Of all values by custom schemas of one resource, as JSON. */
const mostCustomCharacters = 65_536;

export interface SplitProfile {
  /** Attributes of the standard, by their short names. */
  readonly core: JsonObject;
  /** Declared by the organisation, by URN. */
  readonly custom: JsonObject;
  readonly hidden: JsonObject;
}

const nothing: JsonObject = {};

/** A profile, or a resource without what is readOnly, taken apart. */
export function splitProfile(profile: JsonObject, schema: ResourceSchema): SplitProfile {
  // A name of the standard's has no colon; a URN has.
  if (!Object.keys(profile).some(isUrn)) return { core: profile, custom: nothing, hidden: nothing };
  const parts = { core: {} as JsonDraft, custom: {} as JsonDraft, hidden: {} as JsonDraft };
  for (const [name, value] of Object.entries(profile)) if (!isUrn(name)) parts.core[name] = value;
  // In the order of the schemas, so that equal values look equal.
  for (const { urn } of schema.custom) {
    const value = readOwn(profile, urn);
    if (isJsonObject(value)) parts.custom[urn] = value;
  }
  for (const [name, value] of Object.entries(profile))
    if (isUrn(name) && !Object.hasOwn(parts.custom, name)) parts.hidden[name] = value;
  return parts;
}

function isUrn(name: string): boolean {
  return name.includes(':');
}

/** @throws ProtocolError tooMany for one attribute, or for all values by custom schemas together */
export function assertBounded(core: JsonObject, custom: JsonObject): void {
  assertElements(core);
  if (custom === nothing) return;
  for (const part of Object.values(custom)) if (isJsonObject(part)) assertElements(part);
  if (JSON.stringify(custom).length > mostCustomCharacters)
    throw new ProtocolError(
      'tooMany',
      `The values by schemas of the organisation may have at most ${mostCustomCharacters} characters together.`,
    );
}

function assertElements(part: JsonObject): void {
  for (const [name, value] of Object.entries(part)) {
    if (Array.isArray(value) && value.length > mostElements)
      throw new ProtocolError('tooMany', `${name} may have at most ${mostElements} values.`);
  }
}
