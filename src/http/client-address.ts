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

function withoutMapping(address: string): string {
  return /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1] ?? address;
}
