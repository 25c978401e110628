// Canonicalisation writes a namespace out where it is used: a long one, or a great many, would cost a verifying thread its memory.

import { parseXml } from '#gate/connections/saml/xml-tree.ts';
import { encodeResponse, replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { complete, goodResponse, idp, nameId } from './saml-scene.ts';

const limits = { maxElements: 2_000, maxDepth: 32, maxAttributes: 64 };
const document = (namespace: string, children: string) => `<a xmlns:p="${namespace}">${children}</a>`;

test('S10 a long namespace used by 1,900 elements is refused', async () => {
  const long = (length: number) => parseXml(document(`u:${'x'.repeat(length)}`, '<p:a/>'.repeat(1_900)), limits);
  for (const length of [300, 60_000]) await expect(long(length)).rejects.toThrow('a namespace that is too long');
  // The parser itself gives up on a value of more than 64 kB.
  await expect(long(150_000)).rejects.toMatchObject({ name: 'XmlRefusal' });
  expect((await parseXml(document('u:short', '<p:a/>'.repeat(1_900)), limits)).children).toHaveLength(1_900);
});

test('S10 more than a hundred different namespaces are refused', async () => {
  const declared = (count: number) =>
    document('u:x', Array.from({ length: count }, (_, i) => `<b xmlns:n${i}="u:${i}"/>`).join(''));
  await expect(parseXml(declared(100), limits)).rejects.toThrow('too many namespaces');
  expect((await parseXml(declared(99), limits)).children).toHaveLength(99);
});

test('the same namespaces declared at every attribute value are read, as some providers write them', async () => {
  const typed = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';
  const attributes = { groups: Array.from({ length: 300 }, (_, n) => `group ${n}`) };
  const unsigned = (xml: string): string =>
    xml.replaceAll('<saml:AttributeValue>', `<saml:AttributeValue ${typed} xsi:type="xs:string">`);
  const answer = await complete(idp.respond({ ...goodResponse, attributes, edit: { unsigned } }));
  expect(answer.attributes.get('groups')).toHaveLength(300);
});

describe('S10 namespaces within the limits', () => {
  const uri = (index: number): string => `u:${index}`.padEnd(256, 'x');
  const declared = Array.from({ length: 54 }, (_, n) => `xmlns:n${n}="${uri(n)}"`).join(' ');
  const using = (count: number): string => Array.from({ length: count }, (_, n) => `n${n}:a=""`).join(' ');
  const forge = (inside: string): string =>
    replaceOnce(
      replaceOnce(
        idp.respondXml({ ...goodResponse, sign: 'response' }),
        '<samlp:Response ',
        `<samlp:Response ${declared} `,
      ),
      '<samlp:Status>',
      `<samlp:Extensions>${inside}</samlp:Extensions><samlp:Status>`,
    );

  test.each([
    ['one at 1,900 siblings', '<n0:a/>'.repeat(1_900)],
    ['eight at each of 1,900', `<a ${using(8)}/>`.repeat(1_900)],
    ['all of them at each of 350', `<a ${using(54)}/>`.repeat(350)],
    ['all of them, 28 levels deep', (`<a ${using(50)}>`.repeat(28) + '</a>'.repeat(28)).repeat(8)],
  ])('%s: judged by its signature, without costing the thread its time or memory', async (_name, inside) => {
    await expect(complete(encodeResponse(forge(inside)))).rejects.toMatchObject({ reason: 'signatureInvalid' });
    await expect(complete(idp.respond(goodResponse))).resolves.toMatchObject({ subject: nameId });
  });
});
