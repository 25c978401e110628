// Which IP addresses lead out of the house: everything but loopback, private, link-local, shared and reserved ranges (RFC 6890).

import { BlockList, isIP } from 'node:net';

export type AddressClass = 'public' | 'loopback' | 'private' | 'reserved';

const loopback = blockListOf([['127.0.0.0', 8]], [['::1', 128]]);
const privateRanges = blockListOf(
  [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['100.64.0.0', 10],
  ],
  [['fc00::', 7]],
);
const reserved = blockListOf(
  [
    ['0.0.0.0', 8],
    // Cloud metadata services live here.
    ['169.254.0.0', 16],
    ['192.0.0.0', 24],
    ['192.0.2.0', 24],
    ['192.88.99.0', 24],
    ['198.18.0.0', 15],
    ['198.51.100.0', 24],
    ['203.0.113.0', 24],
    ['224.0.0.0', 4],
    ['240.0.0.0', 4],
  ],
  [
    // Protocol assignments, Teredo among them, which a tunnel would unpack to an IPv4 address, as 6to4's.
    ['2001::', 23],
    ['2002::', 16],
    ['2001:db8::', 32],
    ['3fff::', 20],
  ],
);
/** What is given out to the world (RFC 4291 2.4); every other spelling of an IPv4 address in IPv6 is outside of it too. */
const globalUnicast = blockListOf([], [['2000::', 3]]);

/** The class of an IPv4 or IPv6 address; what is no address at all is reserved. */
export function classifyAddress(address: string): AddressClass {
  const plain = unmapAddress(address);
  const version = isIP(plain);
  if (version === 0) return 'reserved';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  if (loopback.check(plain, family)) return 'loopback';
  if (privateRanges.check(plain, family)) return 'private';
  const isGivenOut = version === 4 || globalUnicast.check(plain, family);
  return isGivenOut && !reserved.check(plain, family) ? 'public' : 'reserved';
}

/** `::ffff:10.0.0.1` (in either spelling) as `10.0.0.1`, a zone id dropped; any other address as it is. */
export function unmapAddress(address: string): string {
  const bare = address.replace(/%.*$/, '');
  if (isIP(bare) !== 6) return bare;
  const mapped = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(new URL(`http://[${bare}]/`).hostname);
  if (mapped === null) return bare;
  const [high, low] = [Number.parseInt(mapped[1] ?? '0', 16), Number.parseInt(mapped[2] ?? '0', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function blockListOf(
  four: readonly (readonly [string, number])[],
  six: readonly (readonly [string, number])[],
): BlockList {
  const list = new BlockList();
  for (const [net, bits] of four) list.addSubnet(net, bits, 'ipv4');
  for (const [net, bits] of six) list.addSubnet(net, bits, 'ipv6');
  return list;
}
