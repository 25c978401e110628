// The page on which people see where they are signed in, end one session or all of them.

import type { Translator } from '#messages/translator.ts';
import type { Page, PagePart } from './page.ts';

export interface OwnSession {
  readonly id: string;
  /** The one of the browser that asks. */
  readonly current: boolean;
  readonly connection: string;
  readonly browser?: string;
  readonly network?: string;
  /** Instants. */
  readonly signedInAt: number;
  readonly lastSeenAt: number;
}

export interface OwnSessionsWords {
  readonly organization: string;
  /** IANA zone in which times are told. */
  readonly timeZone: string;
  readonly sessions: readonly OwnSession[];
  /** Where the forms post to. */
  readonly end: string;
  readonly endAll: string;
  readonly formToken: string;
}

export function createOwnSessionsPage(translator: Translator, words: OwnSessionsWords): Page {
  const { say, language } = translator;
  const { formToken, timeZone } = words;
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone });
  const toParts = (session: OwnSession): readonly PagePart[] => {
    const browser = session.browser ?? say('page.sessions.unknownBrowser');
    return [
      { kind: 'text', text: session.current ? say('page.sessions.this', { browser }) : browser },
      {
        kind: 'note',
        text: say('page.sessions.facts', {
          connection: session.connection,
          since: format.format(session.signedInAt),
          seen: format.format(session.lastSeenAt),
          network: session.network ?? say('page.sessions.unknownNetwork'),
        }),
      },
      {
        kind: 'button',
        text: say('page.sessions.end'),
        action: words.end,
        fields: { session: session.id, formToken },
      },
    ];
  };
  return {
    title: say('page.sessions.title'),
    parts: [
      { kind: 'text', text: say('page.sessions.intro', { organization: words.organization }) },
      ...words.sessions.flatMap(toParts),
      { kind: 'button', text: say('page.sessions.endAll'), action: words.endAll, fields: { formToken } },
    ],
  };
}
