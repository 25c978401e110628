// The readers behind the admin API and the gate, by themselves and therefore in large numbers: each answers any text with a value or a refusal of
// its own, at once. SCIM's stand in test/scim/protocol/hostile-input.test.ts.

import fc from 'fast-check';
import { parseAdminBody } from '#admin/admin-body.ts';
import { AdminError, toAdminProblem } from '#admin/admin-problem.ts';
import { readConnectionInput } from '#admin/connection-input.ts';
import { listOperations } from '#admin/operations.ts';
import { readCursor } from '#admin/paging.ts';
import { newSchema } from '#admin/schema-contract.ts';
import { readSchemaInput } from '#admin/schema-input.ts';
import { preconditionOf } from '#admin/user-view.ts';
import { readCookie } from '#gate/browser-cookie.ts';
import { originOf, wantsPage } from '#gate/browser-request.ts';
import { readSamlForm } from '#gate/connections/saml/form-body.ts';
import { parseIdentityProviderMetadata } from '#gate/connections/saml/metadata.ts';
import { toReturnPath } from '#gate/connections/saml/return-path.ts';
import { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { readForwardedHeaders } from '#gate/forward-auth/forwarded-headers-dialect.ts';
import { isHost } from '#directory/app.ts';
import { limitKeyOf } from '#http/client-address.ts';
import { createTranslator, languages } from '#messages/translator.ts';
import { readBearerToken } from '#secrets/credential-authentication.ts';
import { promptly } from '../harness/loop-stall.ts';
import { runs } from '../harness/test-scale.ts';
import { encodedText, headerText, hostileJson, hostileQuery, hostileText } from './hostile-values.ts';

const before = Object.getOwnPropertyNames(Object.prototype).join();
afterEach(() => {
  expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
});

/** Runs the reader on many texts; a refusal must be of the reader's own kind and become a 4xx. */
function ask<Input>(inputs: fc.Arbitrary<Input>, read: (input: Input) => void, reduced = 1_500, full = 60_000): void {
  fc.assert(
    fc.property(inputs, (input) => {
      promptly(() => read(input));
    }),
    { numRuns: runs(reduced, full) },
  );
}

function refusing(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (error instanceof SamlRefusal) return;
    const problem = toAdminProblem(error);
    if (problem === null || problem.status < 400 || problem.status > 499) throw error;
  }
}

const names =
  'id name kind signIn provisioning issuer clientId metadata domains match licensed scopes lift roles reason limit cursor'.split(
    ' ',
  );
const values = [
  'scim',
  'oidc',
  'saml',
  'https://x.test/',
  true,
  0,
  1e9,
  null,
  ['instance'],
  { kind: 'scim' },
  '2027-01-01T00:00:00Z',
];
const json = hostileJson(names, values);

describe('F01 F03 the admin API', () => {
  const schemas = listOperations().flatMap(({ body, query }) => [body, query].filter((schema) => schema !== undefined));

  test('any body: an object or a refusal; any object by any schema: read or refused', () => {
    ask(fc.tuple(json, fc.constantFrom(...schemas)), ([text, schema]) => {
      refusing(() => {
        const body = parseAdminBody('application/json', text);
        expect(Object.keys(body ?? {}).filter((key) => key.startsWith('$') || key === '__proto__')).toEqual([]);
        schema.safeParse(body ?? {});
        readConnectionInput(body);
      });
    });
  });

  test('any schema definition: one whose names and URN can be read everywhere, or a refusal', () => {
    const name = fc.oneof(
      fc.constantFrom('a', 'A', 'meta', '__proto__', '$ref', 'primary', 'x'.repeat(64)),
      hostileText,
    );
    const type = fc.constantFrom('string', 'integer', 'complex', 'boolean', 'reference', 'none');
    const sub = fc.record({ name, type, multiValued: fc.boolean() }, { requiredKeys: ['name'] });
    const attribute = fc.record(
      {
        name,
        type,
        required: fc.boolean(),
        subAttributes: fc.array(sub, { maxLength: 3 }),
        returned: fc.constant('never'),
      },
      { requiredKeys: ['name'] },
    );
    const urn = fc.oneof(
      fc.constantFrom('urn:a1:b', 'urn:a1:b:', 'urn:ietf:params:scim:schemas:core:2.0:User'),
      hostileText,
    );
    const definition = fc.record({
      id: urn,
      name: fc.constant('N'),
      attributes: fc.array(attribute, { maxLength: 4 }),
    });
    ask(definition, (input) => {
      const parsed = newSchema.safeParse(input);
      if (!parsed.success) return;
      refusing(() => {
        const { id, attributes } = readSchemaInput(parsed.data);
        expect(id).toMatch(/^urn:[\w.:-]+$/);
        const names_ = attributes.map((one) => one.name.toLowerCase());
        expect(new Set(names_).size).toBe(names_.length);
        for (const one of names_)
          expect(one).toMatch(/^(?!(?:__proto__|constructor|prototype|meta|id|schemas)$)[a-z][\w-]*$/);
      });
    });
  });

  test('any content type, cursor and If-Match: a value or a refusal', () => {
    ask(fc.tuple(hostileText, headerText, headerText), ([text, type, tag]) => {
      refusing(() => parseAdminBody(type, '{}'));
      refusing(() => readCursor(text));
      refusing(() => preconditionOf(tag));
      const token = readBearerToken(`Bearer ${tag}`);
      expect(token === null || /^[\x21-\x7e]+$/.test(token)).toBe(true);
    });
    expect(() => readCursor('x')).toThrow(AdminError);
  });
});

describe('F01 F03 the gate', () => {
  test('any headers of a proxy: one request of one host, or malformed', () => {
    const one = fc.oneof(headerText, fc.constantFrom('GET', 'https', 'a.test', '/x'));
    ask(fc.tuple(one, one, one, one), ([method, proto, host, uri]) => {
      const reading = readForwardedHeaders({
        'x-forwarded-method': method,
        'x-forwarded-proto': proto,
        'x-forwarded-host': host,
        'x-forwarded-uri': uri,
      });
      if (reading.kind === 'malformed') return;
      expect(isHost(reading.original.host)).toBe(true);
      expect(reading.original.uri).toMatch(/^\/[\x21-\x7e]*$/);
    });
  });

  test('any return address: a path of our own, safe in a header, or the default', () => {
    ask(
      fc.oneof(
        hostileText,
        hostileText.map((text) => `/${text}`),
        encodedText.map((text) => `/${text}`),
      ),
      (text) => {
        const path = toReturnPath(text, '/default');
        expect(path).toMatch(/^\/(?!\/)[\x21-\x7e]*$/);
        expect(new URL(path, 'https://own.test').origin).toBe('https://own.test');
      },
    );
  });

  test('any cookies, languages and origins: an answer', () => {
    ask(fc.tuple(headerText, headerText), ([one, two]) => {
      const value = readCookie(
        { name: 'furlough-session', crossSite: false },
        `a=${one}; furlough-session=${two}`,
        'http://localhost',
      );
      expect(value === undefined || !/[;]/.test(value)).toBe(true);
      expect(languages).toContain(createTranslator(one).language);
      expect(typeof wantsPage({ accept: one, 'sec-fetch-dest': two })).toBe('boolean');
      expect(['own', 'foreign', 'unknown']).toContain(
        originOf({ origin: one, 'sec-fetch-site': two }, 'https://a.test'),
      );
      expect(typeof limitKeyOf(one)).toBe('string');
    });
  });

  test('any form: one message or a refusal', () => {
    const form = fc.oneof(hostileQuery(['SAMLResponse', 'RelayState', 'SAMLRequest'], ['PHg+']), hostileText);
    ask(fc.tuple(form, hostileText), ([body, query]) => {
      for (const asked of ['', query])
        refusing(() => {
          const { samlResponse } = readSamlForm({
            method: 'POST',
            contentType: 'application/x-www-form-urlencoded',
            query: asked,
            body: Buffer.from(body),
          });
          expect([asked, samlResponse === '']).toEqual(['', false]);
        });
    });
  });

  test('any metadata: read or refused', async () => {
    const pieces =
      '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x"> </md:EntityDescriptor> <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"> </md:IDPSSODescriptor> <a <!-- --> <![CDATA[ ]]> <!DOCTYPE &amp; &x; <?xml ?> " \' > = xmlns:md=""'.split(
        ' ',
      );
    const markup = fc.array(
      fc.oneof({ arbitrary: fc.constantFrom(...pieces), weight: 6 }, { arbitrary: hostileText, weight: 1 }),
      { maxLength: 12 },
    );
    const read = fc.asyncProperty(markup, async (parts) => {
      const answer = await parseIdentityProviderMetadata(parts.join(' '), 0).catch((error: unknown) => error);
      refusing(() => {
        if (answer instanceof Error) throw answer;
      });
    });
    await fc.assert(read, { numRuns: runs(1_500, 60_000) });
  });
});
