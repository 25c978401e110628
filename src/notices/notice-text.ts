// A notice in words: from the catalogue, in the reader's language, dates as that language writes them. Also which language that is.

import type { NoticeCode } from '#directory/notice.ts';
import type { Organization } from '#directory/organization.ts';
import type { UserProfile } from '#directory/user.ts';
import { createTranslator, languages, type Language, type Translator } from '#messages/translator.ts';
import type { MailCode } from './mail-records.ts';

export interface NoticeText {
  readonly title: string;
  readonly text: string;
}

type Values = Readonly<Record<string, string>>;

export function writeNotice(translator: Translator, code: NoticeCode, values: Values): NoticeText {
  const shown = inWords(translator.language, values);
  try {
    return sayNotice(translator, code, shown);
  } catch {
    // Stored by another version, with other values: it must not keep the others from being read.
    return { title: code, text: Object.values(values).join(', ') };
  }
}

function sayNotice(translator: Translator, code: NoticeCode, shown: Values): NoticeText {
  return { title: translator.say(`notice.${code}.title`, shown), text: translator.say(`notice.${code}.text`, shown) };
}

/** What a mail says, with what stands under each. */
export function writeMail(
  translator: Translator,
  code: MailCode | 'test',
  values: Values,
  from: { readonly organization: string; readonly baseUrl: string },
): NoticeText {
  const { title, text } = isNotice(code)
    ? writeNotice(translator, code, values)
    : { title: translator.say(`mail.${code}.title`, values), text: translator.say(`mail.${code}.text`, values) };
  return { title, text: `${text}\n\n-- \n${translator.say('mail.footer', { ...from })}\n` };
}

/** The language of the person, else of the organisation, else English. What they prefer may be a list, as in `Accept-Language`. */
export function languageOf(
  { preferredLanguage, locale }: UserProfile,
  { language = 'en' }: Pick<Organization, 'language'>,
): Language {
  for (const wish of [preferredLanguage, locale]) {
    const spoken = typeof wish === 'string' ? wish.replaceAll('_', '-') : '';
    if (speaksOurs(spoken)) return createTranslator(spoken).language;
  }
  return language;
}

function speaksOurs(wish: string): boolean {
  const named = wish.toLowerCase().split(/[\s,;]+/);
  return named.some((range) => languages.some((ours) => range === ours || range.startsWith(`${ours}-`)));
}

function isNotice(code: MailCode | 'test'): code is NoticeCode {
  return code !== 'dormancyWarning' && code !== 'test';
}

const dates: Readonly<Record<Language, Intl.DateTimeFormat>> = {
  en: new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }),
  ja: new Intl.DateTimeFormat('ja', {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    weekday: 'short',
    timeZone: 'UTC',
  }),
};

function inWords(language: Language, values: Values): Values {
  const written = Object.entries(values).map(([name, value]) => [name, inLanguage(language, value)] as const);
  return Object.fromEntries(written);
}

function inLanguage(language: Language, value: string): string {
  const instant = /^\d{4}-\d{2}-\d{2}$/.test(value) ? Date.parse(`${value}T00:00:00Z`) : Number.NaN;
  return Number.isNaN(instant) ? value : dates[language].format(instant);
}
