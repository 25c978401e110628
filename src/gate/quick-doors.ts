// The questions that every request of every app asks, answered in front of express when the answer is "come in". The decision is the same
// function the routes call, and is taken once: what is not answered here is handed on with the request, and the route awaits it.

import type { IncomingMessage } from 'node:http';
import type { QuickAnswer, QuickDoor } from '#http/front-door.ts';
import { createCheckRequest, type CheckedRequest, type CheckParts } from './forward-auth/check-request.ts';
import { emptyIdentity } from './forward-auth/identity-headers.ts';
import type { OriginalRequest } from './forward-auth/original-request.ts';
import type { ForwardAuthDoor, ReadOriginalRequest } from './forward-auth/read-original-request.ts';
import type { GateContext } from './gate-context.ts';
import { checkSession, type CheckedSession } from './sessions/check-session.ts';
import { readSessionToken } from './sessions/session-cookie.ts';

export interface QuickDoors {
  readonly doors: readonly QuickDoor[];
  /** The decision begun in front of express, or a new one. Rejects with `StorageError` when the store is away. */
  readonly checkSession: (request: IncomingMessage) => Promise<CheckedSession>;
  /** Only for requests whose original could be read. `url`: the whole path and query. */
  readonly checkRequest: (request: IncomingMessage, url: string, original: OriginalRequest) => Promise<CheckedRequest>;
}

const noStore = ['Cache-Control', 'no-store'] as const;
const emptyInTurn = [...noStore, ...Object.entries(emptyIdentity).flat()];

export function createQuickDoors(
  context: GateContext,
  parts: CheckParts,
  readOriginalRequest: ReadOriginalRequest,
): QuickDoors {
  const check = createCheckRequest(context, parts);
  const sessions = new WeakMap<IncomingMessage, Promise<CheckedSession>>();
  const requests = new WeakMap<IncomingMessage, Promise<CheckedRequest>>();
  const checkCookie = ({ headers }: IncomingMessage) =>
    checkSession(context, parts.people, readSessionToken(context, headers.cookie));
  const checkOriginal = ({ headers }: IncomingMessage, url: string, original: OriginalRequest) =>
    check(original, headers.cookie, wantsToken(url));

  const sessionDoor: QuickDoor = (request) => {
    if (request.method !== 'GET' || !isAt('/sso/session', request.url ?? '')) return null;
    const checking = checkCookie(request);
    sessions.set(request, checking);
    return checking.then(
      (checked) => (checked.kind === 'signedIn' ? { headers: noStore, body: JSON.stringify(checked.view) } : null),
      () => null,
    );
  };

  const forwardAuthDoor: QuickDoor = (request) => {
    const { url = '' } = request;
    const door = doorOf(request.method, url);
    if (door === null) return null;
    const reading = readOriginalRequest(door, request, url);
    if (reading.kind === 'malformed') return null;
    const checking = checkOriginal(request, url, reading.original);
    requests.set(request, checking);
    return checking.then(toQuickAnswer, () => null);
  };

  return {
    doors: [forwardAuthDoor, sessionDoor],
    checkSession: (request) => sessions.get(request) ?? checkCookie(request),
    checkRequest: (request, url, original) => requests.get(request) ?? checkOriginal(request, url, original),
  };
}

/** The headers of an admission, for both ways of answering. */
export function toAdmissionHeaders(
  checked: Extract<CheckedRequest, { kind: 'admitted' | 'public' }>,
): Readonly<Record<string, string>> {
  return checked.kind === 'public' ? emptyIdentity : { ...checked.person.headers, 'X-Furlough-Jwt': checked.token };
}

function toQuickAnswer(checked: CheckedRequest): QuickAnswer | null {
  if (checked.kind === 'public') return { headers: emptyInTurn };
  if (checked.kind !== 'admitted') return null;
  return { headers: checked.person.headersInTurn.concat('X-Furlough-Jwt', checked.token, noStore) };
}

/** The door a request knocks at; null: none of these, or in a spelling that express may have. */
function doorOf(method: string | undefined, url: string): ForwardAuthDoor | null {
  if (!url.startsWith('/gate/')) return null;
  if (url.startsWith('/gate/ext-authz/')) return 'ext-authz';
  if (method !== 'GET' && method !== 'HEAD') return null;
  if (isAt('/gate/forward-auth', url)) return 'forward-auth';
  return isAt('/gate/auth-request', url) ? 'auth-request' : null;
}

/** Proxies that do not use the signed header say so, and it is not made: `?jwt=no`. What follows Envoy's prefix is the client's, not its. */
function wantsToken(url: string): boolean {
  return !/^\/gate\/(?:forward-auth|auth-request)\?jwt=no$/.test(url);
}

/** Exactly this path; whatever else leads to the same route goes through express. */
function isAt(path: string, url: string): boolean {
  return url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
}
