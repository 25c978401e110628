// Canonicalisation writes a namespace out where it is used: a long one, or a great many, would cost a verifying thread its memory.

import { parseXml } from '#gate/connections/saml/xml-tree.ts';

const limits = { maxElements: 2_000, maxDepth: 32, maxAttributes: 64 };
const document = (namespace: string, children: string) => `<a xmlns:p="${namespace}">${children}</a>`;

test('S10 a namespace of 150 kB used by 1,900 elements is refused', () => {
  expect(() => parseXml(document(`u:${'x'.repeat(150_000)}`, '<p:a/>'.repeat(1_900)), limits)).toThrow(
    'a namespace that is too long',
  );
  expect(parseXml(document('u:short', '<p:a/>'.repeat(1_900)), limits).children).toHaveLength(1_900);
});

test('S10 more than a hundred namespaces are refused', () => {
  const declared = (count: number) =>
    document('u:x', Array.from({ length: count }, (_, i) => `<b xmlns:n${i}="u:${i}"/>`).join(''));
  expect(() => parseXml(declared(100), limits)).toThrow('too many namespaces');
  expect(parseXml(declared(99), limits).children).toHaveLength(99);
});
