// Sign-ins as they were recorded: who came, through what, and why not. One by the reference that a refused person reads out.

import type { UserId } from '#directory/identifiers.ts';
import { explainSignIn, listSignIns, type SignInRecord } from '#gate/sign-in/sign-in-record.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type AdminContext, type Call, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, toPage } from './paging.ts';
import { tellDecision } from './user-explanation.ts';
import type { Organization } from '#directory/organization.ts';

const base = '/organizations/:org/sign-ins';

export const signInOperations: readonly Operation[] = [
  defineOperation({
    id: 'signIns.list',
    method: 'get',
    path: base,
    summary: 'Sign-ins, newest first, by person and outcome',
    query: contract.signInQuery,
    answer: contract.pageOf(contract.signInAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const page = toPage(await findSignIns(context, call, readCursor(cursor), limit + 1), limit, ({ id }) => id);
      return { body: { items: page.items.map(toSignInAnswer), next: page.next } };
    },
  }),
  defineOperation({
    id: 'signIns.get',
    method: 'get',
    path: `${base}/:reference`,
    summary: 'One sign-in by its reference, with the checks in order and what would be decided now',
    answer: contract.signInExplained,
    run: async (context, call) => {
      const reference = paramOf(call, 'reference');
      const record = /^[0-9A-Za-z -]{4,40}$/.test(reference)
        ? await explainSignIn(context.gate, call.organization.id, reference)
        : null;
      if (record === null) throw new AdminError('signInNotFound', 'There is no such sign-in.');
      return {
        body: {
          ...toSignInAnswer(record),
          why: record.checks,
          now: await decideNow(context, call.organization, record),
        },
      };
    },
  }),
];

type ListCall = Call<unknown, ReturnType<typeof contract.signInQuery.parse>>;

/** By person or by outcome there is an index; with both, the person's are read until enough have the outcome. */
async function findSignIns(context: AdminContext, call: ListCall, after: string | undefined, limit: number) {
  const { user, outcome } = call.query;
  const by = user === undefined ? (outcome === undefined ? {} : { outcome }) : { user: user as UserId };
  const found: Awaited<ReturnType<typeof listSignIns>>[number][] = [];
  for (let place = after; ; ) {
    const piece = await listSignIns(context.gate, call.organization.id, {
      ...by,
      limit,
      ...(place === undefined ? {} : { after: place }),
    });
    found.push(...piece.filter((record) => outcome === undefined || record.outcome === outcome));
    if (piece.length < limit || found.length >= limit) return found.slice(0, limit);
    place = piece.at(-1)?.id;
  }
}

async function decideNow(context: AdminContext, organization: Organization, record: SignInRecord) {
  if (record.userId === undefined) return null;
  const user = await context.storage.users.get(organization.id, record.userId);
  return user === null ? null : tellDecision(context, organization, user);
}

function toSignInAnswer(record: SignInRecord) {
  const { reference, at, outcome, reason, connection, protocol, userId, claimed, address } = record;
  return {
    reference,
    at: toIso(at),
    outcome,
    ...(reason === undefined ? {} : { reason }),
    connection,
    protocol,
    ...(userId === undefined ? {} : { userId }),
    ...(claimed === undefined ? {} : { claimed }),
    ...(address === undefined ? {} : { address }),
  };
}
