// What an app learns about the person, as headers its proxy copies. All of them go out with every admission, empty where there is nothing
// to say: a header left out would let a client's own through (gate.md 7, GHSA-7r4p-vjf4-gxv4).

import type { OrganizationId } from '#directory/identifiers.ts';
import { displayNameOf, type User, type UserProfile } from '#directory/user.ts';

/** The complete list; guides tell proxies to copy all of it. */
export const identityHeaders = [
  'Remote-User',
  'Remote-Email',
  'Remote-Name',
  'Remote-Groups',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Auth-Request-Groups',
  'X-Auth-Request-Preferred-Username',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Furlough-User-Id',
  'X-Furlough-Organization',
  'X-Furlough-Jwt',
] as const;
export type IdentityHeader = (typeof identityHeaders)[number];
type PlainHeader = Exclude<IdentityHeader, 'X-Furlough-Jwt'>;

/** Where nobody is: on public paths. */
export const emptyIdentity = Object.fromEntries(identityHeaders.map((name) => [name, ''])) as Readonly<
  Record<IdentityHeader, string>
>;

/** Characters of one list of groups. It is sent three times, and proxies give up on longer headers. */
const mostGroupText = 2_048;

/** Of these groups as many whole ones, from the front, as headers can hold. An app that is told fewer gives fewer rights. */
export function chooseTold(groups: readonly string[]): readonly string[] {
  let length = 0;
  const end = groups.findIndex((group) => (length += toHeaderText(group).length + 1) > mostGroupText);
  return end === -1 ? groups : groups.slice(0, end);
}

/** Every identity header for an admitted person, but the signed one. */
export function toIdentityHeaders(
  organizationId: OrganizationId,
  user: Pick<User, 'id' | 'profile'>,
  groups: readonly string[],
): Readonly<Record<PlainHeader, string>> {
  const name = toHeaderText(user.profile.userName);
  const email = toHeaderText(emailOf(user.profile) ?? '');
  const groupList = groups.map(toHeaderText).join(',');
  return {
    'Remote-User': name,
    'Remote-Email': email,
    'Remote-Name': toHeaderText(displayNameOf(user.profile)),
    'Remote-Groups': groupList,
    'X-Auth-Request-User': name,
    'X-Auth-Request-Email': email,
    'X-Auth-Request-Groups': groupList,
    'X-Auth-Request-Preferred-Username': name,
    'X-Forwarded-User': name,
    'X-Forwarded-Email': email,
    'X-Forwarded-Groups': groupList,
    'X-Furlough-User-Id': user.id,
    'X-Furlough-Organization': organizationId,
  };
}

/**
 * Text for one header value: percent-encoded (UTF-8) where it is not printable ASCII, and where it could end the value or split a list:
 * `%`, `,`, `|`, `;`, quotes, backslash, and spaces at the edges, which proxies strip. Decoding gives the text again.
 */
export function toHeaderText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]|[%,|;"\\]|^ +| +$/gu, (part) =>
    [...Buffer.from(part, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** The primary e-mail address, else the first. */
export function emailOf(profile: UserProfile): string | undefined {
  const emails = (profile.emails ?? []).filter((email) => typeof email['value'] === 'string');
  const chosen = emails.find((email) => email['primary'] === true) ?? emails[0];
  return chosen?.['value'] as string | undefined;
}
