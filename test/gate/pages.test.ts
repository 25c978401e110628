// The gate's pages and words: both languages complete, everything escaped, no script, every reason code presentable.

import type { Response } from 'express';
import { IntlMessageFormat } from 'intl-messageformat';
import { escapeHtml } from '#gate/pages/escape-html.ts';
import { sendPage, type Page } from '#gate/pages/page.ts';
import { presentRefusal, type RefusalReason } from '#gate/sign-in/refusal.ts';
import { chooseLanguage, createTranslator } from '#messages/translator.ts';
import en from '#messages/en.json' with { type: 'json' };
import ja from '#messages/ja.json' with { type: 'json' };

const catalogues = [
  ['en', en],
  ['ja', ja],
] as const;

test('both languages have the same messages with the same arguments', () => {
  const argumentsOf = (text: string) => new Set(namesIn(new IntlMessageFormat(text, 'en').getAst()));
  expect(Object.keys(ja)).toEqual(Object.keys(en));
  for (const [key, text] of Object.entries(en))
    expect([key, argumentsOf(ja[key as keyof typeof ja])]).toEqual([key, argumentsOf(text)]);
});

test.each(catalogues)('every message of %s is a well-formed ICU message and says something', (language, catalogue) => {
  for (const text of Object.values(catalogue)) {
    expect(text.trim()).not.toBe('');
    expect(() => new IntlMessageFormat(text, language)).not.toThrow();
  }
});

test.each([
  [undefined, 'en'],
  ['', 'en'],
  ['ja', 'ja'],
  ['ja-JP,ja;q=0.9,en;q=0.8', 'ja'],
  ['en-GB,en;q=0.9,ja;q=0.8', 'en'],
  ['fr, ja;q=0.2', 'ja'],
  ['ja;q=0, en', 'en'],
  ['en;q=0.5, JA;q=0.9', 'ja'],
  ['ja;q=abc', 'en'],
])('Accept-Language %j: %s', (header, language) => {
  expect(chooseLanguage(header)).toBe(language);
});

test('values come into a page as text, in content and in attributes', () => {
  const hostile = `"><script>alert('&')</script>`;
  expect(escapeHtml(hostile)).toBe('&quot;&gt;&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;');
  const page: Page = {
    title: hostile,
    parts: [
      { kind: 'text', text: hostile },
      { kind: 'note', text: hostile },
      { kind: 'link', text: hostile, href: hostile },
      { kind: 'links', links: [{ text: hostile, href: hostile }] },
      { kind: 'button', text: hostile, action: hostile },
    ],
  };
  const { body, headers } = sent(page);
  expect(body).not.toContain('<script');
  expect(body.split(escapeHtml(hostile))).toHaveLength(11);
  expect(headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self'/,
  );
  expect(headers.get('content-security-policy')).not.toContain('unsafe');
  expect(headers.get('cache-control')).toBe('no-store');
});

test('a page says its language', () => {
  expect(sent({ title: 'x', parts: [] }, 'ja').body).toContain('<html lang="ja">');
  expect(sent({ title: 'x', parts: [] }, 'en').body).toContain('<html lang="en">');
});

test.each<[RefusalReason, string, number]>([
  ['accountInactive', 'accountInactive', 403],
  ['onLeave', 'onLeave', 403],
  ['waitingForSeat', 'waitingForSeat', 403],
  ['noSuchUser', 'unknownPerson', 403],
  ['identityConflict', 'unknownPerson', 403],
  ['unsolicited', 'startAgain', 403],
  ['replayed', 'startAgain', 403],
  ['signatureInvalid', 'provider', 403],
  ['providerUnreachable', 'provider', 403],
  ['notAllowed', 'notAllowed', 403],
  ['malformedRequest', 'badMessage', 400],
  ['verificationUnavailable', 'tryLater', 503],
])('the reason %s is told as %s with %d', (reason, sentence, status) => {
  expect(presentRefusal(reason)).toEqual({ sentence, status });
  expect(en).toHaveProperty([`refusal.${sentence}`]);
});

/** The page as it would go out. */
function sent(page: Page, language = 'en'): { body: string; headers: Map<string, string> } {
  const headers = new Map<string, string>();
  let body = '';
  const response = {
    setHeader: (name: string, value: string) => headers.set(name.toLowerCase(), value),
    status: () => response,
    type: () => response,
    send: (text: string) => {
      body = text;
    },
  };
  sendPage(response as unknown as Response, 200, createTranslator(language), page);
  return { body, headers };
}

interface Part {
  readonly type: number;
  readonly value?: string;
  readonly options?: Readonly<Record<string, { readonly value: readonly Part[] }>>;
}

/** Of a message that was read: everything it asks for, in all its cases. */
function namesIn(parts: readonly unknown[]): readonly string[] {
  return (parts as readonly Part[]).flatMap(({ type, value, options = {} }) => {
    // 0 is text, 7 the number of a plural.
    const own = type === 0 || type === 7 || value === undefined ? [] : [value];
    return [...own, ...Object.values(options).flatMap((option) => namesIn(option.value))];
  });
}
