// The page that asks through which connection to sign in, where the organisation has several and the link names none.

import type { Translator } from '#messages/translator.ts';
import { addressForm, type FindWords } from './find-page.ts';
import type { Page } from './page.ts';

export interface Choice {
  readonly name: string;
  readonly href: string;
}

export interface ChooserWords extends FindWords {
  readonly organization: string;
  readonly choices: readonly Choice[];
}

export function createChooserPage({ say }: Translator, words: ChooserWords): Page {
  return {
    title: say('page.chooser.title', { organization: words.organization }),
    parts: [
      ...(words.unknown ? [{ kind: 'note' as const, text: say('page.chooser.unknown') }] : []),
      { kind: 'text', text: say('page.chooser.intro') },
      {
        kind: 'links',
        links: words.choices.map(({ name, href }) => ({ text: say('page.chooser.with', { connection: name }), href })),
      },
      { kind: 'text', text: say('page.chooser.or') },
      addressForm(say, words),
    ],
  };
}
