// The gate's cookies: bound to our host and to https, except on a loopback http origin, where browsers would drop them.

import { readCookie, toSetCookie, type CookieKind } from '#gate/browser-cookie.ts';

const secure = 'https://people.example.com';
const plain = 'http://localhost:3000';
const session: CookieKind = { name: 'furlough-session', crossSite: false };
const attempt: CookieKind = { name: 'furlough-attempt', crossSite: true, maxAgeSeconds: 600 };

test.each([
  [session, secure, 'value', '__Host-furlough-session=value; Path=/; HttpOnly; Secure; SameSite=Lax'],
  [attempt, secure, 'value', '__Host-furlough-attempt=value; Path=/; HttpOnly; Secure; SameSite=None; Max-Age=600'],
  [session, plain, 'value', 'furlough-session=value; Path=/; HttpOnly; SameSite=Lax'],
  [attempt, plain, 'value', 'furlough-attempt=value; Path=/; HttpOnly; SameSite=Lax; Max-Age=600'],
  [attempt, secure, '', '__Host-furlough-attempt=; Path=/; HttpOnly; Secure; SameSite=None; Max-Age=0'],
])('%j at %s', (kind, baseUrl, value, line) => {
  expect(toSetCookie(kind, value, baseUrl)).toBe(line);
});

test.each([
  ['a=b; __Host-furlough-session=value; c=d', 'value'],
  ['__Host-furlough-session=first; __Host-furlough-session=second', 'first'],
  ['__Host-furlough-session=', ''],
  ['furlough-session=planted by a sister host', undefined],
  ['__host-furlough-session=value', undefined],
  ['x__Host-furlough-session=value', undefined],
  ['__Host-furlough-session', undefined],
  ['', undefined],
  [undefined, undefined],
  [`__Host-furlough-session=value; ${'x'.repeat(20_000)}`, undefined],
])('the session in %j behind https is %j', (header, value) => {
  expect(readCookie(session, header, secure)).toBe(value);
});
