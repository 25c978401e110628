// The server's words in the reader's language: ICU messages from the same files the console reads. Languages: English, Japanese.

import { IntlMessageFormat } from 'intl-messageformat';
import en from './en.json' with { type: 'json' };
import ja from './ja.json' with { type: 'json' };

export const languages = ['en', 'ja'] as const;
export type Language = (typeof languages)[number];
export type MessageKey = keyof typeof en;

const catalogues: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, ja };
const formats = new Map<string, IntlMessageFormat>();

export interface Translator {
  readonly language: Language;
  /** Plain text, not HTML: whoever puts it into a page escapes it. */
  readonly say: (key: MessageKey, values?: Readonly<Record<string, string>>) => string;
}

/** The translator for an `Accept-Language` header (RFC 9110 12.5.4); English where none of ours is wanted. */
export function createTranslator(acceptLanguage: string | undefined): Translator {
  const language = chooseLanguage(acceptLanguage);
  return { language, say: (key, values = {}) => String(formatOf(language, key).format(values)) };
}

/** The wanted language of highest weight that we speak; of equal weights the first named. */
export function chooseLanguage(acceptLanguage: string | undefined): Language {
  let best: Language = 'en';
  let bestWeight = 0;
  for (const part of (acceptLanguage ?? '').slice(0, 1_000).split(',')) {
    const [range = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const named = languages.find((language) => range === language || range.startsWith(`${language}-`));
    const weight = weightOf(parameters);
    if (named === undefined || weight <= bestWeight) continue;
    best = named;
    bestWeight = weight;
  }
  return best;
}

function weightOf(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  if (given === undefined) return 1;
  const weight = Number(given.slice(2));
  return weight >= 0 && weight <= 1 ? weight : 0;
}

function formatOf(language: Language, key: MessageKey): IntlMessageFormat {
  const id = `${language} ${key}`;
  const known = formats.get(id);
  if (known !== undefined) return known;
  const made = new IntlMessageFormat(catalogues[language][key], language, undefined, { ignoreTag: true });
  formats.set(id, made);
  return made;
}
