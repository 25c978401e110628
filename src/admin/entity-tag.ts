// Strong entity tags over what an administrator can see of something, and the condition of an `If-Match` header (RFC 9110 8.8.3, 13.1.1).

import { hash } from 'node:crypto';
import { toCanonicalJson } from '#canonical-json.ts';
import { DirectoryError } from '#directory/directory-error.ts';

export function createEntityTag(content: unknown): string {
  return `"${hash('sha256', toCanonicalJson(content), 'base64url').slice(0, 22)}"`;
}

/** `*` or a list of tags; the precondition throws `revisionMismatch`. */
export function readPrecondition<Item>(
  ifMatch: string | undefined,
  noun: string,
  tagOf: (item: Item) => string,
): { precondition?: (item: Item) => void } {
  if (ifMatch === undefined || ifMatch.trim() === '*') return {};
  const tags = ifMatch.split(',').map((tag) => tag.trim());
  return {
    precondition(item) {
      if (!tags.includes(tagOf(item)))
        throw new DirectoryError('revisionMismatch', `The ${noun} has changed since it was read.`);
    },
  };
}
