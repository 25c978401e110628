// What hostile requests to every door have in common.

import fc from 'fast-check';
import { encodedText } from './hostile-values.ts';
import type { WireRequest } from './wire.ts';

/** Headers that reach every door. */
export const everywhere = {
  'x-request-id': [],
  accept: ['text/html', 'application/json', '*/*'],
  'accept-language': ['ja', 'en;q=0.1', 'x-klingon, ja;q=2'],
  'content-type': [
    'application/json',
    'text/plain',
    'application/json; charset=utf-16',
    'multipart/form-data; boundary=x',
  ],
  'content-encoding': ['gzip', 'br', 'deflate', 'identity', 'compress, gzip'],
  'x-forwarded-for': ['203.0.113.9', '::ffff:1.2.3.4, 10.0.0.1', 'fe80::1%eth0'],
  'x-http-method-override': ['DELETE'],
  origin: ['null', 'https://evil.example'],
  cookie: [],
  'x-anything': [],
};

/** One of these, now and then something else. */
export const path = (known: readonly string[]) =>
  fc.oneof({ arbitrary: fc.constantFrom(...known), weight: 9 }, { arbitrary: encodedText, weight: 1 });

/** Some methods carry none. */
export function bodyOf(method: string, body: string): Pick<WireRequest, 'body'> {
  return method === 'GET' || method === 'HEAD' || method === 'TRACE' ? {} : { body };
}
