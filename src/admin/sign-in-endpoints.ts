// Sign-ins as they were recorded: who came, through what, and why not. One by the reference that a refused person reads out.

import type { UserId } from '#directory/identifiers.ts';
import { explainSignIn, type SignInRecord } from '#gate/sign-in/sign-in-record.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type AdminContext, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, toPage } from './paging.ts';
import { toSignInAnswer, findSignIns } from './sign-in-view.ts';
import { explainAgain, explainThen } from './app-explanation.ts';
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
      const { user, outcome } = call.query;
      const after = readCursor(cursor);
      const found = await findSignIns(context, call.organization.id, {
        limit: limit + 1,
        ...(user === undefined ? {} : { user: user as UserId }),
        ...(outcome === undefined ? {} : { outcome }),
        ...(after === undefined ? {} : { after }),
      });
      const page = toPage(found, limit, ({ id }) => id);
      return { body: { items: page.items.map(toSignInAnswer), next: page.next } };
    },
  }),
  defineOperation({
    id: 'signIns.get',
    method: 'get',
    path: `${base}/:reference`,
    summary:
      'One sign-in or refusal by its reference: the checks in order, what was found about the person then, and what would be now',
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
          then: await explainThen(context, call.organization.id, record),
          now: await decideNow(context, call.organization, record),
        },
      };
    },
  }),
];

async function decideNow(context: AdminContext, organization: Organization, record: SignInRecord) {
  if (record.userId === undefined) return null;
  const user = await context.storage.users.get(organization.id, record.userId);
  return user === null ? null : explainAgain(context, organization, user, record);
}
