// Strangers behind proxies and at apps: what nginx, Envoy and Caddy pass on, the paths of an app's own host, and what apps ask with their key.

import fc from 'fast-check';
import type { HostileHouse } from './hostile-house.ts';
import {
  anyMethod,
  encodedText,
  headerText,
  hostileHeaders,
  hostileJson,
  hostileQuery,
  hostileText,
} from './hostile-values.ts';
import { bodyOf, everywhere } from './request-parts.ts';
import type { WireRequest } from './wire.ts';

const questions = ['/gate/check', '/gate/exchange', '/gate/end'];

export function toProxies({ wikiHost, appSecret, appCookie, sessionCookie }: HostileHouse): fc.Arbitrary<WireRequest> {
  const cookie = fc.oneof(
    fc.constant(`__Host-furlough-app=${appCookie}`),
    fc.constant(sessionCookie),
    headerText.map((text) => `__Host-furlough-app=${appCookie}${text}; __Host-furlough-app-state=${text}.${text}`),
    headerText,
  );
  const place = fc.oneof(
    fc.constantFrom('/gate/auth-request', '/gate/forward-auth', '/gate/ext-authz/wiki', '/gate/by-gate/jwks.json'),
    fc.constantFrom('/gate/sign-in', '/.furlough/sign-in', '/.furlough/callback', '/.furlough/sign-out'),
    fc.constantFrom(...questions),
    encodedText.map((text) => `/gate/ext-authz/${text}`),
    encodedText.map((text) => `/gate/${text}/jwks.json`),
    encodedText.map((text) => `/.furlough/${text}`),
  );
  const told = fc.constantFrom(
    {},
    { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'https', 'x-forwarded-host': wikiHost, 'x-forwarded-uri': '/' },
    { 'x-original-url': `https://${wikiHost}/wiki`, 'x-original-method': 'GET' },
    { 'x-forwarded-proto': 'https', host: wikiHost },
  );
  const headers = hostileHeaders({
    ...everywhere,
    'x-original-url': [
      `https://${wikiHost}/wiki`,
      `https://a@${wikiHost}@b/`,
      `https://${wikiHost}/%2e%2e/`,
      'https:///',
    ],
    'x-original-method': ['GET', 'POST', 'get'],
    'x-forwarded-method': ['GET', 'POST'],
    'x-forwarded-proto': ['http', 'https', 'ws'],
    'x-forwarded-host': [wikiHost, `${wikiHost}:443`, 'unknown.example', '[::1]:0'],
    'x-forwarded-uri': ['/assets/..%2fadmin/', '//evil.example', '/;/', '/%'],
    authorization: [`Bearer ${appSecret}`, 'Bearer x', 'Basic eDp4'],
    'sec-websocket-key': ['dGhlIHNhbXBsZSBub25jZQ=='],
    'access-control-request-method': ['PUT'],
    'sec-fetch-site': ['same-origin', 'cross-site'],
  });
  const query = hostileQuery(
    ['app', 'state', 'return_to', 'code', 'jwt'],
    [`https://${wikiHost}`, '0'.repeat(64), '/page', 'no', 'A'.repeat(43)],
  );
  const question = fc.oneof(
    fc
      .record(
        {
          cookie: fc.oneof(fc.constant(appCookie), hostileText),
          uri: hostileText,
          host: fc.constantFrom(wikiHost, 'x'),
        },
        { requiredKeys: [] },
      )
      .map((body) => JSON.stringify(body)),
    hostileJson(['cookie', 'host', 'uri', 'code', 'states'], [appCookie, wikiHost, '/', ['0'.repeat(64)]]),
  );
  const method = fc.oneof({ arbitrary: fc.constant('GET'), weight: 8 }, { arbitrary: anyMethod, weight: 1 });
  return fc
    .tuple(method, place, query, cookie, told, headers, question)
    .map(([verb, at, asked, cookies, proxied, given, json]) => {
      const isQuestion = questions.includes(at);
      const way = verb === 'GET' && isQuestion ? 'POST' : verb;
      // The session is still to be asked about elsewhere.
      const spares = at === '/gate/end' || at.startsWith('/.furlough/');
      const spare = (text: string): string => (spares ? text.replaceAll(appCookie, 'none') : text);
      return {
        method: way,
        target: asked === '' ? at : `${at}?${asked}`,
        headers: {
          'content-type': 'application/json',
          cookie: spare(cookies),
          ...(isQuestion ? { authorization: `Bearer ${appSecret}` } : {}),
          ...proxied,
          ...given,
        },
        ...bodyOf(way, spare(json)),
      };
    });
}
