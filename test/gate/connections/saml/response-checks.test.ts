// What a validly signed response says of the sign-in itself (gate.md S17, S18, S21). Every edit is made before signing,
// so that only the rule under test can refuse it.

import { type ResponseOptions, replaceOnce, type Signed } from '../../../harness/saml-identity-provider.ts';
import { complete, connectionWith, goodResponse, idp, nameId, now, refuses, requestId } from './saml-scene.ts';

const swap = (from: string | RegExp, to: string): Partial<ResponseOptions> => ({
  edit: { unsigned: (xml) => replaceOnce(xml, from, to) },
});
const sec = 1000;

describe('S17 status', () => {
  const success = 'urn:oasis:names:tc:SAML:2.0:status:Success';
  const signs: readonly Signed[] = ['response', 'assertion', 'both'];
  const rows = signs.flatMap((sign) =>
    (['Responder', 'Requester', 'success'] as const).map((code) => [code, sign] as const),
  );

  test.each(rows)('%s, with a valid assertion, signed %s', async (code, sign) => {
    await refuses({ sign, ...swap(success, `urn:oasis:names:tc:SAML:2.0:status:${code}`) }, 'statusNotSuccess');
  });

  test.each([
    ['no status', /<samlp:Status>.*<\/samlp:Status>/, ''],
    ['no code', /<samlp:StatusCode [^>]*\/>/, ''],
    ['no value', / Value="[^"]*"/, ''],
    ['two codes', '</samlp:Status>', `<samlp:StatusCode Value="${success}"/></samlp:Status>`],
    [
      'Success below something else',
      /<samlp:StatusCode [^>]*\/>/,
      `<samlp:StatusCode Value="urn:x"><samlp:StatusCode Value="${success}"/></samlp:StatusCode>`,
    ],
  ])('%s', async (_name, from, to) => {
    await refuses(swap(from, to), 'statusNotSuccess');
  });

  test('an error instead of an assertion', async () => {
    const edit = {
      signed: (xml: string) =>
        replaceOnce(
          replaceOnce(xml, /<saml:Assertion.*<\/saml:Assertion>/s, ''),
          success,
          'urn:oasis:names:tc:SAML:2.0:status:Responder',
        ),
    };
    await refuses({ sign: 'assertion', edit }, 'identityProviderError');
  });

  test.each(['Response', 'Assertion'])('another Version of the %s', async (element) => {
    await refuses(swap(new RegExp(`(?<=:${element} [^>]*Version=")2.0`), '1.1'), 'samlResponseInvalid');
  });
});

describe('S18 the sign-in at the identity provider', () => {
  test('no AuthnStatement', async () => {
    await refuses(swap(/<saml:AuthnStatement .*<\/saml:AuthnStatement>/, ''), 'authnStatementInvalid');
  });

  test('an AuthnStatement without AuthnInstant', async () => {
    await refuses(swap(/ AuthnInstant="[^"]*"/, ''), 'authnStatementInvalid');
  });

  test('its session is over', async () => {
    await refuses({ sessionNotOnOrAfter: now }, 'sessionExpired');
  });

  test('its session ends in five minutes, and ours is told so', async () => {
    const end = now + 300 * sec;
    const answer = await complete(idp.respond({ ...goodResponse, sessionNotOnOrAfter: end }));
    expect(answer).toMatchObject({ sessionNotOnOrAfter: end, sessionIndex: '_session-1', authnInstant: now });
    expect((await complete(idp.respond(goodResponse))).sessionNotOnOrAfter).toBeUndefined();
  });
});

describe('S21 InResponseTo', () => {
  const inConfirmation = /(?<=<saml:SubjectConfirmationData) InResponseTo="[^"]*"/;
  const onWrapper = /(?<=<samlp:Response [^>]*) InResponseTo="[^"]*"/;

  test.each(['response', 'assertion', 'both'] as const)('unknown, signed %s', async (sign) => {
    await refuses({ sign, inResponseTo: '_another-browser' }, 'requestMismatch');
  });

  test('ours only on the unsigned wrapper', async () => {
    const wrapper = { signed: (xml: string) => replaceOnce(xml, onWrapper, ` InResponseTo="${requestId}"`) };
    await refuses({ sign: 'assertion', inResponseTo: '_another-browser', edit: wrapper }, 'requestMismatch');
  });

  test('absent from the confirmation, absent everywhere', async () => {
    await refuses(swap(inConfirmation, ''), 'requestMismatch');
    const nowhere = { unsigned: (xml: string) => replaceOnce(replaceOnce(xml, inConfirmation, ''), onWrapper, '') };
    await refuses({ edit: nowhere }, 'requestMismatch');
  });

  test('another on the wrapper', async () => {
    await refuses({ sign: 'assertion', ...swap(onWrapper, ' InResponseTo="_x"') }, 'requestMismatch');
  });

  test('no attempt: refused before anything is read', async () => {
    await expect(
      connectionWith().complete({ samlResponse: '!', attempt: undefined, now, address: '192.0.2.1' }),
    ).rejects.toMatchObject({
      reason: 'unsolicited',
    });
  });
});

test('what a good answer says, and how long its ID must be remembered', async () => {
  const answer = await complete(idp.respond({ ...goodResponse, assertionId: '_one' }));
  expect(answer).toMatchObject({
    issuer: idp.entityId,
    subject: nameId,
    nameIdFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    assertionId: '_one',
    assertionNotOnOrAfter: now + 300 * sec,
    keepAssertionIdUntil: now + 480 * sec,
  });
});
