// Which address a request comes from. `X-Forwarded-For` is believed only from the proxies named in the configuration (gate.md 7).

import { BlockList, isIP } from 'node:net';
import type { Request } from 'express';

/** Answers whether an address is a trusted proxy: for express's `trust proxy`, which then walks the header from right to left. */
export function createProxyTrust(proxies: readonly string[]): (address: string | undefined) => boolean {
  const trusted = new BlockList();
  for (const proxy of proxies) {
    const [address = '', bits] = proxy.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const plain = withoutMapping(address ?? '');
    const family = isIP(plain);
    return family !== 0 && trusted.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  };
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
