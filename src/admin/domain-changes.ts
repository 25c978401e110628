// Claims, verifies and gives up e-mail domains, each with its audit entry in the same write. Who may do so by word and who needs DNS: decision 10.

import { timingSafeEqual } from 'node:crypto';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Effect } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ChangeId, OrganizationId } from '#directory/identifiers.ts';
import {
  domainClaimId,
  domainClaimRecords,
  findOrganizationOfDomain,
  verifiedDomainRecords,
  type DomainClaim,
  type VerifiedDomain,
} from '#storage/domain-records.ts';
import { expireRecords } from '#storage/expire-records.ts';
import type { NewRecord, RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { AdminContext } from './admin-operation.ts';
import { recordChange } from './recorded-change.ts';
import { TxtLookupFailed } from './txt-lookup.ts';

export interface DomainState {
  readonly claim: DomainClaim;
  /** Null: not verified, or not for this organisation. */
  readonly verified: VerifiedDomain | null;
}

export interface DomainChange extends DomainState {
  readonly change: ChangeId | null;
}

/** What the TXT record at `dnsNameOf` must say. */
export function dnsValueOf({ token }: DomainClaim): string {
  return `furlough-domain=${token}`;
}

export function dnsNameOf({ domain }: DomainClaim): string {
  return `_furlough.${domain}`;
}

/** Claims a domain, which routes nobody yet; one that is claimed already stays as it is. */
export async function claimDomain(
  context: AdminContext,
  organizationId: OrganizationId,
  domain: string,
  by: ChangeContext,
): Promise<DomainChange> {
  const token = Buffer.from(context.randomBytes(24)).toString('base64url');
  const value: DomainClaim = { domain, token, claimedAt: context.now() };
  const words = { action: 'domain.claimed', target: targetOf(domain) };
  const { change, effects } = recordChange(context, organizationId, words, by);
  const record = { id: domainClaimId(organizationId, domain), organizationId, value };
  const isNew = await insertUnlessThere(context, domainClaimRecords, record, effects);
  return { ...(await readDomain(context, organizationId, domain)), change: isNew ? change : null };
}

/** Verifies a claimed domain. Throws `domainNotFound`, `domainNotProven`, `domainTaken`. */
export async function verifyDomain(
  context: AdminContext,
  organizationId: OrganizationId,
  domain: string,
  verifiedBy: VerifiedDomain['verifiedBy'],
  by: ChangeContext,
): Promise<DomainChange> {
  const { claim, verified } = await readDomain(context, organizationId, domain);
  if (verified !== null) return { claim, verified, change: null };
  // Proof comes first: whether somebody else has a domain is told to nobody who has not shown that it is theirs.
  if (verifiedBy === 'dns') await assertProven(context, claim);
  const value: VerifiedDomain = { verifiedBy, verifiedAt: context.now() };
  const words = { action: 'domain.verified', target: targetOf(domain), after: { verifiedBy } };
  const { change, effects } = recordChange(context, organizationId, words, by);
  if (await insertUnlessThere(context, verifiedDomainRecords, { id: domain, organizationId, value }, effects))
    return { claim, verified: value, change };
  const now = await readDomain(context, organizationId, domain);
  if (now.verified === null) throw taken(domain);
  return { ...now, change: null };
}

/** Gives a domain up: it routes nobody from the answer on, and may be another organisation's. Throws `domainNotFound`. */
export async function removeDomain(
  context: AdminContext,
  organizationId: OrganizationId,
  domain: string,
  by: ChangeContext,
): Promise<DomainChange> {
  for (let round = 0; round < 50; round += 1) {
    const state = await readDomain(context, organizationId, domain);
    const words = { action: 'domain.removed', target: targetOf(domain), before: { verified: state.verified !== null } };
    const { change, effects } = recordChange(context, organizationId, words, by);
    const had = await readOwn(context, verifiedDomainRecords, organizationId, domain);
    if (had !== null && !(await end(context, verifiedDomainRecords, had, []))) continue;
    const claim = await readOwn(context, domainClaimRecords, organizationId, domainClaimId(organizationId, domain));
    if (claim === null) continue;
    if (await end(context, domainClaimRecords, claim, effects)) return { ...state, change };
  }
  throw new DirectoryError('tooManyConflicts', 'This domain is being changed too often; try again.');
}

/** Throws `domainTaken` where another organisation has one of them. For those who reach every organisation: nobody else may learn it so. */
export async function assertNotTaken(
  context: AdminContext,
  organizationId: OrganizationId,
  domains: readonly string[],
): Promise<void> {
  if (domains.length === 0) return;
  const records = await context.storage.records(verifiedDomainRecords).getMany(domains, context.now());
  const other = records.find((record) => record.organizationId !== organizationId);
  if (other !== undefined) throw taken(other.id);
}

/** The domains a connection lists are claimed with it, and verified where whoever lists them may do so by word. */
export async function claimListed(
  context: AdminContext,
  organizationId: OrganizationId,
  domains: readonly string[],
  byWord: boolean,
  by: ChangeContext,
): Promise<void> {
  for (const domain of domains) {
    const { verified } = await claimDomain(context, organizationId, domain, by);
    if (verified !== null || !byWord) continue;
    const owner = await findOrganizationOfDomain(context.storage, domain, context.now());
    if (owner === null) await verifyDomain(context, organizationId, domain, 'administrator', by);
  }
}

/** Throws `domainNotFound`. */
export async function readDomain(
  context: AdminContext,
  organizationId: OrganizationId,
  domain: string,
): Promise<DomainState> {
  const [claim, verified] = await Promise.all([
    readOwn(context, domainClaimRecords, organizationId, domainClaimId(organizationId, domain)),
    readOwn(context, verifiedDomainRecords, organizationId, domain),
  ]);
  if (claim === null) throw new DirectoryError('domainNotFound', `There is no domain ${domain}.`);
  return { claim: claim.value, verified: verified?.value ?? null };
}

async function readOwn<Value>(
  context: AdminContext,
  kind: RecordKind<Value>,
  organizationId: OrganizationId,
  id: string,
): Promise<StoredRecord<Value> | null> {
  const record = await context.storage.records(kind).get(id, context.now());
  return record?.organizationId === organizationId ? record : null;
}

async function assertProven(context: AdminContext, claim: DomainClaim): Promise<void> {
  const [name, value] = [dnsNameOf(claim), dnsValueOf(claim)];
  try {
    const found = await context.lookUpTxt(name);
    if (found.some((text) => isSameText(text.trim(), value))) return;
    const words = found.length === 0 ? 'has no TXT record' : `has ${found.length} TXT records, none of which is it`;
    throw new DirectoryError('domainNotProven', `${name} ${words}.`, { name, type: 'TXT', value });
  } catch (error) {
    if (!(error instanceof TxtLookupFailed)) throw error;
    throw new DirectoryError('domainNotProven', `${name} could not be looked up: ${error.message}.`, { name });
  }
}

function isSameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** False where it is there already. What has ended is only in the way. */
async function insertUnlessThere<Value>(
  context: AdminContext,
  kind: RecordKind<Value>,
  record: NewRecord<Value>,
  effects: readonly Effect[],
): Promise<boolean> {
  const records = context.storage.records(kind);
  for (let tries = 0; tries < 3; tries += 1) {
    if (await records.insertOnce(record, effects)) {
      context.wakeRelay();
      return true;
    }
    if ((await records.get(record.id, context.now())) !== null) return false;
    // What has ended is in another organisation's way until its audit entry is carried out.
    if (tries > 0) await context.settleEffects();
    await expireRecords(context.storage, [kind], context.now());
  }
  return false;
}

/** It expires at once on every clock instead of being deleted, so that its audit entry is carried out with it. */
async function end<Value>(
  context: AdminContext,
  kind: RecordKind<Value>,
  record: StoredRecord<Value>,
  effects: readonly Effect[],
): Promise<boolean> {
  if (!(await context.storage.records(kind).replace({ ...record, expiresAt: 0 }, effects))) return false;
  context.wakeRelay();
  return true;
}

function targetOf(domain: string) {
  return { kind: 'domain', id: domain, name: domain } as const;
}

function taken(domain: string): DirectoryError {
  return new DirectoryError('domainTaken', `The domain ${domain} is another organisation’s here.`, { domain });
}
