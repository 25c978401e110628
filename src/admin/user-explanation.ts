// Why can this person not come in? Everything an administrator is told at once: the decision of this moment, and the last refusals.

import type { Organization } from '#directory/organization.ts';
import type { User } from '#directory/user.ts';
import { explainNow } from './access-ladder.ts';
import type { AdminContext } from './admin-operation.ts';
import { explainApps } from './app-explanation.ts';
import { findSignIns, toSignInAnswer } from './sign-in-view.ts';
import { toUserAnswer } from './user-view.ts';

const mostRefusals = 10;

export async function explainUser(context: AdminContext, organization: Organization, user: User) {
  const of = { user: user.id, outcome: 'refused', limit: mostRefusals } as const;
  const refusals = await findSignIns(context, organization.id, of);
  const waitingBefore =
    user.waitingSince === undefined ? null : await context.storage.users.waitingBefore(organization.id, user);
  return {
    user: toUserAnswer(user),
    ...explainNow(context, organization, user),
    waitingBefore,
    refusals: refusals.map(toSignInAnswer),
    apps: await explainApps(context, organization, user, refusals),
  };
}
