// Whom a validly signed assertion speaks of, and with which attributes (gate.md S19, S26). Every edit is made before
// signing, so that only the rule under test can refuse it.

import { type ResponseOptions, replaceOnce } from '../../../harness/saml-identity-provider.ts';
import { complete, goodResponse, idp, nameId, refuses } from './saml-scene.ts';

const swap = (from: string | RegExp, to: string): Partial<ResponseOptions> => ({
  edit: { unsigned: (xml) => replaceOnce(xml, from, to) },
});

describe('S19 NameID', () => {
  test.each([
    ['empty', ''],
    ['a space', ' '],
    ['an edge space', `${nameId} `],
    ['an edge line break', `\n${nameId}`],
    ['a line break', 'ada\n@example.com'],
    ['a tab', 'ada\t@example.com'],
    ['a no-break space', 'ada\u00a0@example.com'],
    ['an edge no-break space', `${nameId}\u00a0`],
    ['a zero-width space', 'ada\u200b@example.com'],
    ['a zero-width joiner', 'ada\u200d@example.com'],
    ['a soft hyphen', 'ada\u00ad@example.com'],
    ['an invisible filler', 'ada\u3164@example.com'],
    ['a direction override', '\u202eada@example.com'],
    ['10 kB', 'a'.repeat(10_240)],
    ['1,025 bytes', 'é'.repeat(512) + 'a'],
  ])('%s', async (_name, hostile) => {
    await refuses({ nameId: hostile }, 'subjectInvalid');
  });

  test.each([
    ['missing', /<saml:NameID.*<\/saml:NameID>/, ''],
    ['two', '<saml:SubjectConfirmation ', '<saml:NameID>mallory</saml:NameID><saml:SubjectConfirmation '],
    ['no Subject', /<saml:Subject>.*<\/saml:Subject>/, ''],
    ['elements inside', '</saml:NameID>', '<x/></saml:NameID>'],
  ])('%s', async (_name, from, to) => {
    await refuses(swap(from, to), 'subjectInvalid');
  });

  test.each(['ａｄａ', 'Ada Lovelace', 'é'.repeat(512), '安田'])('"%s" comes back byte for byte', async (name) => {
    const answer = await complete(idp.respond({ ...goodResponse, nameId: name }));
    expect(answer.subject).toBe(name);
  });

  test('encrypted', async () => {
    await refuses(swap(/<saml:NameID.*<\/saml:NameID>/, '<saml:EncryptedID/>'), 'encryptionRefused');
    await refuses(
      { sign: 'response', ...swap(/<saml:Assertion.*<\/saml:Assertion>/, '<saml:EncryptedAssertion/>') },
      'encryptionRefused',
    );
  });
});

describe('S26 attributes', () => {
  test.each(['__proto__', 'constructor', 'prototype'])('named %s', async (name) => {
    const attribute = `<saml:Attribute Name="${name}"><saml:AttributeValue><x isAdmin="true"/></saml:AttributeValue></saml:Attribute>`;
    await refuses(swap('</saml:AttributeStatement>', `${attribute}</saml:AttributeStatement>`), 'attributesInvalid');
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  test('without a name', async () => {
    await refuses(swap(/(?<=<saml:Attribute) Name="[^"]*"/, ''), 'attributesInvalid');
  });

  test('are a Map of lists; pieces come together, structured and nil values stay out', async () => {
    const attributes = { mail: ['ada@example.com'], groups: ['a', 'b'], toString: ['x'], empty: [] };
    const more =
      '<saml:Attribute Name="groups"><saml:AttributeValue>c</saml:AttributeValue></saml:Attribute>' +
      '<saml:Attribute Name="id"><saml:AttributeValue><saml:NameID>opaque</saml:NameID></saml:AttributeValue></saml:Attribute>' +
      '<saml:Attribute Name="odd"><saml:AttributeValue><x/></saml:AttributeValue>' +
      '<saml:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/></saml:Attribute>';
    const response = idp.respond({
      ...goodResponse,
      attributes,
      ...swap('</saml:AttributeStatement>', `${more}</saml:AttributeStatement>`),
    });
    const answer = await complete(response);
    expect(answer.attributes).toBeInstanceOf(Map);
    expect([...answer.attributes]).toEqual([
      ['mail', ['ada@example.com']],
      ['groups', ['a', 'b', 'c']],
      ['toString', ['x']],
      ['empty', []],
      ['id', ['opaque']],
      ['odd', []],
    ]);
  });
});
