// The two questions that every request of every app asks, answered in front of express when the answer is "come in". The decision is the same
// function the routes call, and is taken once: what is not answered here is handed on with the request, and the route awaits it.

import type { IncomingMessage } from 'node:http';
import type { QuickDoor } from '#http/front-door.ts';
import { createCheckRequest, type CheckedRequest } from './forward-auth/check-request.ts';
import type { OriginalRequest } from './forward-auth/original-request.ts';
import type { ReadOriginalRequest } from './forward-auth/read-original-request.ts';
import type { GateContext } from './gate-context.ts';
import { checkSession, type CheckedSession } from './sessions/check-session.ts';
import type { KnownPeople } from './sessions/known-people.ts';
import { readSessionToken } from './sessions/session-cookie.ts';

/** A decision about a request: the one begun in front of express, or a new one. Rejects with `StorageError` when the store is away. */
export type Deciding<Decision> = (request: IncomingMessage) => Promise<Decision>;

export interface QuickDoors {
  readonly doors: readonly QuickDoor[];
  readonly checkSession: Deciding<CheckedSession>;
  /** Only for requests whose original could be read. */
  readonly checkRequest: (request: IncomingMessage, original: OriginalRequest) => Promise<CheckedRequest>;
}

const noStore = { 'Cache-Control': 'no-store' } as const;

export function createQuickDoors(
  context: GateContext,
  people: KnownPeople,
  readOriginalRequest: ReadOriginalRequest,
): QuickDoors {
  const checkOriginal = createCheckRequest(context, people);
  const sessions = new WeakMap<IncomingMessage, Promise<CheckedSession>>();
  const requests = new WeakMap<IncomingMessage, Promise<CheckedRequest>>();
  const tokenOf = (request: IncomingMessage) => readSessionToken(context, request.headers.cookie);

  const sessionDoor: QuickDoor = (request) => {
    if (!isAsked(request, '/sso/session')) return null;
    const checking = checkSession(context, people, tokenOf(request));
    sessions.set(request, checking);
    return checking.then(
      (checked) => (checked.kind === 'signedIn' ? { headers: noStore, body: JSON.stringify(checked.view) } : null),
      () => null,
    );
  };

  const forwardAuthDoor: QuickDoor = (request) => {
    if (!isAsked(request, '/gate/forward-auth')) return null;
    const reading = readOriginalRequest(request);
    if (reading.kind === 'malformed') return null;
    const checking = checkOriginal(reading.original, tokenOf(request));
    requests.set(request, checking);
    return checking.then(
      (checked) => (checked.kind === 'admitted' ? { headers: { ...noStore, ...checked.person.headers } } : null),
      () => null,
    );
  };

  return {
    doors: [forwardAuthDoor, sessionDoor],
    checkSession: (request) => sessions.get(request) ?? checkSession(context, people, tokenOf(request)),
    checkRequest: (request, original) => requests.get(request) ?? checkOriginal(original, tokenOf(request)),
  };
}

/** A plain GET of exactly this path; whatever else leads to the same route goes through express. */
function isAsked(request: IncomingMessage, path: string): boolean {
  const { method, url = '' } = request;
  return method === 'GET' && url.startsWith(path) && (url.length === path.length || url[path.length] === '?');
}
