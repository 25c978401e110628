// Owns resolving the path of a PATCH operation against a resource schema: an attribute, a sub-attribute, the
// elements a value filter selects, or a whole extension (RFC 7644 §3.5.2, Figure 7).

import { type AttributeLocation, locateAttribute } from './attribute-notation.ts';
import { bindElementFilter, type BoundFilter } from './filter-evaluation.ts';
import { parsePath } from './filter-tree.ts';
import { ProtocolError, quoteInput } from './protocol-error.ts';
import { findSubAttribute, type IndexedSchema, type ResourceSchema } from './schema-definition.ts';

/** `filter` selects elements of the (then multi-valued) attribute; the location's sub-attribute lies within them. */
export type PatchPath =
  | { readonly kind: 'attribute'; readonly location: AttributeLocation; readonly filter: BoundFilter | undefined }
  | { readonly kind: 'schema'; readonly schema: IndexedSchema };

export interface PatchPathOptions {
  /** Follow the letter: extension attributes by full URN and `:` only. */
  readonly strict?: boolean;
}

/**
 * Parses and resolves a PATCH path.
 * @throws ProtocolError invalidPath when it is malformed or names no attribute, invalidFilter when its value filter
 * compares what cannot be compared
 */
export function parsePatchPath(text: string, schema: ResourceSchema, options: PatchPathOptions = {}): PatchPath {
  const strict = options.strict === true;
  const tree = parsePath(text, { strict });
  const found = locateAttribute(tree.attribute, schema, { strictSeparator: strict, bareExtensionNames: !strict });
  if (found === undefined) {
    throw new ProtocolError('invalidPath', `The path ${quoteInput(text)} names no attribute of this resource.`);
  }
  if (tree.filter === undefined) {
    if (found.kind === 'schema') return { kind: 'schema', schema: found.schema };
    return { kind: 'attribute', location: found, filter: undefined };
  }
  if (found.kind === 'schema' || found.subAttribute !== undefined || !found.attribute.multiValued) {
    throw new ProtocolError('invalidPath', `The path ${quoteInput(text)} filters what has no elements.`);
  }
  const { attribute } = found;
  const filter = bindElementFilter(tree.filter, attribute, { strict });
  if (tree.subAttribute === undefined) return { kind: 'attribute', location: found, filter };
  const subAttribute = findSubAttribute(attribute, tree.subAttribute);
  if (subAttribute === undefined) {
    throw new ProtocolError('invalidPath', `The path ${quoteInput(text)} names no sub-attribute of ${attribute.name}.`);
  }
  return { kind: 'attribute', location: { ...found, subAttribute }, filter };
}
