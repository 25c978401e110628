// E-mail domains of organisations as plain records: who claims one, with what to put into DNS, and who has it. The id of the second is the domain
// itself, so the store's unique id lets one organisation at a time have it (decision 10).

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from './record-store.ts';
import type { Storage } from './storage.ts';

export interface DomainClaim {
  /** Lower case. */
  readonly domain: string;
  /** What the DNS record must say. */
  readonly token: string;
  readonly claimedAt: Instant;
}

/** Of an organisation and a domain; it routes nobody. */
export const domainClaimRecords: RecordKind<DomainClaim> = {
  name: 'domainClaim',
  carriesEffects: true,
  keysOf: () => [],
};

export interface VerifiedDomain {
  readonly verifiedBy: 'dns' | 'administrator';
  readonly verifiedAt: Instant;
}

/** The record's organisation has the domain. */
export const verifiedDomainRecords: RecordKind<VerifiedDomain> = {
  name: 'verifiedDomain',
  carriesEffects: true,
  keysOf: () => [],
};

export function domainClaimId(organizationId: OrganizationId, domain: string): string {
  return `${organizationId}/${domain}`;
}

/** The organisation that has the domain, or null. */
export async function findOrganizationOfDomain(
  storage: Pick<Storage, 'records'>,
  domain: string,
  now: Instant,
): Promise<OrganizationId | null> {
  return (await storage.records(verifiedDomainRecords).get(domain, now))?.organizationId ?? null;
}

/** Those of `domains` (at most 1,000) that the organisation has. */
export async function listDomainsOf(
  storage: Pick<Storage, 'records'>,
  organizationId: OrganizationId,
  domains: readonly string[],
  now: Instant,
): Promise<ReadonlySet<string>> {
  if (domains.length === 0) return new Set();
  const records = await storage.records(verifiedDomainRecords).getMany([...new Set(domains)], now);
  return new Set(records.filter((record) => record.organizationId === organizationId).map(({ id }) => id));
}
