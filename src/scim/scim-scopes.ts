// What a SCIM credential may do: `read` reads every type, `users` reads and changes users (departments count as theirs), `groups` reads and changes
// groups. A credential without scopes may do everything. Discovery asks for no credential, so for no scope either.

import { ScimError } from './scim-error.ts';

export const scimScopes = ['read', 'users', 'groups'] as const;
export type ScimScope = (typeof scimScopes)[number];

/** Whose scope an address asks for. `any`: one that leads to several types, each of which is then asked about by itself. */
export type ScimArea = 'users' | 'groups' | 'any';

/** The scopes of a credential or token as a set; none at all stands for every one. */
export function readScopes(scopes: readonly string[]): ReadonlySet<ScimScope> {
  return new Set(scopes.length === 0 ? scimScopes : scimScopes.filter((scope) => scopes.includes(scope)));
}

export interface Scoped {
  readonly scopes: ReadonlySet<ScimScope>;
}

export function mayRead({ scopes }: Scoped, area: ScimArea): boolean {
  return scopes.has('read') || mayWrite({ scopes }, area);
}

function mayWrite({ scopes }: Scoped, area: ScimArea): boolean {
  return area === 'any' ? scopes.has('users') || scopes.has('groups') : scopes.has(area);
}

/** Throws `ScimError` 403 naming the scope that is missing (RFC 6750 §3.1). */
export function assertInScope(client: Scoped, changes: boolean, area: ScimArea): void {
  if (changes ? mayWrite(client, area) : mayRead(client, area)) return;
  const wanted = area === 'any' ? 'users groups' : area;
  const words =
    changes && client.scopes.has('read') && client.scopes.size === 1
      ? 'This credential may read, not write.'
      : `This credential has no scope for ${area === 'any' ? 'this' : area}.`;
  throw new ScimError(403, words, {
    headers: { 'WWW-Authenticate': `Bearer realm="furlough", error="insufficient_scope", scope="${wanted}"` },
  });
}
