// The cells of a person's profile: what each column shows of it, and the profile with another text there. Reading back what was shown changes nothing.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ProfileElement, UserProfile } from '#directory/user.ts';
import { readDate, readWhole } from './cell-words.ts';

type Parts = Readonly<Record<string, unknown>>;

export interface ProfileCell {
  /** Characters, as Kintone allows them or more. */
  readonly longest: number;
  /** The text as it is compared and stored. Throws `DirectoryError` `invalidValue`. */
  readonly read?: (cell: string) => string;
  readonly show: (profile: UserProfile) => string;
  /** `text` empty: unassigned. */
  readonly write: (profile: UserProfile, text: string) => UserProfile;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** Absent means unassigned: no empty text, no empty object. */
function assign<Whole extends Parts>(whole: Whole, name: string, value: unknown): Whole {
  const { [name]: _old, ...rest } = whole;
  const isEmpty =
    value === undefined ||
    value === '' ||
    (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
  return (isEmpty ? rest : { ...whole, [name]: value }) as Whole;
}

function at(whole: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((part, name) => (part as Parts | undefined)?.[name], whole);
}

function writeAt<Whole extends Parts>(whole: Whole, [name = '', ...rest]: readonly string[], value: unknown): Whole {
  const inner = (whole[name] ?? {}) as Parts;
  return assign(whole, name, rest.length === 0 ? value : writeAt(inner, rest, value));
}

function plainCell(path: readonly string[], longest = 200): ProfileCell {
  return {
    longest,
    show: (profile) => textOf(at(profile, path)),
    write: (profile, text) => writeAt(profile, path, text),
  };
}

/** One element of a plural attribute: the one of this type, for e-mail addresses the primary one before it. */
function elementCell(attribute: string, type: string, longest: number, check?: (text: string) => void): ProfileCell {
  const elementsOf = (profile: UserProfile) => (profile[attribute] ?? []) as readonly ProfileElement[];
  const find = (elements: readonly ProfileElement[]): ProfileElement | undefined =>
    attribute === 'emails'
      ? (elements.find(({ primary }) => primary === true) ??
        elements.find((element) => element['type'] === type) ??
        elements[0])
      : elements.find((element) => element['type'] === type);
  return {
    longest,
    read(cell) {
      if (cell !== '') check?.(cell);
      return cell;
    },
    show: (profile) => textOf(find(elementsOf(profile))?.['value']),
    write(profile, text) {
      const elements = elementsOf(profile);
      const own = find(elements);
      if (text === '')
        return assign(
          profile,
          attribute,
          elements.filter((element) => element !== own),
        );
      if (own !== undefined)
        return assign(
          profile,
          attribute,
          elements.map((one) => (one === own ? { ...one, value: text } : one)),
        );
      const isFirst = attribute === 'emails' && elements.length === 0;
      return assign(profile, attribute, [...elements, { value: text, type, ...(isFirst ? { primary: true } : {}) }]);
    },
  };
}

function dateCell(name: string): ProfileCell {
  return { ...plainCell(['person', name]), read: (cell) => readDate(cell, name) ?? '' };
}

const displayOrder: ProfileCell = {
  longest: 16,
  read: (cell) => textOf(readWhole(cell, 'displayOrder')),
  show: ({ person }) => textOf(person?.displayOrder),
  write: (profile, text) => writeAt(profile, ['person', 'displayOrder'], text === '' ? undefined : Number(text)),
};

/** Kintone writes `auto` for whoever has chosen none. */
const language: ProfileCell = {
  ...plainCell(['preferredLanguage'], 100),
  read: (cell) => (cell === 'auto' ? '' : cell),
};

function assertAddress(text: string): void {
  if (!/^[^\s@]+@[^\s@]+$/.test(text))
    throw new DirectoryError('invalidValue', 'The e-mail address is none.', { field: 'email' });
}

export const profileCells: Readonly<Record<string, ProfileCell>> = {
  displayName: plainCell(['displayName']),
  surname: plainCell(['name', 'familyName']),
  givenName: plainCell(['name', 'givenName']),
  phoneticSurname: plainCell(['person', 'phoneticName', 'familyName']),
  phoneticGivenName: plainCell(['person', 'phoneticName', 'givenName']),
  localizedName: plainCell(['person', 'localizedName', 'formatted']),
  localizedLanguage: plainCell(['person', 'localizedName', 'locale'], 100),
  email: elementCell('emails', 'work', 256, assertAddress),
  language,
  timeZone: plainCell(['timezone'], 100),
  phone: elementCell('phoneNumbers', 'work', 100),
  extension: plainCell(['person', 'extensionNumber'], 100),
  mobile: elementCell('phoneNumbers', 'mobile', 100),
  url: plainCell(['profileUrl'], 1_000),
  employeeId: plainCell(['enterprise', 'employeeNumber'], 200),
  hireDate: dateCell('hireDate'),
  birthday: dateCell('birthday'),
  aboutMe: plainCell(['person', 'aboutMe'], 4_000),
  displayOrder,
  skype: elementCell('ims', 'skype', 200),
};

/** The profile with these cells in it; undefined or `*`: unchanged. Throws `DirectoryError` `invalidValue` naming the column. */
export function writeCells(profile: UserProfile, cellOf: (column: string) => string | undefined): UserProfile {
  let written = profile;
  for (const [column, { longest, read = (cell: string) => cell, show, write }] of Object.entries(profileCells)) {
    const cell = cellOf(column);
    if (cell === undefined || cell === '*') continue;
    // What is there already is left alone, whatever rule it was made by.
    if (cell === show(written)) continue;
    const text = read(cell);
    if (text.length > longest)
      throw new DirectoryError('invalidValue', `${column} has more than ${longest} characters.`, { field: column });
    if (text !== show(written)) written = write(written, text);
  }
  return written;
}
