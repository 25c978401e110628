// Which address a request comes from. `X-Forwarded-For` is believed only from the proxies named in the configuration (gate.md 7).

import { BlockList, isIP } from 'node:net';
import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';

/** Answers whether an address is a trusted proxy: for express's `trust proxy`, which then walks the header from right to left. */
export type ProxyTrust = (address: string | undefined) => boolean;

/** Looking an address up in ranges is dear, and the same few proxies ask all day. */
const mostRemembered = 1_000;

export function createProxyTrust(proxies: readonly string[]): ProxyTrust {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  const isTrusted = (address: string): boolean => {
    const plain = withoutMapping(address);
    const family = isIP(plain);
    return family !== 0 && trusted.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
  const remembered = new Map<string, boolean>();
  return (address = '') => {
    const known = remembered.get(address);
    if (known !== undefined) return known;
    const answer = isTrusted(address);
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(address, answer);
    return answer;
  };
}

/** As `clientAddressOf`, for a request that express has not seen: the first address from the right that is no proxy of ours. */
export function readClientAddress(request: IncomingMessage, isTrusted: ProxyTrust): string {
  const nearest = request.socket.remoteAddress ?? 'unknown';
  const forwarded = request.headers['x-forwarded-for'];
  if (typeof forwarded !== 'string' || !isTrusted(nearest)) return withoutMapping(nearest);
  const addresses = forwarded.split(',').map((address) => address.trim());
  const own = addresses.findLastIndex((address) => !isTrusted(address));
  return withoutMapping(addresses[Math.max(own, 0)] ?? nearest);
}

/** The client's address; an IPv4 address in IPv6 clothes is the IPv4 one, so that no limit counts twice. */
export function clientAddressOf(request: Request): string {
  return withoutMapping(request.ip ?? request.socket.remoteAddress ?? 'unknown');
}

/** What limits count by: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address of it has them all. */
export function limitKeyOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.toLowerCase().split('::') ?? [];
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros =
    tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

function withoutMapping(address: string): string {
  return /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address;
}
