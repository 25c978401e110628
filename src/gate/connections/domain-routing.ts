// Which connection an e-mail domain leads to: one that lists it, of the organisation that has it verified. A domain nobody has verified leads
// nowhere and vouches for nobody (gate.md 3.1, decision 10).

import { domainToASCII } from 'node:url';
import type { Connection } from '#directory/connection.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { connectionRecords } from '#storage/connection-records.ts';
import { findOrganizationOfDomain } from '#storage/domain-records.ts';
import type { GateContext } from '../gate-context.ts';
import { canSignIn, type SignInConnection } from './sign-in-connection.ts';

type RoutingContext = Pick<GateContext, 'storage' | 'now'>;

/** The domain of an address or of a user name that looks like one: what follows the last `@`, as DNS writes it; null where there is none. */
export function domainOf(address: string): string | null {
  const at = address.lastIndexOf('@');
  if (at < 1 || address.length > 1_024) return null;
  const domain = domainToASCII(address.slice(at + 1)).toLowerCase();
  return domain === '' || domain.length > 253 ? null : domain;
}

/** Whether the domain is the organisation's own and routed to this connection. */
export async function isRouted(
  context: RoutingContext,
  connection: Pick<Connection, 'organizationId' | 'domains'>,
  domain: string | null,
): Promise<boolean> {
  if (domain === null || !connection.domains.includes(domain)) return false;
  return (await findOrganizationOfDomain(context.storage, domain, context.now())) === connection.organizationId;
}

/** The connections that a person with an address of this domain signs in by; with `only`, of that organisation. */
export async function listConnectionsFor(
  context: RoutingContext,
  domain: string,
  only?: OrganizationId,
): Promise<readonly SignInConnection[]> {
  const owner = await findOrganizationOfDomain(context.storage, domain, context.now());
  if (owner === null || (only !== undefined && owner !== only)) return [];
  const page = { key: `domain=${domain}`, limit: 200 };
  const records = await context.storage.records(connectionRecords).list(owner, page, context.now());
  return records.map((record) => record.value).filter(canSignIn);
}
