// When an authorization request needs its person, beyond what the library asks by itself: somebody who was kept out since, or an app that is not
// for them. Apps are the organisation's own, so nobody is asked for consent. gate.md 4, points 2 and 3.

import { interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';

import type { Instant } from '#directory/identifiers.ts';

const { base, Check, Prompt } = interactionPolicy;

export interface InteractionRules {
  readonly now: () => Instant;
  /** The gate's session that the request has, if any. */
  readonly sessionOfRequest: () => string | undefined;
  /** Whether the person of the request may use the app of the request. */
  readonly mayUse: (ctx: KoaContextWithOIDC) => Promise<boolean>;
}

export const appRefusal = 'notAllowed: this app is not for this person';

export function createInteractionPolicy({
  now,
  sessionOfRequest,
  mayUse,
}: InteractionRules): interactionPolicy.DefaultPolicy {
  const policy = base();
  const login = policy.get('login');
  if (login === undefined) throw new TypeError('The policy has no login prompt.');
  const { details } = login;
  // Who asks for a new sign-in must not be content with the one that was there, who names a person not with another; the library does not ask again.
  login.details = async (ctx) => ({
    ...(await details(ctx)),
    askedAt: now(),
    session: sessionOfRequest(),
    person: ctx.oidc.entities.IdTokenHint?.payload['sub'],
  });
  login.checks.add(
    new Check('account_inactive', 'account is not active', 'login_required', ({ oidc }) =>
      oidc.session?.accountId !== undefined && oidc.account === undefined
        ? Check.REQUEST_PROMPT
        : Check.NO_NEED_TO_PROMPT,
    ),
  );
  const isForPerson = new Check('app_not_allowed', appRefusal, 'access_denied', async (ctx) =>
    (await mayUse(ctx)) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT,
  );
  policy.add(new Prompt({ name: 'app_access' }, isForPerson), 1);
  policy.get('consent')?.checks.remove('native_client_prompt');
  return policy;
}
