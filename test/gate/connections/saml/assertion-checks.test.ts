// To whom, from whom and when a validly signed assertion counts (gate.md S13 to S16). Every edit is made before
// signing, so that only the rule under test can refuse it.

import { type ResponseOptions, replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { acsUrl, complete, connectionWith, goodResponse, idp, nameId, now, refuses, requestId } from './saml-scene.ts';

const swap = (from: string | RegExp, to: string): Partial<ResponseOptions> => ({
  edit: { unsigned: (xml) => replaceOnce(xml, from, to) },
});
const iso = (offsetMs: number): string => new Date(now + offsetMs).toISOString();
const sec = 1000;

describe('S13 recipient, destination, issuer', () => {
  test.each(['response', 'both'] as const)('a wrong or missing Destination of a signed Response (%s)', async (sign) => {
    await refuses(
      { sign, ...swap(/ Destination="[^"]*"/, ' Destination="https://furlough.example/saml/other/acs"') },
      'destinationMismatch',
    );
    await refuses({ sign, ...swap(/ Destination="[^"]*"/, ` Destination="${acsUrl}/"`) }, 'destinationMismatch');
    await refuses({ sign, ...swap(/ Destination="[^"]*"/, '') }, 'destinationMismatch');
  });

  test('an unsigned Response may lack a Destination, but not have a wrong one', async () => {
    const without = idp.respond({ ...goodResponse, sign: 'assertion', ...swap(/ Destination="[^"]*"/, '') });
    await expect(complete(without)).resolves.toMatchObject({ subject: nameId });
    await refuses(
      { sign: 'assertion', ...swap(/(?<= Destination=")[^"]*/, 'https://evil.example/acs') },
      'destinationMismatch',
    );
  });

  test.each([
    ['another', ' Recipient="https://evil.example/acs"'],
    ['no', ''],
    ['a longer', ` Recipient="${acsUrl}?x"`],
  ])('%s Recipient', async (_name, recipient) => {
    await refuses(swap(/ Recipient="[^"]*"/, recipient), 'recipientMismatch');
  });

  const issuers = /<saml:Issuer>[^<]*<\/saml:Issuer>/g;
  const replaceIssuer = (which: number, to: string): Partial<ResponseOptions> => ({
    edit: {
      unsigned: (xml) => {
        let at = -1;
        return xml.replaceAll(issuers, (found) => {
          at += 1;
          return at === which ? to : found;
        });
      },
    },
  });
  test.each([
    ['Response', 0, '<saml:Issuer>https://evil.example</saml:Issuer>'],
    ['Assertion', 1, '<saml:Issuer>https://evil.example</saml:Issuer>'],
    ['Assertion, with a space', 1, `<saml:Issuer>${idp.entityId} </saml:Issuer>`],
    ['Assertion, twice', 1, `<saml:Issuer>${idp.entityId}</saml:Issuer><saml:Issuer>x</saml:Issuer>`],
    [
      'Response, another format',
      0,
      `<saml:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">${idp.entityId}</saml:Issuer>`,
    ],
    ['Response, empty', 0, '<saml:Issuer></saml:Issuer>'],
  ] as const)('a wrong Issuer of the %s', async (_name, which, issuer) => {
    await refuses(replaceIssuer(which, issuer), 'issuerMismatch');
  });

  test('a wrong Issuer on an unsigned Response', async () => {
    await refuses(
      { sign: 'assertion', ...replaceIssuer(0, '<saml:Issuer>https://evil.example</saml:Issuer>') },
      'issuerMismatch',
    );
  });

  test('an unsigned Response may lack its Issuer', async () => {
    const without = swap(/<saml:Issuer>[^<]*<\/saml:Issuer>(?=<samlp:Status>)/, '');
    const response = idp.respond({ ...goodResponse, sign: 'assertion', ...without });
    await expect(complete(response)).resolves.toMatchObject({ subject: nameId });
  });
});

describe('S14 audience', () => {
  const restriction = /<saml:AudienceRestriction>.*<\/saml:AudienceRestriction>/;
  const other =
    '<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>';
  const ours = `<saml:AudienceRestriction><saml:Audience>${goodResponse.audience}</saml:Audience></saml:AudienceRestriction>`;
  test.each([
    ['another', other],
    ['none', ''],
    ['an empty restriction', '<saml:AudienceRestriction></saml:AudienceRestriction>'],
    ['a second restriction without us', ours + other],
    ['a first restriction without us', other + ours],
    ['ours with a space', ours.replace('</saml:Audience>', ' </saml:Audience>')],
  ])('%s', async (_name, to) => {
    await refuses(swap(restriction, to), 'audienceMismatch');
  });

  test('ours beside another in one restriction is fine', async () => {
    const both = ours.replace('<saml:Audience>', '<saml:Audience>https://other.example</saml:Audience><saml:Audience>');
    const response = idp.respond({ ...goodResponse, ...swap(restriction, both) });
    await expect(complete(response)).resolves.toMatchObject({ subject: nameId });
  });
});

describe('S15 subject confirmation', () => {
  const data = /<saml:SubjectConfirmationData [^>]*\/>/;
  const confirmation = /<saml:SubjectConfirmation .*<\/saml:SubjectConfirmation>/;
  test.each(['holder-of-key', 'sender-vouches'])('%s', async (method) => {
    await refuses(
      swap('urn:oasis:names:tc:SAML:2.0:cm:bearer', `urn:oasis:names:tc:SAML:2.0:cm:${method}`),
      'confirmationInvalid',
    );
  });

  test.each([
    ['no SubjectConfirmation', confirmation, ''],
    ['no SubjectConfirmationData', data, ''],
    ['NotBefore', '<saml:SubjectConfirmationData ', `<saml:SubjectConfirmationData NotBefore="${iso(-60 * sec)}" `],
    ['no NotOnOrAfter', /(?<=InResponseTo="[^"]*") NotOnOrAfter="[^"]*"/, ''],
    ['NotOnOrAfter that is no instant', /(?<=InResponseTo="[^"]*" NotOnOrAfter=")[^"]*/, 'tomorrow'],
    ['NotOnOrAfter without a zone', /(?<=InResponseTo="[^"]*" NotOnOrAfter=")[^"]*/, '2031-05-06T09:05:00'],
  ])('%s', async (_name, from, to) => {
    await refuses(swap(from, to), 'confirmationInvalid');
  });

  test('expired: exact to the second, skew granted', async () => {
    const until = (offset: number) => swap(/(?<=InResponseTo="[^"]*" NotOnOrAfter=")[^"]*/, iso(offset));
    await refuses(until(-60 * sec), 'assertionExpired');
    await expect(complete(idp.respond({ ...goodResponse, ...until(-59 * sec) }))).resolves.toMatchObject({
      subject: nameId,
    });
  });

  test('a bearer confirmation beside another kind is enough', async () => {
    const beside = '<saml:Subject$1<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"/>';
    const response = idp.respond({
      ...goodResponse,
      edit: { unsigned: (xml) => xml.replace(/<saml:Subject(>.*?<\/saml:NameID>)/, beside) },
    });
    await expect(complete(response)).resolves.toMatchObject({ subject: nameId });
  });
});

describe('S16 conditions', () => {
  const conditions = /<saml:Conditions .*<\/saml:Conditions>/;
  const notBefore = /(?<=<saml:Conditions NotBefore=")[^"]*/;
  const notOnOrAfter = /(?<=<saml:Conditions NotBefore="[^"]*" NotOnOrAfter=")[^"]*/;

  test.each([
    [60_000, notOnOrAfter, -60 * sec, -59 * sec, 'assertionExpired'],
    [60_000, notBefore, 61 * sec, 60 * sec, 'notYetValid'],
    [0, notOnOrAfter, 0, 1 * sec, 'assertionExpired'],
    [0, notBefore, 1 * sec, -1 * sec, 'notYetValid'],
    [180_000, notOnOrAfter, -180 * sec, -179 * sec, 'assertionExpired'],
    [180_000, notBefore, 181 * sec, 180 * sec, 'notYetValid'],
  ] as const)(
    'skew %i ms, %s: outside refused, one second inside taken',
    async (clockSkewMs, what, outside, inside, reason) => {
      await refuses(swap(what, iso(outside)), reason, { clockSkewMs });
      const response = idp.respond({ ...goodResponse, ...swap(what, iso(inside)) });
      await expect(complete(response, { clockSkewMs })).resolves.toMatchObject({ subject: nameId });
    },
  );

  test('a skew above three minutes is no setting', () => {
    expect(() => connectionWith({ clockSkewMs: 180_001 })).toThrow(RangeError);
    expect(() => connectionWith({ clockSkewMs: -1 })).toThrow(RangeError);
    expect(() => connectionWith({ clockSkewMs: Number.NaN })).toThrow(RangeError);
  });

  test('an old assertion, however long it says it lasts', async () => {
    const response = idp.respond({
      ...goodResponse,
      edit: { unsigned: (xml) => xml.replaceAll(/NotOnOrAfter="[^"]*"/g, `NotOnOrAfter="${iso(86_400 * sec)}"`) },
    });
    await expect(complete(response, {}, { requestId }, now + 359 * sec)).resolves.toMatchObject({ subject: nameId });
    await expect(complete(response, {}, { requestId }, now + 360 * sec)).rejects.toMatchObject({
      reason: 'assertionExpired',
    });
  });

  test('an assertion issued in the future', async () => {
    await refuses(swap(/(?<=<saml:Assertion [^>]*IssueInstant=")[^"]*/, iso(61 * sec)), 'notYetValid');
  });

  test.each([
    ['missing', conditions, ''],
    ['without NotBefore', / NotBefore="[^"]*"/, ''],
    ['without NotOnOrAfter', /(?<=<saml:Conditions NotBefore="[^"]*") NotOnOrAfter="[^"]*"/, ''],
    ['with an unknown condition', '</saml:Conditions>', '<saml:Condition/></saml:Conditions>'],
  ])('%s', async (_name, from, to) => {
    await refuses(swap(from, to), 'conditionsInvalid');
  });

  test('given twice', async () => {
    const twice = {
      edit: {
        unsigned: (xml: string) =>
          replaceOnce(xml, '<saml:AuthnStatement', `${conditions.exec(xml)?.[0] ?? ''}<saml:AuthnStatement`),
      },
    };
    await refuses(twice, 'conditionsInvalid');
  });
});
