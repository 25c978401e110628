// The page of a refused sign-in: one sentence for the person, the reference id for the administrator, whom to ask, a way to try again. No reason code.

import type { MessageKey, Translator } from '#messages/translator.ts';
import type { RefusalSentence } from '../sign-in/refusal.ts';
import type { Help } from './help.ts';
import type { Page, PagePart } from './page.ts';

export interface RefusalWords extends Help {
  readonly sentence: RefusalSentence | 'nobody' | 'badForm' | 'noPerson';
  /** Where a new sign-in begins. It is a link, never a redirect: a refused browser must not run in circles. */
  readonly again?: string;
}

const titles: Partial<Record<RefusalWords['sentence'], MessageKey>> = {
  badForm: 'page.badForm.title',
  noPerson: 'page.notFound.title',
};

export function createRefusalPage({ say }: Translator, { sentence, again, ...help }: RefusalWords): Page {
  return {
    title: say(titles[sentence] ?? 'page.refusal.title'),
    parts: [
      { kind: 'text', text: say(`refusal.${sentence}`) },
      ...helpParts({ say }, help),
      ...(again === undefined ? [] : [{ kind: 'link' as const, text: say('page.refusal.again'), href: again }]),
    ],
  };
}

/** The reference, whom to ask, and a letter that names the reference already. */
export function helpParts({ say }: Pick<Translator, 'say'>, { reference, contact = {} }: Help): readonly PagePart[] {
  const { text, email } = contact;
  const subject = `?subject=${encodeURIComponent(reference)}`;
  return [
    { kind: 'note', text: say('page.refusal.reference', { reference }) },
    ...(text === undefined ? [] : [{ kind: 'note' as const, text: say('page.refusal.contact', { contact: text }) }]),
    ...(email === undefined
      ? []
      : [
          {
            kind: 'link' as const,
            text: say('page.refusal.write', { email }),
            href: `mailto:${encodeURI(email)}${subject}`,
          },
        ]),
  ];
}

export function createUnavailablePage({ say }: Translator, help: Help): Page {
  const text = say('page.unavailable.text');
  return { title: say('page.unavailable.title'), parts: [{ kind: 'text', text }, ...helpParts({ say }, help)] };
}

export function createNotFoundPage({ say }: Translator, help: Help): Page {
  const text = say('page.notFound.text');
  return { title: say('page.notFound.title'), parts: [{ kind: 'text', text }, ...helpParts({ say }, help)] };
}

/** For an address that is no app of ours. */
export function createUnknownAppPage({ say }: Translator, help: Help): Page {
  const text = say('page.notAllowed.app');
  return { title: say('page.notAllowed.title'), parts: [{ kind: 'text', text }, ...helpParts({ say }, help)] };
}

/** For a person whose groups do not open the app: they are signed in, so a new sign-in would help nothing. */
export function createAppRefusalPage(translator: Translator, help: Help): Page {
  const { parts } = createRefusalPage(translator, { ...help, sentence: 'notAllowed' });
  return { title: translator.say('page.notAllowed.title'), parts };
}
