// Cookies the gate sets: `__Host-` and Secure behind https; on an http base URL (loopback only) plain names and Lax, because browsers drop
// the others there (gate.md 2.3). What the values mean is the business of attempt.ts and session-cookie.ts. RFC 6265bis 4.1.3.

export interface CookieKind {
  readonly name: string;
  /** Whether it must come along when another site posts here (SAML): SameSite=None. */
  readonly crossSite: boolean;
  /** Absent: until the browser closes. */
  readonly maxAgeSeconds?: number;
}

/** The value of a cookie in a `Cookie` header; the first, if it comes twice. */
export function readCookie(kind: CookieKind, header: string | undefined, baseUrl: string): string | undefined {
  if (header === undefined || header.length > 16_384) return undefined;
  const wanted = nameOf(kind, baseUrl);
  for (const part of header.split(';')) {
    const equals = part.indexOf('=');
    if (equals !== -1 && part.slice(0, equals).trim() === wanted) return part.slice(equals + 1).trim();
  }
  return undefined;
}

/** A `Set-Cookie` value. `value` empty: the browser forgets it. */
export function toSetCookie(kind: CookieKind, value: string, baseUrl: string): string {
  const secure = isHttps(baseUrl);
  const parts = [`${nameOf(kind, baseUrl)}=${value}`, 'Path=/', 'HttpOnly'];
  if (secure) parts.push('Secure');
  parts.push(`SameSite=${secure && kind.crossSite ? 'None' : 'Lax'}`);
  if (value === '') parts.push('Max-Age=0');
  else if (kind.maxAgeSeconds !== undefined) parts.push(`Max-Age=${kind.maxAgeSeconds}`);
  return parts.join('; ');
}

function nameOf(kind: CookieKind, baseUrl: string): string {
  return isHttps(baseUrl) ? `__Host-${kind.name}` : kind.name;
}

function isHttps(baseUrl: string): boolean {
  return baseUrl.startsWith('https:');
}
