// What must be signed, and that only what is signed counts (gate.md S01, S02, S03).

import type { SamlSettings } from '#gate/connections/saml/saml-connection.ts';
import { encodeResponse, replaceOnce, type Signed } from '../../../harness/saml-identity-provider.ts';
import { type WrappingAttack, wrapSignature } from '../../../harness/saml-wrapping-attacks.ts';
import { complete, goodResponse, idp, nameId, refusesText } from './saml-scene.ts';

const modes: readonly SamlSettings['wantSigned'][] = ['response', 'assertion', 'both', 'any'];
const signatureElement = /<ds:Signature[\s\S]*?<\/ds:Signature>/;

describe('S01 signature wrapping', () => {
  const cases: readonly (readonly [WrappingAttack, Signed])[] = [
    ...([1, 2] as const).flatMap((attack) => [[attack, 'response'] as const, [attack, 'both'] as const]),
    ...([3, 4, 5, 6, 7, 8] as const).flatMap((attack) => [[attack, 'assertion'] as const, [attack, 'both'] as const]),
  ];

  test('all sixteen combinations are covered', () => {
    expect(cases).toHaveLength(16);
  });

  test.each(cases)('XSW%i on a response signed %s is refused, in every mode', async (attack, sign) => {
    const genuine = idp.respondXml({ ...goodResponse, sign });
    await expect(complete(encodeResponse(genuine))).resolves.toMatchObject({ subject: nameId });
    const wrapped = wrapSignature(genuine, attack, 'mallory@example.com');
    for (const wantSigned of modes) await refusesText(wrapped, 'samlResponseInvalid', { wantSigned });
  });

  test.each(cases.filter(([, sign]) => sign === 'both'))(
    'XSW%i stays refused when the broken signature of the response is cut away',
    async (attack) => {
      // The response's own signature is the first in the document, as the schema has it after the Issuer.
      const genuine = replaceOnce(idp.respondXml({ ...goodResponse, sign: 'both' }), signatureElement, '');
      await expect(complete(encodeResponse(genuine))).resolves.toMatchObject({ subject: nameId });
      if (attack <= 2) {
        await refusesText(genuine, 'notSigned', { wantSigned: 'response' });
      } else {
        await refusesText(wrapSignature(genuine, attack, 'mallory@example.com'), 'samlResponseInvalid');
      }
    },
  );
});

describe('S02 two assertions', () => {
  const assertionElement = /<saml:Assertion[\s\S]*<\/saml:Assertion>/;
  const assertionOf = (xml: string): string => assertionElement.exec(xml)?.[0] ?? '';
  const forge = (assertion: string): string =>
    replaceOnce(
      replaceOnce(replaceOnce(assertion, signatureElement, ''), nameId, 'mallory@example.com'),
      ' ID="',
      ' ID="x',
    );
  const signed = (): string => idp.respondXml({ ...goodResponse, sign: 'assertion' });

  test('an unsigned one before the signed one', async () => {
    const xml = signed();
    await refusesText(
      replaceOnce(xml, assertionElement, forge(assertionOf(xml)) + assertionOf(xml)),
      'samlResponseInvalid',
    );
  });

  test('an unsigned one after the signed one', async () => {
    const xml = signed();
    await refusesText(
      replaceOnce(xml, assertionElement, assertionOf(xml) + forge(assertionOf(xml))),
      'samlResponseInvalid',
    );
  });

  test('the same ID twice, both signed', async () => {
    const xml = signed();
    await refusesText(replaceOnce(xml, assertionElement, assertionOf(xml) + assertionOf(xml)), 'samlResponseInvalid');
  });

  test('two assertions under one valid signature of the response', async () => {
    const twice = idp.respond({
      ...goodResponse,
      sign: 'response',
      edit: {
        unsigned: (xml) =>
          replaceOnce(xml, assertionElement, assertionOf(xml) + replaceOnce(assertionOf(xml), ' ID="', ' ID="x')),
      },
    });
    await expect(complete(twice)).rejects.toMatchObject({ reason: 'samlResponseInvalid' });
  });

  test.each(['ID', 'Id', 'id', 'xml:id'])('another element with the same value in %s', async (spelling) => {
    const id = 'assertion-77';
    const withId = (value: string) => (xml: string) =>
      replaceOnce(xml, '<samlp:StatusCode ', `<samlp:StatusCode ${spelling}="${value}" `);
    const respond = (value: string): string =>
      idp.respond({ ...goodResponse, sign: 'both', assertionId: id, edit: { unsigned: withId(value) } });
    await expect(complete(respond('other'))).resolves.toMatchObject({ subject: nameId });
    await expect(complete(respond(id))).rejects.toMatchObject({ reason: 'samlResponseInvalid' });
  });
});

describe('S03 missing signatures', () => {
  const enough: Readonly<Record<SamlSettings['wantSigned'], readonly Signed[]>> = {
    response: ['response', 'both'],
    assertion: ['assertion', 'both'],
    both: ['both'],
    any: ['response', 'assertion', 'both'],
  };
  const rows = modes.flatMap((mode) =>
    (['none', 'response', 'assertion', 'both'] as const).map(
      (sign) => [mode, sign, enough[mode].includes(sign)] as const,
    ),
  );

  test.each(rows)('mode %s, signed %s: accepted is %s', async (wantSigned, sign, accepted) => {
    const answer = complete(idp.respond({ ...goodResponse, sign }), { wantSigned });
    if (accepted) await expect(answer).resolves.toMatchObject({ subject: nameId });
    else await expect(answer).rejects.toMatchObject({ reason: 'notSigned' });
  });

  test.each(modes)('mode %s: signatures stripped from a signed response', async (wantSigned) => {
    const xml = idp.respondXml({ ...goodResponse, sign: 'both' });
    await expect(complete(encodeResponse(xml), { wantSigned })).resolves.toMatchObject({ subject: nameId });
    await refusesText(xml.replaceAll(new RegExp(signatureElement, 'g'), ''), 'notSigned', { wantSigned });
  });

  test.each(['response', 'assertion', 'both'] as const)('the signed data changed, signed %s', async (sign) => {
    const xml = idp.respondXml({ ...goodResponse, sign });
    await refusesText(replaceOnce(xml, nameId, 'mallory@example.com'), 'signatureInvalid');
  });

  test('a valid signature beside a broken one is not enough, even where one would do', async () => {
    const xml = idp.respondXml({ ...goodResponse, sign: 'assertion' });
    const outer = idp.respondXml({ ...goodResponse, sign: 'both' });
    await expect(complete(encodeResponse(outer))).resolves.toMatchObject({ subject: nameId });
    await expect(complete(encodeResponse(xml))).resolves.toMatchObject({ subject: nameId });
    // The wrapper's signature no longer fits, the assertion's still does.
    await refusesText(
      replaceOnce(outer, /(?<=<samlp:Response [^>]*IssueInstant=")[^"]*/, '2031-05-06T09:00:01Z'),
      'signatureInvalid',
    );
  });
});
