// E-mail domains of an organisation: claim, list, show, verify, give up.

import { DirectoryError } from '#directory/directory-error.ts';
import { domainClaimRecords, verifiedDomainRecords } from '#storage/domain-records.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type Operation } from './admin-operation.ts';
import {
  claimDomain,
  dnsNameOf,
  dnsValueOf,
  readDomain,
  removeDomain,
  verifyDomain,
  type DomainState,
} from './domain-changes.ts';
import { readCursor, toPage } from './paging.ts';

const base = '/organizations/:org/domains';
const domainIn = (call: Parameters<typeof paramOf>[0]) => paramOf(call, 'domain').toLowerCase();

export const domainOperations: readonly Operation[] = [
  defineOperation({
    id: 'domains.claim',
    method: 'post',
    path: base,
    summary: 'Claim an e-mail domain; the answer says what to put into DNS',
    body: contract.newDomain,
    answer: contract.domainChanged,
    status: 201,
    run: async (context, call) => {
      const { change, ...state } = await claimDomain(context, call.organization.id, call.body.domain, call.by);
      return { body: { domain: toDomainAnswer(state), change } };
    },
  }),
  defineOperation({
    id: 'domains.list',
    method: 'get',
    path: base,
    summary: 'Domains, by name',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.domainAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const { id: organizationId } = call.organization;
      const after = readCursor(cursor);
      const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const claims = await context.storage.records(domainClaimRecords).list(organizationId, page, context.now());
      const shown = toPage(claims, limit, ({ id }) => id);
      const names = shown.items.map(({ value }) => value.domain);
      const found = await context.storage.records(verifiedDomainRecords).getMany(names, context.now());
      const verified = new Map(
        found.filter((one) => one.organizationId === organizationId).map((one) => [one.id, one]),
      );
      const items = shown.items.map(({ value: claim }) =>
        toDomainAnswer({ claim, verified: verified.get(claim.domain)?.value ?? null }),
      );
      return { body: { items, next: shown.next } };
    },
  }),
  defineOperation({
    id: 'domains.get',
    method: 'get',
    path: `${base}/:domain`,
    summary: 'One domain',
    answer: contract.domainAnswer,
    run: async (context, call) => ({
      body: toDomainAnswer(await readDomain(context, call.organization.id, domainIn(call))),
    }),
  }),
  defineOperation({
    id: 'domains.verify',
    method: 'post',
    path: `${base}/:domain/verify`,
    summary: 'Verify a domain: by its DNS record, or by the word of whoever runs the instance',
    body: contract.domainVerification,
    answer: contract.domainChanged,
    run: async (context, call) => {
      const { by } = call.body;
      if (by === 'administrator' && !call.reachesAll)
        throw new DirectoryError('notAllowed', 'Only a key that reaches every organisation verifies by word; use DNS.');
      const { change, ...state } = await verifyDomain(context, call.organization.id, domainIn(call), by, call.by);
      return { body: { domain: toDomainAnswer(state), change } };
    },
  }),
  defineOperation({
    id: 'domains.remove',
    method: 'delete',
    path: `${base}/:domain`,
    summary: 'Give a domain up: it routes nobody any more, and another organisation may have it',
    answer: contract.domainChanged,
    run: async (context, call) => {
      const { change, ...state } = await removeDomain(context, call.organization.id, domainIn(call), call.by);
      return { body: { domain: toDomainAnswer({ ...state, verified: null }), change } };
    },
  }),
];

function toDomainAnswer({ claim, verified }: DomainState) {
  return {
    domain: claim.domain,
    verified: verified !== null,
    ...(verified === null ? {} : { verifiedBy: verified.verifiedBy, verifiedAt: toIso(verified.verifiedAt) }),
    dns: { name: dnsNameOf(claim), type: 'TXT' as const, value: dnsValueOf(claim) },
    claimedAt: toIso(claim.claimedAt),
  };
}
