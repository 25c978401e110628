// From where and by what a session was opened, roughly: enough for people to recognise their own, too little to follow them by.

import { isIP } from 'node:net';
import { limitKeyOf } from '#http/client-address.ts';
import type { Session } from './session.ts';

/** `address`: the client's; `userAgent`: what the browser calls itself, which it may have made up. */
export function toSessionOrigin(
  address: string | undefined,
  userAgent: string | undefined,
): Pick<Session, 'network' | 'browser'> {
  const network = address === undefined ? undefined : networkOf(address);
  const browser = userAgent === undefined ? undefined : browserOf(userAgent);
  return { ...(network === undefined ? {} : { network }), ...(browser === undefined ? {} : { browser }) };
}

/** The first three bytes of an IPv4 address, the first 64 bits of an IPv6 one. */
function networkOf(address: string): string | undefined {
  switch (isIP(address)) {
    case 4:
      return `${address.split('.').slice(0, 3).join('.')}.0/24`;
    case 6:
      return `${limitKeyOf(address)}::/64`;
    default:
      return undefined;
  }
}

/** First match counts: most browsers also call themselves by the names of older ones. */
const browsers: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\bChrom(?:e|ium)\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const systems: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b|\biPad\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

/** For example `Firefox, Linux`; undefined for what is no known browser. */
function browserOf(userAgent: string): string | undefined {
  const text = userAgent.slice(0, 1_000);
  const nameIn = (table: typeof browsers) => table.find(([pattern]) => pattern.test(text))?.[1];
  const names = [nameIn(browsers), nameIn(systems)].filter((name) => name !== undefined);
  return names.length === 0 ? undefined : names.join(', ');
}
