// Pages that find a person's sign-in by their e-mail address, and the one that leads on to it. They say the same whoever the address belongs to.

import type { Translator } from '#messages/translator.ts';
import type { Page, PagePart } from './page.ts';

export interface FindWords {
  /** Where the form goes. */
  readonly action: string;
  /** An address was given that leads nowhere. */
  readonly unknown: boolean;
  readonly fields?: Readonly<Record<string, string>>;
}

export function createFindPage({ say }: Translator, words: FindWords): Page {
  return {
    title: say('page.find.title'),
    parts: [
      ...(words.unknown ? [{ kind: 'note' as const, text: say('page.find.unknown') }] : []),
      { kind: 'text', text: say('page.find.intro') },
      addressForm(say, words),
    ],
  };
}

export function createOnwardPage({ say }: Translator, href: string): Page {
  return {
    title: say('page.onward.title'),
    onward: href,
    parts: [
      { kind: 'text', text: say('page.onward.text') },
      { kind: 'link', text: say('page.onward.link'), href },
    ],
  };
}

export function addressForm(say: Translator['say'], { action, fields }: FindWords): PagePart {
  return {
    kind: 'field',
    label: say('page.find.email'),
    name: 'email',
    type: 'email',
    text: say('page.find.button'),
    action,
    ...(fields === undefined ? {} : { fields }),
  };
}
