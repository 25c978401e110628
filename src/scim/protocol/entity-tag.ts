// Owns entity tags: making one from the content of a resource, and reading If-Match and If-None-Match (RFC 7644
// §3.14, RFC 9110 §8.8.3, §13.1). All tags are weak and compared weakly: SCIM's are, and clients send back what they read.

import { hash } from 'node:crypto';

import { type JsonObject, stableJson } from './json-value.ts';

/**
 * Makes the weak entity tag of a resource: `W/"…"`. `meta` is left out, so the tag changes with content only and
 * can itself stand in `meta.version`.
 */
export function createEntityTag(resource: JsonObject): string {
  const { meta: _, ...content } = resource;
  return `W/"${hash('sha256', stableJson(content), 'base64url').slice(0, 27)}"`;
}

/** What a condition header lists: any present version (`*`), or opaque tags without their `W/` and quotes. */
export type EntityTagCondition = '*' | readonly string[];

/** Reads a list of entity tags; unquoted ones are taken as they stand, since clients strip quotes. */
export function parseEntityTagCondition(header: string): EntityTagCondition {
  if (header.trim() === '*') return '*';
  const tags: string[] = [];
  let index = 0;
  while (index < header.length) {
    const character = header.charAt(index);
    if (character === ',' || character === ' ' || character === '\t') {
      index += 1;
      continue;
    }
    if (header.startsWith('W/', index) || header.startsWith('w/', index)) index += 2;
    const quoted = header.charAt(index) === '"';
    const end = header.indexOf(quoted ? '"' : ',', index + 1);
    const stop = end === -1 ? header.length : end;
    tags.push(quoted ? header.slice(index + 1, stop) : header.slice(index, stop).trim());
    index = quoted ? stop + 1 : stop;
  }
  return tags;
}

/** If-Match: whether a write may go on. Without the header it may; a header that names nothing never matches. */
export function passesIfMatch(header: string | undefined, current: string): boolean {
  return header === undefined || holds(parseEntityTagCondition(header), current);
}

/** If-None-Match on a read: whether the client already has this version (then 304). */
export function isNotModified(header: string | undefined, current: string): boolean {
  return header !== undefined && holds(parseEntityTagCondition(header), current);
}

function holds(condition: EntityTagCondition, current: string): boolean {
  if (condition === '*') return true;
  const [tag] = parseEntityTagCondition(current);
  return tag !== undefined && condition.includes(tag);
}
