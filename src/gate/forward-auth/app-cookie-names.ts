// How the cookies at an app's own host are called: the same whether a proxy passes `/.furlough/…` on to us or the app answers it itself with our
// middleware, which is why nothing of the server is imported here.

import type { CookieKind } from '../browser-cookie.ts';

/** The app's session. Ports are one site to a browser: apps on two ports of one name would overwrite each other's. */
export function appCookieKind(host: string): CookieKind {
  const port = /:(\d+)$/.exec(host)?.[1];
  return { name: port === undefined ? 'furlough-app' : `furlough-app-${port}`, crossSite: false };
}

/** Tokens that mark the browser while it signs in, one for each tab, with dots between. */
export const stateCookieKind: CookieKind = { name: 'furlough-app-state', crossSite: false, maxAgeSeconds: 600 };

/** Tabs that may sign in side by side; a further one displaces the oldest. */
export const mostStates = 4;
