// Pages of a session: signed in, about to sign out, signed out.

import type { Translator } from '#messages/translator.ts';
import type { Page } from './page.ts';

export interface SignedInWords {
  readonly organization: string;
  readonly name: string;
  /** An app on another host: offered as a link, because a redirect could come straight back and go in circles. */
  readonly continueTo?: string;
  readonly signOut: string;
  /** The page of the person's sessions. */
  readonly sessions: string;
}

export function createSignedInPage(
  { say }: Translator,
  { organization, name, continueTo, signOut, sessions }: SignedInWords,
): Page {
  const onward =
    continueTo === undefined
      ? []
      : [
          {
            kind: 'link' as const,
            text: say('page.signedIn.continue', { host: new URL(continueTo).host }),
            href: continueTo,
          },
        ];
  return {
    title: say('page.signedIn.title'),
    parts: [
      { kind: 'text', text: say('page.signedIn.as', { organization, name }) },
      ...onward,
      { kind: 'link', text: say('page.signedIn.sessions'), href: sessions },
      { kind: 'button', text: say('page.signOut.button'), action: signOut },
    ],
  };
}

export function createSignOutPage({ say }: Translator, action: string): Page {
  return {
    title: say('page.signOut.title'),
    parts: [
      { kind: 'text', text: say('page.signOut.ask') },
      { kind: 'button', text: say('page.signOut.button'), action },
    ],
  };
}

/** `everywhere`: the identity provider said that it signed the person out too. `onward`: where it is asked to. */
export function createSignedOutPage(
  { say }: Translator,
  { everywhere = false, onward }: { readonly everywhere?: boolean; readonly onward?: string } = {},
): Page {
  const text = say(everywhere ? 'page.signedOut.everywhere' : 'page.signedOut.text');
  const link = { kind: 'link' as const, text: say('page.signedOut.there'), href: onward ?? '' };
  return {
    title: say('page.signedOut.title'),
    parts: [{ kind: 'text', text }, ...(onward === undefined ? [] : [link])],
  };
}
