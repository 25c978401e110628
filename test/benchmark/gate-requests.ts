// The questions asked at every request of every app: who is signed in, and may they pass? Directly, and as a reverse proxy asks it.

import type { AskedRequest } from './load.ts';
import type { ServerProcess } from './server-process.ts';

export interface GateRequests {
  readonly session: (n: number) => AskedRequest;
  /** For an app on a host of its own, without the signed header and with it. */
  readonly forwardAuth: (n: number) => AskedRequest;
  readonly forwardAuthSigned: (n: number) => AskedRequest;
}

/** Fills the store with so many people, of whom the first thousand are signed in. */
export async function prepareGateRequests(server: ServerProcess, people: number): Promise<GateRequests> {
  const organization = 'default';
  // Whoever was provisioned through a connection may sign in by it the first time.
  const provisionedBy = ['default', 'oidc', 'saml'];
  const ids = await server.addUsers({ organization, count: people, active: true, provisionedBy });
  const cookies = await server.openSessions({ organization, ids: ids.slice(0, 1_000) });
  const host = 'wiki.example.com';
  const appCookies = await server.openAppCookies({ organization, host, cookies });
  const cookieOf = (n: number): string => cookies[n % cookies.length] ?? '';
  const forwarded = {
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': host,
    'x-forwarded-uri': '/wiki',
  };
  const headersOf = (n: number) => ({ cookie: appCookies[n % appCookies.length] ?? '', ...forwarded });
  return {
    session: (n) => ({ path: '/sso/session', headers: { cookie: cookieOf(n) } }),
    forwardAuth: (n) => ({ path: '/gate/forward-auth?jwt=no', headers: headersOf(n) }),
    forwardAuthSigned: (n) => ({ path: '/gate/forward-auth', headers: headersOf(n) }),
  };
}
