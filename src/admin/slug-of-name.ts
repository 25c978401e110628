// Ids that administrators may leave out: made from the name of what they add.

import { DirectoryError } from '#directory/directory-error.ts';
import { isSlug, type RandomBytes } from '#directory/identifiers.ts';

/** `Okta Tokyo` becomes `okta-tokyo`, then `okta-tokyo-2`; a name without Latin letters gets a random one after `noun`. */
export function proposeSlug(name: string, tries: number, noun: string, randomBytes: RandomBytes): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 36)
    .replace(/-+$/, '');
  if (!isSlug(plain)) return `${noun}-${Buffer.from(randomBytes(4)).toString('hex')}`;
  return tries === 0 ? plain : `${plain}-${tries + 1}`;
}

/** Throws `invalidValue`. */
export function assertSlug(id: string): void {
  if (!isSlug(id))
    throw new DirectoryError(
      'invalidValue',
      'An id is 2 to 40 of a-z, 0-9 and "-", and none of session, logout, login.',
      { field: 'id' },
    );
}
