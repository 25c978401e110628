// The decision of the forward-auth doors: may this browser's person pass to this app now? Asked anew for every request; app, rules, session,
// person, organisation and, where a rule asks for them, groups are as stored at that moment.

import type { App } from '#directory/app.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { areMet, askGroups } from '../app-access.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfToken, isToken } from '../opaque-token.ts';
import type { KnownPeople, KnownPerson } from '../sessions/known-people.ts';
import type { NotAllowed } from '../sessions/refuse-app-use.ts';
import type { Held } from '../sessions/refuse-held.ts';
import { judgeSession, readSession } from '../sessions/resume-session.ts';
import { readSessionToken } from '../sessions/session-cookie.ts';
import { openAppCookie, readAppCookie } from './app-cookie.ts';
import type { AppHosts } from './app-of-host.ts';
import type { CreateIdentityToken } from './identity-token.ts';
import type { OriginalRequest } from './original-request.ts';
import { decidePath, toPlainPath, type PathDecision } from './path-rules.ts';

export type CheckedRequest =
  | {
      readonly kind: 'admitted';
      readonly person: KnownPerson;
      readonly organizationId: OrganizationId;
      /** The signed header; empty where the proxy did not ask for it. */
      readonly token: string;
    }
  /** The path is for everybody; who is there is not asked. */
  | { readonly kind: 'public' }
  /** `app`: which one was asked for; left out at the gate's own host. */
  | (Held & { readonly app?: string })
  /** The person may come in, but not to this app or this part of it. */
  | ({ readonly kind: 'notAllowed' } & NotAllowed)
  /** Nobody is signed in, or someone of another organisation. `organizationId`: where to sign in, if that is known. */
  | { readonly kind: 'nobody'; readonly organizationId: OrganizationId | null }
  /** The host is no app of ours. */
  | { readonly kind: 'unknownHost' };

/** `cookies`: the header of the original request. Throws `StorageError` when the store is away. */
export type CheckRequest = (
  original: OriginalRequest,
  cookies: string | undefined,
  withToken: boolean,
) => Promise<CheckedRequest>;

export interface CheckParts {
  readonly people: KnownPeople;
  readonly createToken: CreateIdentityToken;
  readonly appHosts: AppHosts;
}

export function createCheckRequest(context: GateContext, parts: CheckParts): CheckRequest {
  const own = new URL(context.config.baseUrl);
  const ownHost = own.host;
  const readBoth = async (host: string | null, sessionId: string | undefined) => {
    if (host !== null && sessionId !== undefined) return parts.appHosts.findWithSession(host, sessionId);
    return {
      app: host === null ? null : await parts.appHosts.find(host),
      session: sessionId === undefined ? null : await readSession(context, sessionId),
    };
  };
  return async (original, cookies, withToken) => {
    const { host } = original;
    const claim = readClaim(context, own.hostname, original, cookies);
    // The session is read before the cookie is proven, so that app and session are one read; it counts only after.
    const { app, session } = await readBoth(host === ownHost ? null : host, claim?.session);
    if (app === null && host !== ownHost) return { kind: 'unknownHost' };
    const path: PathDecision = app === null ? { isPublic: false, groups: [] } : decidePath(app, original.uri);
    if (path.isPublic) return { kind: 'public' };
    const nobody = async (): Promise<CheckedRequest> => {
      const organizationId = app?.organizationId ?? (await onlyOrganization(context));
      return { kind: 'nobody', organizationId };
    };
    if (claim === undefined || !claim.isProven(app)) return nobody();
    if (app !== null && session?.record.organizationId !== app.organizationId) return nobody();
    const resumed = judgeSession(context, session);
    if (resumed.kind === 'nobody') return nobody();
    if (resumed.kind === 'held') return { ...resumed, ...(app === null ? {} : { app: app.id }) };
    const { user } = resumed;
    const demands = await askGroups(context.storage, user.organizationId, user.id, path.groups);
    if (!areMet(demands)) {
      if (app === null) return nobody();
      const at = toPlainPath(original.uri) ?? undefined;
      return { kind: 'notAllowed', session: resumed.session, app: app.id, demands, path: at };
    }
    const person = await parts.people(resumed.user);
    if (person === null) return nobody();
    const token = withToken ? await parts.createToken({ ...resumed, person, audience: host }) : '';
    return { kind: 'admitted', person, organizationId: resumed.session.organizationId, token };
  };
}

/** A session that a browser's cookie names, and whether the cookie may name it at the host of this app. */
interface SessionClaim {
  readonly session: string;
  readonly isProven: (app: App | null) => boolean;
}

/** The app's own cookie, or the gate's where the app shares its host name. The gate's counts nowhere else, should it get there. */
function readClaim(
  context: GateContext,
  ownName: string,
  { scheme, host }: OriginalRequest,
  cookies: string | undefined,
): SessionClaim | undefined {
  if (cookies === undefined) return undefined;
  if (nameOfHost(host) === ownName) {
    const token = readSessionToken(context, cookies);
    if (token !== undefined && isToken(token)) return { session: idOfToken(token), isProven: () => true };
  }
  const cookie = readAppCookie(cookies, scheme, host);
  if (cookie === undefined) return undefined;
  const session = Buffer.from(cookie.slice(0, 43), 'base64url').toString('hex');
  return {
    session,
    isProven: (app) => app !== null && openAppCookie(context, { app, host }, cookie) === session,
  };
}

/** Without the port, which cookies do not know. */
export function nameOfHost(host: string): string {
  return host.replace(/:\d+$/, '');
}

/** Our own host belongs to all organisations; where there is only one, its sign-in is meant. */
async function onlyOrganization(context: GateContext): Promise<OrganizationId | null> {
  const [only, ...others] = await context.storage.organizations.list();
  return only !== undefined && others.length === 0 ? only.id : null;
}
