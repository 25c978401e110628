// The headers that keep a browser from misusing our answers. helmet says which; they never differ between requests, so they are worked out once.

import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';

/** Name and value of each. Strict for pages of our own: no inline script, no frame. A page that posts a form elsewhere (SAML) sets its own policy. */
export function securityHeaders(baseUrl: string): readonly (readonly [string, string])[] {
  const isHttps = baseUrl.startsWith('https:');
  const protect = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: isHttps ? { maxAge: 31_536_000, includeSubDomains: false } : false,
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
  });
  const headers = new Map<string, string>();
  const recorder = {
    setHeader: (name: string, value: string) => void headers.set(name, value),
    removeHeader: (name: string) => void headers.delete(name),
  };
  protect({} as IncomingMessage, recorder as unknown as ServerResponse, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return [...headers];
}

const names = securityHeaders('https://example.com').map(([name]) => name);

/** For an answer to a proxy, which shows nobody what it says: they would only be carried back and forth. */
export function removeSecurityHeaders(response: Pick<ServerResponse, 'removeHeader'>): void {
  for (const name of names) response.removeHeader(name);
}
