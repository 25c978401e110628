// Strangers at the gate: sign-ins, their ways back, sessions, questions of proxies.

import fc from 'fast-check';
import { type HostileHouse } from './hostile-house.ts';
import { anyMethod, encodedText, headerText, hostileHeaders, hostileQuery, hostileText } from './hostile-values.ts';
import { bodyOf, everywhere, path } from './request-parts.ts';
import type { WireRequest } from './wire.ts';

const signalDoors = [
  'oidc/oidc/backchannel-logout',
  'oidc/global-token-revocation',
  'oidc/security-events',
  'oidc/security-events',
] as const;
const jwtLike = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA';

const openidPath = fc.oneof(
  fc.constantFrom(
    'auth',
    'token',
    'me',
    'jwks',
    'request',
    'session/end',
    'session/end/confirm',
    'session/end/success',
  ),
  fc.constantFrom('token/introspection', 'token/revocation', '.well-known/openid-configuration'),
  encodedText.map((text) => `auth/${text}`),
  encodedText.map((text) => `interaction/${text}`),
);

export function toGate({ sessionCookie, appHost, saml, openId, url }: HostileHouse): fc.Arbitrary<WireRequest> {
  const cookie = fc.oneof(
    fc.constant(sessionCookie),
    headerText,
    headerText.map((text) => `furlough-session=${text}; furlough-attempt=${text}.${text}`),
    fc.constantFrom('='.repeat(500), ';'.repeat(500), 'furlough-session=', `a=b; ${sessionCookie}; ${sessionCookie}`),
  );
  const headers = hostileHeaders({
    ...everywhere,
    'content-type': [
      'application/x-www-form-urlencoded',
      'application/x-www-form-urlencoded; charset=utf-8',
      'application/x-www-form-urlencoded; charset=utf-16',
      'application/secevent+jwt',
      'application/json',
    ],
    authorization: ['Bearer x.y.z', `Bearer ${jwtLike}`, 'Bearer', 'Basic eDp5'],
    'x-forwarded-method': ['GET', 'POST', 'get'],
    'x-forwarded-proto': ['http', 'https', 'wss', 'gopher'],
    'x-forwarded-host': [appHost, 'unknown.example', 'A.EXAMPLE:80', '[::1]:0', 'a:99999'],
    'x-forwarded-uri': ['/wiki', '/?a=b,c', '//evil.example', '*'],
    'sec-fetch-site': ['same-origin', 'cross-site'],
    'sec-fetch-dest': ['document', 'empty'],
    'x-requested-with': ['XMLHttpRequest'],
    'remote-user': ['aoki@gate.test'],
  });
  const forwarded = fc.constantFrom(
    {},
    { 'x-forwarded-method': 'GET', 'x-forwarded-proto': 'http', 'x-forwarded-host': appHost, 'x-forwarded-uri': '/' },
  );
  const organization = path(['by-gate', 'by-gate', 'by-gate', 'by-gate', 'by-gate', 'by-gate', 'default', 'xx']);
  const connection = path(['saml', 'oidc', 'saml', 'oidc', 'yy']);
  const place = fc.oneof(
    fc.constantFrom(
      '/sso/session',
      '/sso/logout',
      '/sso/login',
      '/sso/sessions',
      '/sso/sessions/end',
      '/sso/sessions/end-all',
      '/gate/forward-auth',
      '/gate/forward-auth',
    ),
    encodedText.map((text) => `/people/${text}`),
    organization.map((org) => `/sso/${org}/login`),
    organization.map((org) => `/sso/${org}/signed-in`),
    fc
      .tuple(
        organization,
        fc.constantFrom(
          'saml/saml/metadata',
          'saml/saml/acs',
          'saml/saml/acs',
          'oidc/oidc/callback',
          'oidc/oidc/jwks',
          ...signalDoors,
        ),
      )
      .map(([org, rest]) => `/sso/${org}/${rest}`),
    fc
      .tuple(organization, connection, fc.constantFrom('saml/acs', 'oidc/callback', 'saml/slo', 'security-events'))
      .map(([org, id, end]) => `/sso/${org}/${id}/${end}`),
    fc.tuple(organization, openidPath).map(([org, rest]) => `/oidc/${org}/${rest}`),
    encodedText.map((text) => `/${text.length % 2 === 0 ? 'sso' : 'gate'}/${text}`),
  );
  const parameters = [
    'connection',
    'return_to',
    'continue',
    'code',
    'state',
    'iss',
    'error',
    'error_description',
    'SAMLRequest',
    'SAMLResponse',
    'RelayState',
    'login_hint',
    'email',
    'logout_token',
    'client_id',
    'redirect_uri',
    'request_uri',
    'id_token_hint',
    'response_type',
    'prompt',
    'xsrf',
  ];
  const query = hostileQuery(parameters, [
    'saml',
    'oidc',
    '/sso/session',
    `${url}/wiki`,
    'https://evil.example/',
    'access_denied',
    'a@gate.test',
    jwtLike,
  ]);
  const honest = saml.identityProvider.respondXml({
    acsUrl: `${url}/sso/by-gate/saml/saml/acs`,
    audience: `${url}/sso/by-gate/saml/saml/metadata`,
    inResponseTo: '_x',
    nameId: 'aoki@gate.test',
  });
  const markup = fc.oneof(
    fc.constant(honest),
    fc
      .tuple(fc.nat(honest.length), fc.nat(60), hostileText)
      .map(([at, gone, text]) => honest.slice(0, at) + text + honest.slice(at + gone)),
    hostileText,
  );
  const samlResponse = fc.oneof(
    markup.map((xml) => encodeURIComponent(Buffer.from(xml).toString('base64'))),
    encodedText,
  );
  /** What has the form of a signed token, and says anything. */
  const token = fc.tuple(fc.jsonValue(), fc.jsonValue(), encodedText).map(([claims, events, signature]) => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const named = typeof claims === 'object' && !Array.isArray(claims) ? claims : {};
    const body = {
      iss: openId.issuer,
      aud: 'furlough',
      jti: 'x',
      iat: Math.floor(Date.now() / 1000),
      events,
      ...named,
    };
    return `${part({ alg: 'RS256', typ: 'secevent+jwt', kid: 'x' })}.${part(body)}.${signature}`;
  });
  const form = fc.oneof(
    {
      arbitrary: fc
        .tuple(samlResponse, encodedText)
        .map(([response, state]) => `SAMLResponse=${response}&RelayState=${state}`),
      weight: 3,
    },
    { arbitrary: hostileQuery(parameters, ['x', jwtLike, 'a@gate.test']), weight: 1 },
    { arbitrary: token, weight: 1 },
    { arbitrary: token.map((text) => `logout_token=${encodeURIComponent(text)}`), weight: 1 },
    { arbitrary: fc.jsonValue().map((value) => JSON.stringify({ sub_id: value })), weight: 1 },
    { arbitrary: hostileText, weight: 1 },
  );
  const method = fc.oneof({ arbitrary: fc.constant('GET'), weight: 8 }, { arbitrary: anyMethod, weight: 1 });
  return fc
    .tuple(method, place, query, cookie, forwarded, headers, form)
    .map(([verb, at, asked, cookies, trusted, given, posted]) => {
      // A form goes where forms are taken.
      const taking = at.endsWith('/saml/acs') || signalDoors.some((door) => at.endsWith(door));
      const way = verb === 'GET' && (taking || (at.endsWith('/login') && posted.length % 2 === 0)) ? 'POST' : verb;
      // The session is still to be asked about elsewhere.
      const kept = at === '/sso/logout' ? cookies.replaceAll('furlough-session', 'no-session') : cookies;
      const withQuery = asked === '' || (at.endsWith('/saml/acs') && asked.length % 3 !== 0) ? at : `${at}?${asked}`;
      return {
        method: way,
        target: withQuery,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          ...(kept === '' ? {} : { cookie: kept }),
          ...trusted,
          ...given,
        },
        ...bodyOf(way, posted),
      };
    });
}
