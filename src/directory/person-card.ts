// What people of an organisation see of each other. Pure.

import { withoutOrigin, type Membership } from './person.ts';
import { displayNameOf, statusOf, type ProfileElement, type User, type UserStatus } from './user.ts';

/** What an organisation may hide while a person is inactive. Who it is and their state always stay. */
export const cardParts = [
  'name',
  'phoneticName',
  'title',
  'departments',
  'emails',
  'phoneNumbers',
  'extensionNumber',
  'aboutMe',
] as const;
export type CardPart = (typeof cardParts)[number];

export interface PersonCard {
  readonly id: User['id'];
  readonly userName: string;
  readonly displayName: string;
  readonly status: UserStatus;
  readonly active: boolean;
  readonly name?: Readonly<Record<string, string>>;
  readonly phoneticName?: Readonly<Record<string, string>>;
  readonly title?: string;
  readonly departments?: readonly Membership[];
  readonly emails?: readonly ProfileElement[];
  readonly phoneNumbers?: readonly ProfileElement[];
  readonly extensionNumber?: string;
  readonly aboutMe?: string;
}

/** `hiddenWhileInactive` is left out of the card of whoever is not active. Who waits, is on leave or has not begun is not. */
export function cardOf(user: User, hiddenWhileInactive: readonly CardPart[] = []): PersonCard {
  const { id, profile, active } = user;
  const { phoneticName, departments = [], extensionNumber, aboutMe } = profile.person ?? {};
  const parts: Record<CardPart, unknown> = {
    name: profile.name,
    phoneticName,
    title: profile['title'],
    departments: departments.length === 0 ? undefined : withoutOrigin(departments),
    emails: profile.emails,
    phoneNumbers: profile['phoneNumbers'],
    extensionNumber,
    aboutMe,
  };
  const hidden = new Set<CardPart>(active ? [] : hiddenWhileInactive);
  const shown = cardParts.filter((part) => parts[part] !== undefined && !hidden.has(part));
  // A display name that is made of the name would tell it.
  const named = hidden.has('name') ? { userName: profile.userName, ...pick(profile.displayName) } : profile;
  return {
    id,
    userName: profile.userName,
    displayName: displayNameOf(named),
    status: statusOf(user),
    active,
    ...Object.fromEntries(shown.map((part) => [part, parts[part]])),
  };
}

function pick(displayName: string | undefined): { readonly displayName?: string } {
  return displayName === undefined ? {} : { displayName };
}
