// Strong entity tags over what an administrator can see of something, and the condition of an `If-Match` header (RFC 9110 8.8.3, 13.1.1).

import { createHash } from 'node:crypto';
import { DirectoryError } from '#directory/directory-error.ts';
import { stableText } from '#directory/same-value.ts';

export function createEntityTag(content: unknown): string {
  return `"${createHash('sha256').update(stableText(content)).digest('base64url').slice(0, 22)}"`;
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
