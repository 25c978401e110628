// Asks DNS for TXT records. What they mean is domain-changes.ts's business.

import { Resolver } from 'node:dns/promises';

/** The texts at a name, none where there is no such record. Throws `TxtLookupFailed`. */
export type LookUpTxt = (name: string) => Promise<readonly string[]>;

/** DNS did not answer: neither yes nor no. */
export class TxtLookupFailed extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.name = 'TxtLookupFailed';
  }
}

/** @param servers addresses of DNS servers, with a port if it is not 53; none: the machine's own */
export function createTxtLookup(servers: readonly string[]): LookUpTxt {
  return async (name) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    if (servers.length > 0) resolver.setServers(servers);
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch (error) {
      const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw new TxtLookupFailed(`DNS did not answer (${code})`, error);
    }
  };
}
