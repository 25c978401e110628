// The page that asks through which connection to sign in, where the organisation has several and the link names none.

import type { Translator } from '#messages/translator.ts';
import type { Page } from './page.ts';

export interface Choice {
  readonly name: string;
  readonly href: string;
}

export function createChooserPage({ say }: Translator, organization: string, choices: readonly Choice[]): Page {
  return {
    title: say('page.chooser.title', { organization }),
    parts: [
      { kind: 'text', text: say('page.chooser.intro') },
      {
        kind: 'links',
        links: choices.map(({ name, href }) => ({ text: say('page.chooser.with', { connection: name }), href })),
      },
    ],
  };
}
