// Requests to each door as strangers make them: near enough to what the door takes that they come far in, wrong in ways nobody thinks of.

import fc from 'fast-check';
import { toAdmin } from './admin-strangers.ts';
import { toGate } from './gate-strangers.ts';
import { toProxies } from './proxy-strangers.ts';
import { toScim } from './scim-strangers.ts';
import { toTokens } from './token-strangers.ts';
import { type HostileHouse } from './hostile-house.ts';
import { anyMethod, hostileHeaders, hostileQuery, hostileText } from './hostile-values.ts';
import { bodyOf, everywhere, path } from './request-parts.ts';
import type { WireRequest } from './wire.ts';

export type Door = 'scim' | 'scim tokens' | 'admin' | 'gate' | 'proxies' | 'health and set-up';

export function hostileRequests(house: HostileHouse): Readonly<Record<Door, fc.Arbitrary<WireRequest>>> {
  return {
    scim: toScim(house),
    'scim tokens': toTokens(house),
    admin: toAdmin(house),
    gate: toGate(house),
    proxies: toProxies(house),
    'health and set-up': toTheRest(),
  };
}

function toTheRest(): fc.Arbitrary<WireRequest> {
  const place = path([
    '/livez',
    '/readyz',
    '/metrics',
    '/console/set-up',
    '/console/set-up',
    '/console/',
    '/',
    '/api/docs',
    '/api/v1/openapi.json',
    '/favicon.ico',
  ]);
  const query = hostileQuery(['code'], ['x', 'f'.repeat(43)]);
  const form = fc.oneof(hostileQuery(['code'], ['x', 'f'.repeat(43)]), hostileText);
  return fc
    .tuple(anyMethod, place, query, hostileHeaders(everywhere), form)
    .map(([method, at, asked, headers, body]) => ({
      method,
      target: `${at.startsWith('/') ? at : `/${at}`}${asked === '' ? '' : `?${asked}`}`,
      headers,
      ...bodyOf(method, body),
    }));
}
