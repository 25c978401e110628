// What a request tells about its sender: a person in front of a browser who can be sent to a page, or a program that needs a plain answer;
// from our own pages, or from somewhere else.

import type { IncomingHttpHeaders } from 'node:http';

/** Whether a page or a redirect helps: the sender asks for HTML and is no script (gate.md 7). */
export function wantsPage(headers: IncomingHttpHeaders): boolean {
  if (headers['x-requested-with'] !== undefined) return false;
  // Browsers name what an answer is for; scripts' requests are for nothing in particular (`empty`).
  const destination = headers['sec-fetch-dest'];
  if (destination !== undefined && !['document', 'iframe', 'frame'].includes(String(destination))) return false;
  return (headers.accept ?? '').toLowerCase().includes('text/html');
}

/** `own`: our page, or the person's own doing (address bar). `foreign`: another origin. `unknown`: the browser does not say. */
export function originOf(headers: IncomingHttpHeaders, baseUrl: string): 'own' | 'foreign' | 'unknown' {
  const { origin } = headers;
  const site = headers['sec-fetch-site'];
  // The browser's own word comes first: our pages send no referrer, and then `Origin` is `null` even from them.
  if (site !== undefined) return site === 'same-origin' || site === 'none' ? 'own' : 'foreign';
  if (origin !== undefined && origin !== new URL(baseUrl).origin) return 'foreign';
  return origin === undefined ? 'unknown' : 'own';
}
