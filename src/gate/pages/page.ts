// The frame of every page the gate shows: plain, accessible, without script, in the reader's language. Everything put in is escaped here.

import { createHash } from 'node:crypto';
import type { Response } from 'express';
import { createTranslator, type Translator } from '#messages/translator.ts';
import { escapeHtml } from './escape-html.ts';

export interface Page {
  readonly title: string;
  /** Parts in order, top to bottom. */
  readonly parts: readonly PagePart[];
  /** Where the browser goes by itself; a link in the page leads there too. */
  readonly onward?: string;
}

export type PagePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string }
  | { readonly kind: 'links'; readonly links: readonly { readonly text: string; readonly href: string }[] }
  /** A form with one button that posts to our own host. */
  | {
      readonly kind: 'button';
      readonly text: string;
      readonly action: string;
      readonly fields?: Readonly<Record<string, string>>;
    }
  /** The same with one field to fill in. */
  | {
      readonly kind: 'field';
      readonly label: string;
      readonly name: string;
      readonly type: 'email' | 'text';
      readonly text: string;
      readonly action: string;
      readonly fields?: Readonly<Record<string, string>>;
    };

const style = `:root{color-scheme:light dark;font:16px/1.6 system-ui,"Hiragino Sans","Noto Sans CJK JP",sans-serif}
body{margin:0;display:grid;min-height:100vh;place-items:center}
main{max-width:34rem;padding:2rem;box-sizing:border-box}
h1{font-size:1.5rem;line-height:1.3}
ul{list-style:none;padding:0}
a.button,button{display:inline-block;margin:.25rem 0;padding:.6rem 1.1rem;border:1px solid currentColor;border-radius:.4rem;background:none;color:inherit;font:inherit;text-decoration:none;cursor:pointer}
label{display:block}
input{box-sizing:border-box;width:100%;padding:.6rem;border:1px solid currentColor;border-radius:.4rem;background:none;color:inherit;font:inherit}
a:focus-visible,button:focus-visible,input:focus-visible{outline:3px solid #2563eb;outline-offset:2px}
.note{opacity:.8;font-size:.95rem}`;

const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The words for whoever sent `acceptLanguage`. */
export function translatorFor(request: {
  readonly headers: { readonly 'accept-language'?: string | undefined };
}): Translator {
  return createTranslator(request.headers['accept-language']);
}

/** Sends a page. It is never stored, framed, or told to other sites as a referrer. */
export function sendPage(response: Response, status: number, translator: Translator, page: Page): void {
  for (const [name, value] of Object.entries(pageHeaders(translator))) response.setHeader(name, value);
  response.status(status).type('html').send(renderPage(translator.language, page));
}

/** The headers that every page goes out with. `formTargets`: origins to which a form's answer may lead on. */
export function pageHeaders(
  translator: Translator,
  formTargets: readonly string[] = [],
): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentSecurityPolicy.replace(
      "form-action 'self'",
      ["form-action 'self'", ...formTargets].join(' '),
    ),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Content-Language': translator.language,
    Vary: 'Accept-Language',
  };
}

export function renderPage(language: string, { title, parts, onward }: Page): string {
  return [
    '<!doctype html>',
    `<html lang="${escapeHtml(language)}">`,
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escapeHtml(title)}</title>`,
    ...(onward === undefined ? [] : [`<meta http-equiv="refresh" content="0;url=${escapeHtml(onward)}">`]),
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${escapeHtml(title)}</h1>`,
    ...parts.map(renderPart),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function renderPart(part: PagePart): string {
  switch (part.kind) {
    case 'text':
      return `<p>${escapeHtml(part.text)}</p>`;
    case 'note':
      return `<p class="note">${escapeHtml(part.text)}</p>`;
    case 'link':
      return `<p><a class="button" href="${escapeHtml(part.href)}">${escapeHtml(part.text)}</a></p>`;
    case 'links':
      return `<ul>${part.links.map((link) => `<li><a class="button" href="${escapeHtml(link.href)}">${escapeHtml(link.text)}</a></li>`).join('')}</ul>`;
    case 'button':
      return `<form method="post" action="${escapeHtml(part.action)}">${renderFields(part.fields)}<button type="submit">${escapeHtml(part.text)}</button></form>`;
    case 'field':
      return renderField(part);
    default:
      return part satisfies never;
  }
}

function renderField({ label, name, type, text, action, fields }: Extract<PagePart, { kind: 'field' }>): string {
  const complete = type === 'email' ? ' autocomplete="email"' : '';
  return [
    `<form method="post" action="${escapeHtml(action)}">${renderFields(fields)}`,
    `<label>${escapeHtml(label)} <input type="${type}" name="${escapeHtml(name)}" required maxlength="320"${complete}></label>`,
    `<p><button type="submit">${escapeHtml(text)}</button></p>`,
    '</form>',
  ].join('');
}

function renderFields(fields: Readonly<Record<string, string>> = {}): string {
  return Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`)
    .join('');
}
