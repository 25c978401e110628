// Where the browser may be sent after a sign-in: a path of our own host, never another place. Serves RelayState and the
// `return` parameter alike (gate.md 2.1 "RelayState"); it never refuses a sign-in, it only falls back to a default page.

const usualMaxLength = 1_024;
const ownOrigin = 'https://furlough.invalid';

/**
 * `candidate` as a path (with query and fragment) of our own host, or `fallback`. Begins with exactly one `/`; has no
 * backslash, control character or `//` in its path; at most 1,024 characters unless said; comes back percent-encoded, so it is safe
 * in a Location header.
 */
export function toReturnPath(candidate: string | undefined, fallback = '/', maxLength = usualMaxLength): string {
  if (candidate === undefined || candidate.length > maxLength || !candidate.startsWith('/')) return fallback;
  if (/[\\\p{Cc}]/u.test(candidate)) return fallback;
  const path = candidate.split(/[?#]/, 1)[0] ?? '';
  if (path.includes('//')) return fallback;
  if (!URL.canParse(candidate, ownOrigin)) return fallback;
  const url = new URL(candidate, ownOrigin);
  // Dot segments may have been folded away, so the shape is looked at again.
  if (url.origin !== ownOrigin || url.pathname.startsWith('//')) return fallback;
  return `${url.pathname}${url.search}${url.hash}`;
}
