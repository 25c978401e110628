// The page of a refused sign-in: one sentence for the person, the reference id for the administrator, whom to ask, a way to try again. No reason code.

import type { OrganizationContact } from '#directory/organization.ts';
import type { Translator } from '#messages/translator.ts';
import type { RefusalSentence } from '../sign-in/refusal.ts';
import type { Page, PagePart } from './page.ts';

export interface RefusalWords {
  readonly sentence: RefusalSentence | 'nobody';
  readonly reference?: string;
  /** Whom the organisation says its people may ask. */
  readonly contact?: OrganizationContact;
  /** Where a new sign-in begins. It is a link, never a redirect: a refused browser must not run in circles. */
  readonly again?: string;
}

export function createRefusalPage(
  { say }: Translator,
  { sentence, reference, contact = {}, again }: RefusalWords,
): Page {
  return {
    title: say('page.refusal.title'),
    parts: [
      { kind: 'text', text: say(`refusal.${sentence}`) },
      ...(reference === undefined
        ? []
        : [{ kind: 'note' as const, text: say('page.refusal.reference', { reference }) }]),
      ...contactParts({ say }, contact, reference),
      ...(again === undefined ? [] : [{ kind: 'link' as const, text: say('page.refusal.again'), href: again }]),
    ],
  };
}

/** Whom to ask, and a letter that names the reference already. */
function contactParts(
  { say }: Pick<Translator, 'say'>,
  { text, email }: OrganizationContact,
  reference?: string,
): readonly PagePart[] {
  const subject = reference === undefined ? '' : `?subject=${encodeURIComponent(reference)}`;
  return [
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

export function createUnavailablePage({ say }: Translator): Page {
  return { title: say('page.unavailable.title'), parts: [{ kind: 'text', text: say('page.unavailable.text') }] };
}

export function createNotFoundPage({ say }: Translator): Page {
  return { title: say('page.notFound.title'), parts: [{ kind: 'text', text: say('page.notFound.text') }] };
}

/** For an address that is no app of ours. */
export function createUnknownAppPage({ say }: Translator): Page {
  return { title: say('page.notAllowed.title'), parts: [{ kind: 'text', text: say('page.notAllowed.app') }] };
}

/** For a person whose groups do not open the app: they are signed in, so a new sign-in would help nothing. */
export function createAppRefusalPage(translator: Translator, words: Pick<RefusalWords, 'reference' | 'contact'>): Page {
  const { parts } = createRefusalPage(translator, { ...words, sentence: 'notAllowed' });
  return { title: translator.say('page.notAllowed.title'), parts };
}
