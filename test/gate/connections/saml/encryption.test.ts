// S24: encrypted assertions. What is accepted, and that everything else is one refusal, by one word and at one time.

import type { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { encryptAssertion, encryptElement, type EncryptionChoices } from '../../../harness/saml-encryption.ts';
import { replaceOnce, type ResponseOptions, type Signed } from '../../../harness/saml-identity-provider.ts';
import { createSelfSignedCertificate } from '../../../harness/self-signed-certificate.ts';
import { complete, decrypters, goodResponse, idp, nameId, pauses, refuses } from './saml-scene.ts';

beforeEach(() => void pauses.splice(0));

const [older, newer] = decrypters;
const on = { encryption: 'optional' } as const;

/** A response with its assertion encrypted after it was signed and before the response is. */
const encrypted = (
  choices: EncryptionChoices = {},
  change: Partial<ResponseOptions> = {},
  certificatePem = older.certificatePem,
): ResponseOptions => ({
  ...goodResponse,
  ...change,
  edit: { ...change.edit, between: (xml) => encryptAssertion(xml, certificatePem, choices) },
});

describe('S24 encrypted assertions are taken', () => {
  test.each([
    ['aes-128-gcm', 'mgf1p'],
    ['aes-192-gcm', 'sha256'],
    ['aes-256-gcm', 'sha256'],
    ['aes-256-gcm', 'mgf1p'],
  ] as const)('%s under RSA-OAEP (%s)', async (cipher, transport) => {
    await expect(complete(idp.respond(encrypted({ cipher, transport })), on)).resolves.toMatchObject({
      subject: nameId,
    });
    expect(pauses).toEqual([]);
  });

  test.each([
    ['response', 'response'],
    ['assertion', 'assertion'],
    ['both', 'both'],
    ['both', 'any'],
  ] as const)('signed %s where %s is wanted', async (sign, wantSigned) => {
    const answer = await complete(idp.respond(encrypted({}, { sign })), { ...on, wantSigned });
    expect([answer.subject, answer.attributes.get('mail')]).toEqual([nameId, ['ada@example.com']]);
  });

  test('while the key is replaced, for the older and the newer one', async () => {
    for (const { certificatePem } of [older, newer]) {
      const answer = complete(idp.respond(encrypted({}, {}, certificatePem)), on);
      await expect(answer).resolves.toMatchObject({ subject: nameId });
    }
  });

  test('with the key beside the text', async () => {
    const answer = complete(idp.respond(encrypted({ keyBeside: true })), on);
    await expect(answer).resolves.toMatchObject({ subject: nameId });
  });

  test('only where the connection decrypts; where it must, nothing else is taken', async () => {
    const [plain, secret] = [idp.respond(goodResponse), idp.respond(encrypted())];
    await expect(complete(secret)).rejects.toMatchObject({ reason: 'encryptionRefused' });
    await expect(complete(plain, { encryption: 'required' })).rejects.toMatchObject({ reason: 'notEncrypted' });
    await expect(complete(plain, on)).resolves.toMatchObject({ subject: nameId });
    await expect(complete(secret, { encryption: 'required' })).resolves.toMatchObject({ subject: nameId });
  });

  test('and checked as every assertion is', async () => {
    const swap = (from: string, to: string): Partial<ResponseOptions> => ({
      edit: { unsigned: (xml) => replaceOnce(xml, from, to) },
    });
    const late = encrypted({}, swap('cm:bearer', 'cm:sender-vouches'));
    await expect(complete(idp.respond(late), on)).rejects.toMatchObject({ reason: 'confirmationInvalid' });
    const other = encrypted({}, { inResponseTo: '_another' });
    await expect(complete(idp.respond(other), on)).rejects.toMatchObject({ reason: 'requestMismatch' });
    expect(pauses).toEqual([]);
  });
});

describe('S24 anything else in an encrypted assertion is refused alike', () => {
  const flip =
    (at: number) =>
    (bytes: Buffer): Buffer => {
      bytes[at < 0 ? bytes.length + at : at]! ^= 1;
      return bytes;
    };
  const signedInside = idp.respondXml({ ...goodResponse, sign: 'assertion' });
  const inside = (plain: string): ResponseOptions => ({
    ...goodResponse,
    sign: 'none',
    edit: {
      signed: (xml) =>
        xml.replace(/<saml:Assertion[\s>][\s\S]*<\/saml:Assertion>/, () => encryptElement(plain, older.certificatePem)),
    },
  });
  const assertion = /<saml:Assertion[\s>][\s\S]*<\/saml:Assertion>/.exec(signedInside)?.[0] ?? '';
  const stranger = createSelfSignedCertificate('stranger');

  test('the control: what is put inside by hand is taken', async () => {
    await expect(complete(idp.respond(inside(assertion)), on)).resolves.toMatchObject({ subject: nameId });
  });

  const openable: readonly (readonly [string, ResponseOptions])[] = [
    ['a bad tag', encrypted({ spoilData: flip(-1) })],
    ['a changed nonce', encrypted({ spoilData: flip(0) })],
    ['a changed text', encrypted({ spoilData: flip(200) }, { sign: 'assertion' })],
    ['a text that is too short', encrypted({ spoilData: (bytes) => bytes.subarray(0, 28) })],
    ['a changed key', encrypted({ spoilKey: flip(10) })],
    ['a short key', encrypted({ spoilKey: (bytes) => bytes.subarray(1) })],
    ["somebody else's key", encrypted({}, {}, stranger.certificatePem)],
    ['unsigned in unsigned', encrypted({}, { sign: 'none' })],
    ['signed inside by a stranger', encrypted({}, { sign: 'assertion', key: stranger })],
    ['the response signed by a stranger', encrypted({}, { sign: 'response', key: stranger })],
    ['changed after it was signed', inside(replaceOnce(assertion, nameId, 'eve@example.com'))],
    ['a comment inside', inside(replaceOnce(assertion, nameId, 'ada<!---->@example.com'))],
    ['a processing instruction inside', inside(replaceOnce(assertion, nameId, 'ada<?x?>@example.com'))],
    ['a document type inside', inside(`<!DOCTYPE x [<!ENTITY a "b">]>${assertion}`)],
    ['two assertions inside', inside(`${assertion}${assertion}`)],
    ['a response inside', inside(signedInside)],
    ['another encrypted assertion inside', inside(encryptElement(assertion, older.certificatePem))],
    ['no XML inside', inside('assertion')],
    ['bytes that are no UTF-8 inside', encrypted({ spoilData: (bytes) => bytes }, { sign: 'none', nameId: '\uD800' })],
    [
      '2,000 elements inside',
      inside(replaceOnce(assertion, '</saml:Subject>', `</saml:Subject>${'<x/>'.repeat(2000)}`)),
    ],
  ];

  test.each(openable)('%s', async (_what, response) => {
    const error = await complete(idp.respond(response), on).then(
      () => undefined,
      (refused: SamlRefusal) => refused,
    );
    expect([error?.reason, error?.detail]).toEqual([
      'encryptionRefused',
      'the encrypted assertion cannot be used: its key, its text or what is in it',
    ]);
    expect(pauses).toHaveLength(1);
  });

  const visible: readonly (readonly [string, ResponseOptions])[] = [
    ['AES-128-CBC', encrypted({ cipher: 'aes-128-cbc' })],
    ['AES-256-CBC', encrypted({ cipher: 'aes-256-cbc' })],
    ['3DES', encrypted({ cipher: 'des-ede3-cbc' })],
    ['RSA 1.5', encrypted({ transport: 'rsa-1_5' })],
    ['a key of 100 kB', encrypted({ spoilKey: () => Buffer.alloc(100_000, 7) })],
    ['OAEP with an unknown digest', swapped('xmlenc#sha256"/><xenc11', 'xmldsig-more#md5"/><xenc11')],
    ['OAEP with a digest and a mask that differ', swapped('mgf1sha256', 'mgf1sha1')],
    ['OAEP with a label', swapped('<ds:DigestMethod', '<xenc:OAEPparams>AA==</xenc:OAEPparams><ds:DigestMethod')],
    ['two keys', swapped('</ds:KeyInfo>', '<xenc:EncryptedKey/></ds:KeyInfo>')],
    ['content instead of an element', swapped('xmlenc#Element', 'xmlenc#Content')],
    ['no cipher text', swapped(/<xenc:CipherData>.*?<\/xenc:CipherData>/, '<xenc:CipherData/>')],
  ];

  test.each(visible)('%s', async (_what, response) => {
    await expect(complete(idp.respond(response), on)).rejects.toMatchObject({ reason: 'encryptionRefused' });
    expect(pauses).toHaveLength(1);
  });

  test('all of them are held back to the same moment', async () => {
    for (const [, response] of [...openable, ...visible])
      await complete(idp.respond(response), on).catch(() => undefined);
    // What is left to wait is what the work did not take of it: together they are one span.
    expect(pauses).toHaveLength(openable.length + visible.length);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(400);
  });

  test('one in the clear beside it, or two of them', async () => {
    for (const copy of ['$&<saml:Assertion ID="_x"/>', '$&$&']) {
      const response: ResponseOptions = {
        ...encrypted({}, { sign: 'assertion' }),
        edit: {
          between: (xml) =>
            encryptAssertion(xml, older.certificatePem).replace(
              /<saml:EncryptedAssertion.*<\/saml:EncryptedAssertion>/,
              copy,
            ),
        },
      };
      await expect(complete(idp.respond(response), on)).rejects.toMatchObject({ reason: 'samlResponseInvalid' });
    }
  });

  test('parts of an assertion are never encrypted', async () => {
    for (const part of ['EncryptedID', 'EncryptedAttribute']) {
      const edit = { unsigned: (xml: string) => replaceOnce(xml, '</saml:Subject>', `<saml:${part}/></saml:Subject>`) };
      await refuses({ edit }, 'encryptionRefused', on);
    }
  });

  function swapped(from: string | RegExp, to: string): ResponseOptions {
    return {
      ...goodResponse,
      sign: 'assertion' as Signed,
      edit: { between: (xml) => replaceOnce(encryptAssertion(xml, older.certificatePem), from, to) },
    };
  }
});
