// Markup and bytes no SAML response needs (gate.md S08, S09, S11, S12), and that reading them never holds up the event
// loop (S10).

import { maxFormBytes } from '#gate/connections/saml/form-body.ts';
import { preScan } from '#gate/connections/saml/pre-scan.ts';
import { watchLoopStall, withoutStall } from '../../../harness/loop-stall.ts';
import { encodeResponse, replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { complete, goodResponse, idp, nameId, refuses, refusesText } from './saml-scene.ts';

describe('S08 comments, processing instructions, CDATA', () => {
  const markup = ['<!---->', '<?x y?>', '<![CDATA[x]]>'];
  const places: readonly (readonly [string, string | RegExp])[] = [
    ['NameID', /(?<=ada)@example/],
    ['an attribute value', /(?<=<saml:AttributeValue>)/],
    ['the status', '<samlp:StatusCode'],
  ];
  const rows = markup.flatMap((inserted) => places.map(([name, place]) => [inserted, name, place] as const));
  const insert = (xml: string, place: string | RegExp, inserted: string): string => {
    const at = typeof place === 'string' ? xml.indexOf(place) : xml.search(place);
    if (at < 0) throw new Error('no such place');
    return xml.slice(0, at) + inserted + xml.slice(at);
  };

  test.each(rows)('%s in %s, signed along', async (inserted, _name, place) => {
    await refuses({ edit: { unsigned: (xml) => insert(xml, place, inserted) } }, 'samlResponseInvalid');
  });

  test.each(rows)('%s in %s, put in after signing', async (inserted, _name, place) => {
    await refuses({ edit: { signed: (xml) => insert(xml, place, inserted) } }, 'samlResponseInvalid');
  });

  test.each(markup)('%s in DigestValue', async (inserted) => {
    await refuses(
      { edit: { signed: (xml) => insert(xml, /(?<=<ds:DigestValue>...)/, inserted) } },
      'samlResponseInvalid',
    );
  });
});

describe('S09 document types and entities', () => {
  const good = idp.respondXml(goodResponse);
  const lol = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>';
  test.each([
    ['DOCTYPE', `<!DOCTYPE x>${good}`],
    ['external entity', `<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:1/">]>${replaceOnce(good, nameId, '&e;')}`],
    ['entity expansion', `${lol}${replaceOnce(good, nameId, '&b;')}`],
    ['an undeclared entity', replaceOnce(good, nameId, '&nbsp;')],
    ['an entity named like a property of every object', replaceOnce(good, nameId, '&constructor;')],
    ['a predefined entity in capitals', replaceOnce(good, nameId, 'a&AMP;b')],
  ])('%s', async (_name, xml) => {
    await refusesText(xml, 'samlResponseInvalid');
  });

  test('the predefined entities and numeric references are read', async () => {
    const answer = complete(idp.respond({ ...goodResponse, nameId: `a&b<c>"d"` }));
    await expect(answer).resolves.toMatchObject({ subject: `a&b<c>"d"` });
  });
});

describe('S10 size', () => {
  const wrap = (inside: string): string =>
    replaceOnce(idp.respondXml(goodResponse), '<samlp:Status>', `${inside}<samlp:Status>`);
  const fit = (piece: string, after = ''): string => {
    const room = Math.floor((maxFormBytes * 3) / 4) - 8000;
    return wrap(piece.repeat(Math.floor((room - after.length) / piece.length)) + after);
  };
  const hostile: readonly (readonly [string, string])[] = [
    ['siblings', fit('<a/>')],
    ['nesting', wrap('<a>'.repeat(10_000) + '</a>'.repeat(10_000))],
    ['attributes', wrap(`<a ${Array.from({ length: 15_000 }, (_, n) => `a${String(n)}=""`).join(' ')}/>`)],
    [
      'namespace declarations',
      wrap(`<a ${Array.from({ length: 8000 }, (_, n) => `xmlns:a${String(n)}="u"`).join(' ')}/>`),
    ],
    ['References', wrap(`<ds:SignedInfo>${'<ds:Reference/>'.repeat(10_000)}</ds:SignedInfo>`)],
    ['one long text', fit('a')],
    ['one long attribute', wrap(`<a b="${'a'.repeat(150_000)}"/>`)],
    ['one long name', wrap(`<${'a'.repeat(150_000)}/>`)],
    ['references', fit('&#65;')],
    ['open tags', fit('<a')],
    ['quotes', wrap(`<a ${`b="c" `.repeat(20_000)}`)],
    ['ampersands', fit('&')],
    ['references in an attribute', wrap(`<a b="${'&#65;'.repeat(30_000)}"/>`)],
    [
      '1,900 elements of 60 attributes',
      fit('<a b="" c="" d="" e="" f="" g="" h="" i="" j="" k="" l="" m="" n="" o=""/>'),
    ],
  ];

  test.each(hostile)('%s: refused before verification', async (_name, xml) => {
    await expect(preScan(encodeResponse(xml))).rejects.toMatchObject({ name: 'SamlRefusal' });
  });

  test.each([...hostile, ['spaces, which are allowed', fit(' ')] as const])(
    '%s: three at once do not hold up the event loop',
    async (_name, xml) => {
      const encoded = encodeResponse(xml);
      const stall = watchLoopStall();
      try {
        await withoutStall(stall, async () => {
          await Promise.allSettled([preScan(encoded), preScan(encoded), preScan(encoded)]);
        });
      } finally {
        stall.stop();
      }
    },
  );

  test('the number of elements is a setting', async () => {
    const attributes = { groups: Array.from({ length: 3000 }, (_, n) => `group ${String(n)}`) };
    const response = idp.respond({ ...goodResponse, attributes });
    await expect(complete(response)).rejects.toMatchObject({ reason: 'samlResponseInvalid' });
    await expect(
      complete(idp.respond({ ...goodResponse, attributes: { groups: attributes.groups.slice(0, 1500) } })),
    ).resolves.toMatchObject({ subject: nameId });
  });
});

describe('S11 namespaces', () => {
  const good = idp.respondXml(goodResponse);
  test.each([
    [
      'a Response of another namespace',
      good.replace('xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"', 'xmlns:samlp="urn:x"'),
    ],
    [
      'an Assertion of another namespace',
      good.replaceAll(/(?<=<saml:Assertion )xmlns:saml="[^"]*"/g, 'xmlns:saml="urn:x"'),
    ],
    ['an Assertion without a namespace beside', replaceOnce(good, '<samlp:Status>', '<Assertion/><samlp:Status>')],
    ['a foreign NameID', replaceOnce(good, '<saml:NameID', '<NameID>x</NameID><saml:NameID')],
    ['a foreign element in the assertion', replaceOnce(good, '<saml:Subject>', '<x:y xmlns:x="urn:x"/><saml:Subject>')],
    ['an ID in a namespace', replaceOnce(good, '<samlp:Status>', '<samlp:Status samlp:ID="a">')],
    ['an ID twice on one element', replaceOnce(good, ' ID="_response', ' Id="a" ID="_response')],
  ])('%s', async (_name, xml) => {
    expect(xml).not.toBe(good);
    await refusesText(xml, 'samlResponseInvalid');
  });

  test.each([
    ['an attribute twice', replaceOnce(good, ' Version="2.0"', ' Version="2.0" Version="2.0"')],
    [
      'an attribute twice under two prefixes',
      replaceOnce(good, '<samlp:Status>', '<samlp:Status xmlns:a="u" xmlns:b="u" a:x="" b:x="">'),
    ],
    ['an undeclared prefix', replaceOnce(good, '<samlp:Status>', '<nobody:x/><samlp:Status>')],
    ['a prefix every object has', replaceOnce(good, '<samlp:Status>', '<constructor:x/><samlp:Status>')],
    ['a prefix __proto__', replaceOnce(good, '<samlp:Status>', '<samlp:Status xmlns:__proto__="u">')],
  ])('%s is not well-formed', async (_name, xml) => {
    await refusesText(xml, 'malformedRequest');
  });
});

describe('S12 bytes', () => {
  const good = idp.respondXml(goodResponse);

  test.each([
    ['leading text', `x${good}`],
    ['trailing text', `${good}x`],
    ['a byte order mark', `\uFEFF${good}`],
    ['a second root', `${good}<a/>`],
    ['the label UTF-16', `<?xml version="1.0" encoding="UTF-16"?>${good}`],
    ['XML 1.1', `<?xml version="1.1"?>${good}`],
    ['an open root', good.slice(0, -5)],
    ['nothing', ' '],
    ['a control character', replaceOnce(good, nameId, 'a\u0001b')],
    ['a control character by reference', replaceOnce(good, nameId, 'a&#1;b')],
  ])('%s', async (_name, xml) => {
    await refusesText(xml, 'malformedRequest');
  });

  test('an XML declaration that says UTF-8 is fine', async () => {
    const labelled = encodeResponse(`<?xml version="1.0" encoding="utf-8"?>\n${good}\n`);
    await expect(complete(labelled)).resolves.toMatchObject({ subject: nameId });
  });

  test('UTF-16 bytes, broken UTF-8', async () => {
    await expect(complete(Buffer.from(good, 'utf16le').toString('base64'))).rejects.toMatchObject({
      reason: 'malformedRequest',
    });
    const broken = Buffer.concat([Buffer.from(good), Buffer.from([0xc3, 0x28])]).toString('base64');
    await expect(complete(broken)).rejects.toMatchObject({ reason: 'malformedRequest' });
  });

  const padded = (): string => {
    let xml = good;
    while (Buffer.byteLength(xml) % 3 !== 1) xml += '\n';
    return encodeResponse(xml);
  };
  test.each([
    ['a space', (text: string) => `${text.slice(0, 40)} ${text.slice(40)}`],
    ['no padding', (text: string) => text.replaceAll('=', '')],
    ['too much padding', (text: string) => `${text}=`],
    ['padding in the middle', (text: string) => `${text}${text}`],
    ['bits under the padding', (text: string) => text.replace(/.==$/, (end) => `${end.startsWith('o') ? 'p' : 'h'}==`)],
    ['the URL alphabet', (text: string) => `-_${text}`],
    ['a stray character', (text: string) => `${text}!`],
  ])('base64 with %s', async (_name, spoil) => {
    const text = padded();
    await expect(complete(text)).resolves.toMatchObject({ subject: nameId });
    expect(spoil(text)).not.toBe(text);
    await expect(complete(spoil(text))).rejects.toMatchObject({ reason: 'malformedRequest' });
  });

  test('base64 in lines, as RFC 2045 has it, is read', async () => {
    await expect(complete(padded().replaceAll(/.{76}/g, '$&\r\n'))).resolves.toMatchObject({ subject: nameId });
  });
});
