// The page on which people see a colleague: who it is, their state, and what their organisation shows of them.

import type { PersonCard } from '#directory/person-card.ts';
import type { Translator } from '#messages/translator.ts';
import type { Page, PagePart } from './page.ts';

export interface ShownPerson extends Omit<PersonCard, 'departments'> {
  readonly departments?: readonly {
    readonly id: string;
    readonly name: string;
    readonly primary: boolean;
    readonly jobTitle?: string;
  }[];
}

export function createPersonPage({ say }: Translator, person: ShownPerson): Page {
  const { title, departments = [], phoneticName = {}, extensionNumber, aboutMe } = person;
  const phonetic = [phoneticName['familyName'], phoneticName['givenName']].filter((part) => part !== undefined);
  const lines: readonly (readonly [Parameters<typeof say>[0], string | undefined])[] = [
    ['page.person.login', person.userName],
    ['page.person.phonetic', phonetic.length === 0 ? undefined : phonetic.join(' ')],
    ['page.person.title', title],
    ...departments.map(
      ({ name, jobTitle }) =>
        ['page.person.department', jobTitle === undefined ? name : `${name} (${jobTitle})`] as const,
    ),
    ...valuesOf(person.emails).map((value) => ['page.person.email', value] as const),
    ...valuesOf(person.phoneNumbers).map((value) => ['page.person.phone', value] as const),
    ['page.person.extension', extensionNumber],
    ['page.person.about', aboutMe],
  ];
  const notes = lines.flatMap(([key, value]): readonly PagePart[] =>
    value === undefined ? [] : [{ kind: 'note', text: say(key, { value }) }],
  );
  return {
    title: person.displayName,
    parts: [{ kind: 'text', text: say(`page.person.status.${person.status}`) }, ...notes],
  };
}

function valuesOf(elements: readonly Readonly<Record<string, unknown>>[] = []): readonly string[] {
  return elements.flatMap(({ value }) => (typeof value === 'string' ? [value] : []));
}
