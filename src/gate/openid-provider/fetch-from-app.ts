// Requests from the OpenID Provider to apps, whose addresses administrators type: their keys (`jwksUri`) and their logout endpoints. The same guarded
// way out as to identity providers, with its own list of hosts that may have a private address, and without any redirect (gate.md 4, O16).

import { fetchOutbound } from '../connections/outbound-fetch.ts';
import type { GateContext } from '../gate-context.ts';

const rules = { maxBytes: 262_144, maxRedirects: 0 } as const;
const deadlineMs = 5_000;

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** As much of `fetch` as the library uses. Rejects with `OutboundRefusal`. */
export function fetchFromApp({ config }: Pick<GateContext, 'config'>): Fetch {
  return (input, init = {}) => {
    const { method = 'GET', headers, body } = init;
    const url = input instanceof Request ? input.url : input.toString();
    const request = { method, headers: Object.fromEntries(new Headers(headers)), body };
    const allowed = {
      ...rules,
      allowLoopback: config.allowInsecureProviders,
      privateHosts: config.privateAppHosts ?? [],
    };
    return fetchOutbound(url, request, allowed, AbortSignal.timeout(config.appDeadlineMs ?? deadlineMs));
  };
}
