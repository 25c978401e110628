// Strangers where SCIM clients buy access tokens: forms that nearly are a client's, and clients that name themselves in every way at once.

import fc from 'fast-check';
import type { HostileHouse } from './hostile-house.ts';
import { anyMethod, encodedText, headerText, hostileHeaders, hostileQuery, hostileText } from './hostile-values.ts';
import { bodyOf, everywhere } from './request-parts.ts';
import type { WireRequest } from './wire.ts';

const grant = 'grant_type=client_credentials';
const assertion = 'client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer';
const jwtLike = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA';

export function toTokens({ scimClient, scimSecret }: HostileHouse): fc.Arbitrary<WireRequest> {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
  const authorization = fc.oneof(
    { arbitrary: fc.constant(basic(`${scimClient}:${scimSecret}`)), weight: 4 },
    { arbitrary: fc.constant(''), weight: 4 },
    { arbitrary: hostileText.map((text) => basic(`${scimClient}:${text}`)), weight: 1 },
    { arbitrary: hostileText.map((text) => basic(text)), weight: 1 },
    { arbitrary: fc.constantFrom('Basic', 'Basic =', 'Basic !', `Bearer ${scimSecret}`), weight: 1 },
    { arbitrary: headerText, weight: 1 },
  );
  const named = `client_id=${scimClient}`;
  const rest = hostileQuery(
    'grant_type client_id client_secret scope resource client_assertion client_assertion_type'.split(' '),
    ['client_credentials', 'password', scimClient, scimSecret, 'read users', 'scim', 'scim admin', jwtLike],
  );
  const start = fc.constantFrom(
    '',
    grant,
    grant,
    `${grant}&${named}`,
    `${grant}&${named}&client_secret=${encodeURIComponent(scimSecret)}`,
    `${grant}&${named}&${assertion}&client_assertion=${jwtLike}`,
  );
  const form = fc.oneof(
    {
      arbitrary: fc.tuple(start, rest).map((parts) => parts.filter((part) => part !== '').join('&')),
      weight: 6,
    },
    // An assertion whose parts say anything.
    {
      arbitrary: fc.tuple(fc.jsonValue(), fc.jsonValue(), encodedText).map(([header, claims, signature]) => {
        const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
        return `${grant}&${named}&${assertion}&client_assertion=${part(header)}.${part(claims)}.${signature}`;
      }),
      weight: 1,
    },
    { arbitrary: hostileText, weight: 1 },
  );
  const method = fc.oneof({ arbitrary: fc.constant('POST'), weight: 12 }, { arbitrary: anyMethod, weight: 1 });
  const type = fc.constantFrom(
    ...Array.from({ length: 6 }, () => 'application/x-www-form-urlencoded'),
    'application/x-www-form-urlencoded; charset=utf-16',
    'application/json',
    '',
  );
  const query = fc.oneof({ arbitrary: fc.constant(''), weight: 6 }, { arbitrary: rest, weight: 1 });
  return fc
    .tuple(method, query, hostileHeaders(everywhere), type, authorization, form)
    .map(([verb, asked, given, mediaType, credential, body]) => ({
      method: verb,
      target: `/scim/oauth/token${asked === '' ? '' : `?${asked}`}`,
      headers: {
        ...given,
        ...(mediaType === '' ? {} : { 'content-type': mediaType }),
        ...(credential === '' ? {} : { authorization: credential }),
      },
      ...bodyOf(verb, body),
    }));
}
