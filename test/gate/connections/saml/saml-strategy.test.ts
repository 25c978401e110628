// The passport strategy: what passport hears on the way out and on the way back.

import passport from 'passport';

import { SamlStrategy, type SamlHttpRequest, type SamlStrategyOptions } from '#gate/connections/saml/saml-strategy.ts';
import { acsUrl, connectionWith, goodResponse, idp, nameId, now } from './saml-scene.ts';

const address = '192.0.2.1';

type Heard =
  | { readonly redirect: string }
  | { readonly error: unknown; readonly user: unknown; readonly info: unknown; readonly status: unknown };

/** Runs the strategy through passport itself. */
function authenticate(request: SamlHttpRequest, options: SamlStrategyOptions): Promise<Heard> {
  return new Promise((resolve) => {
    const response = {
      statusCode: 0,
      headers: new Map<string, string>(),
      setHeader(name: string, value: string) {
        this.headers.set(name, value);
      },
      end() {
        resolve({ redirect: this.headers.get('Location') ?? '' });
      },
    };
    const callback = (error: unknown, user: unknown, info: unknown, status: unknown): void => {
      resolve({ error, user, info, status });
    };
    const handler: unknown = passport.authenticate(
      new SamlStrategy(connectionWith()),
      { session: false, ...options },
      callback,
    );
    (handler as (request: unknown, response: unknown, next: (error: unknown) => void) => void)(
      request,
      response,
      (error) => {
        resolve({ error, user: undefined, info: undefined, status: undefined });
      },
    );
  });
}

const post = (samlResponse: string, url = new URL(acsUrl).pathname): SamlHttpRequest => ({
  method: 'POST',
  url,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: Buffer.from(new URLSearchParams({ SAMLResponse: samlResponse, RelayState: 'h' }).toString()),
});
const get: SamlHttpRequest = { method: 'GET', url: '/login', headers: {} };

async function begin(): Promise<{ readonly redirect: string; readonly requestId: string }> {
  let requestId = '';
  const heard = await authenticate(get, {
    step: 'begin',
    forceAuthn: false,
    keepAttempt: async (begun) => {
      requestId = begun.requestId;
    },
  });
  if (!('redirect' in heard)) throw new Error('no redirect');
  return { redirect: heard.redirect, requestId };
}

test('out and back', async () => {
  const { redirect, requestId } = await begin();
  expect(redirect.startsWith(`${idp.ssoUrl}?SAMLRequest=`)).toBe(true);
  const request = post(idp.respond({ ...goodResponse, inResponseTo: requestId }));
  await expect(
    authenticate(request, { step: 'complete', attempt: { requestId }, now, address }),
  ).resolves.toMatchObject({
    error: null,
    user: { subject: nameId, issuer: idp.entityId },
  });
});

test.each([
  ['another request', goodResponse.inResponseTo, {}, 403, 'requestMismatch'],
  ['a query beside', undefined, { url: '/acs?SAMLRequest=x' }, 400, 'malformedRequest'],
  ['no body', undefined, { body: undefined }, 400, 'malformedRequest'],
  ['a body somebody parsed', undefined, { body: { SAMLResponse: 'x' } }, 400, 'malformedRequest'],
] as const)('%s fails with its reason', async (_name, inResponseTo, change, status, reason) => {
  const { requestId } = await begin();
  const request = { ...post(idp.respond({ ...goodResponse, inResponseTo: inResponseTo ?? requestId })), ...change };
  await expect(
    authenticate(request, { step: 'complete', attempt: { requestId }, now, address }),
  ).resolves.toMatchObject({
    user: false,
    info: { refusal: { reason } },
    status,
  });
});

test('no attempt fails as unsolicited', async () => {
  const request = post(idp.respond(goodResponse));
  await expect(authenticate(request, { step: 'complete', attempt: undefined, now, address })).resolves.toMatchObject({
    user: false,
    info: { refusal: { reason: 'unsolicited' } },
  });
});

test('an attempt that cannot be kept is an error, and the browser stays', async () => {
  const outage = new Error('storage is away');
  const heard = await authenticate(get, {
    step: 'begin',
    forceAuthn: false,
    keepAttempt: () => Promise.reject(outage),
  });
  expect(heard).toMatchObject({ error: outage });
});
