// Where a browser may be sent after signing in: a path of our own, or an app of the organisation. Anything else becomes the default page; a
// sign-in is never refused for it (S23).

import type { OrganizationId } from '#directory/identifiers.ts';
import { findAppOfHost } from '#storage/app-records.ts';
import { toReturnPath } from '../connections/saml/return-path.ts';
import type { GateContext } from '../gate-context.ts';

const maxLength = 4_096;

/** The checked absolute URL for a `return_to`, or undefined for the default page. */
export async function readReturnTarget(
  context: GateContext,
  organizationId: OrganizationId,
  candidate: unknown,
): Promise<string | undefined> {
  if (typeof candidate !== 'string' || candidate === '' || candidate.length > maxLength) return undefined;
  if (candidate.startsWith('/')) {
    const path = toReturnPath(candidate, '', maxLength);
    return path === '' ? undefined : `${new URL(context.config.baseUrl).origin}${path}`;
  }
  // Only what a URL parser reads as it is written: no backslashes, spaces or controls that browsers repair.
  if (!/^https?:\/\/[^\\\s\p{Cc}]+$/u.test(candidate) || !URL.canParse(candidate)) return undefined;
  const url = new URL(candidate);
  if (url.username !== '' || url.password !== '') return undefined;
  const own = new URL(context.config.baseUrl);
  if (url.origin === own.origin) return url.href;
  // From https nobody is sent back to http.
  if (url.protocol === 'http:' && own.protocol === 'https:') return undefined;
  const app = await findAppOfHost(context.storage, url.host, context.now());
  return app?.organizationId === organizationId ? url.href : undefined;
}

/** Whether the session cookie reaches this URL: same host name, ports aside. Elsewhere a redirect could come back without it, in circles. */
export function sharesCookies(baseUrl: string, target: string): boolean {
  return new URL(baseUrl).hostname === new URL(target).hostname;
}
