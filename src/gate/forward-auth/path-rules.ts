// What holds for a path of an app: nobody needs to be signed in, or who must be in which groups. A path that the app could read otherwise than
// we do (`..`, `//`, `;`, an encoded slash) opens nothing: it is for those only who may go everywhere in the app (gate.md 7).

import type { App, PathRule } from '#directory/app.ts';
import type { GroupId } from '#directory/identifiers.ts';
import { groupsOfApp } from '../app-access.ts';

export interface PathDecision {
  readonly isPublic: boolean;
  /** The person must be in at least one group of each of these lists. */
  readonly groups: readonly (readonly GroupId[])[];
}

const everyone: PathDecision = { isPublic: false, groups: [] };

/** `uri`: path and query as the client sent them; undefined where it is not known. */
export function decidePath(app: Pick<App, 'groups' | 'forwardAuth'>, uri: string | undefined): PathDecision {
  const rules = app.forwardAuth?.rules ?? [];
  const ofApp = groupsOfApp(app);
  if (rules.length === 0) return ofApp.length === 0 ? everyone : { isPublic: false, groups: ofApp };
  const path = uri === undefined ? null : toPlainPath(uri);
  if (path === null) return { isPublic: false, groups: [...ofApp, ...rules.flatMap(groupsOf)] };
  const groups: (readonly GroupId[])[] = [];
  for (const rule of rules) {
    const fit = fitOf(rule.path, path);
    if (fit === 'exact') {
      groups.push(...groupsOf(rule));
      return { isPublic: rule.access === 'public' && groups.length === 0, groups };
    }
    // Many apps take `/Admin` for `/admin/`: what narrows holds for it too, what opens does not.
    if (fit === 'near') groups.push(...groupsOf(rule));
  }
  return { isPublic: false, groups: [...ofApp, ...groups] };
}

function groupsOf({ access }: PathRule): readonly (readonly GroupId[])[] {
  return access === 'public' ? [] : [access.groups];
}

function fitOf(rule: string, path: string): 'exact' | 'near' | 'no' {
  if (rule.endsWith('/') ? path.startsWith(rule) : path === rule) return 'exact';
  const [folded, wanted] = [withSlash(path.toLowerCase()), withSlash(rule.toLowerCase())];
  if (rule.endsWith('/') ? folded.startsWith(wanted) : folded === wanted) return 'near';
  return 'no';
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** Encoded: control characters, `#`, `%`, `/`, `;`, `?`, a backslash. Decoded once more, or not, they make another path. */
const encodedSeparator = /%(?:[01][0-9a-f]|2[35f]|3[bf]|5c|7f)/i;

/** The path as rules are compared with it: needless percent-encoding undone (RFC 3986 6.2.2.2). Null where it can be read in two ways. */
export function toPlainPath(uri: string): string | null {
  const [encoded = ''] = uri.split('?', 1);
  if (!encoded.startsWith('/') || /[\\;#]|\/\/|%(?![0-9a-f]{2})/i.test(encoded) || encodedSeparator.test(encoded))
    return null;
  const decode = (code: string): string => String.fromCharCode(Number.parseInt(code.slice(1), 16));
  const path = encoded.includes('%') ? encoded.replaceAll(/%[2-7][0-9a-f]/gi, decode) : encoded;
  return path.split('/').some((segment) => segment === '.' || segment === '..') ? null : path;
}
