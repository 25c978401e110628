// Who a request of the OpenID Provider speaks for, and what follows from it: the account, the grant, how long things last, and whether somebody else
// may ask about a token. Apps are the organisation's own: grants are made here, nobody is asked. gate.md 4, points 1 to 4.

import type { Account, Grant, KoaContextWithOIDC } from 'oidc-provider';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { areMet } from '../app-access.ts';
import type { GateContext } from '../gate-context.ts';
import { askApp, noteAppRefusal } from './app-refusal.ts';
import type { Bond } from './artifact.ts';
import { readPersonClaims } from './person-claims.ts';
import { orStoreAway } from './provider-error.ts';
import { authTimeOf, bindRequest, bondOf, bondOfRequest, browserOfRequest, doesHold } from './request-bond.ts';

/** All of them throw `StoreAway` when the store is away. */
export interface ProviderPerson {
  /** Undefined unless the person may come in now, as of the epoch and by the session that the request goes back to. */
  readonly findAccount: (ctx: KoaContextWithOIDC, userId: string, token?: object) => Promise<Account | undefined>;
  /** Whoever is signed in at the gate in this browser is signed in at the provider, without another page. */
  readonly adoptBrowser: (ctx: KoaContextWithOIDC) => Promise<void>;
  /** The app's grant in this session, with all that it asks for now. */
  readonly loadGrant: (ctx: KoaContextWithOIDC) => Promise<Grant | undefined>;
  readonly mayUse: (clientId: string | undefined, userId: string | undefined) => Promise<boolean>;
  /** Whether a token may be called active: asked by a client that proves who it is, or about its own. */
  readonly mayIntrospect: (client: AskingClient, token: AskedToken) => Promise<boolean>;
  /** Seconds that what the request makes may last: never longer than the gate's session, and not for long while nobody is signed in. */
  readonly remainingSeconds: () => number;
}

interface AskingClient {
  readonly clientId: string;
  readonly clientAuthMethod?: string | undefined;
}

interface AskedToken {
  readonly clientId?: string | undefined;
  readonly accountId?: unknown;
}

/** A browser that is on its way to the sign-in, or was asked whether to sign out. */
const unboundSeconds = 1_800;

export function createProviderPerson(context: GateContext, organizationId: OrganizationId): ProviderPerson {
  const holdsFor = async (userId: string): Promise<boolean> => {
    const bond = bondOfRequest();
    return bond?.userId === userId && doesHold(context, organizationId, bond);
  };

  const mayUse: ProviderPerson['mayUse'] = (clientId, userId) =>
    orStoreAway(async () => {
      if (userId === undefined) return false;
      const demands = await askApp(context, organizationId, clientId, userId as UserId);
      if (demands === null || clientId === undefined) return false;
      if (areMet(demands)) return true;
      const bond = bondOfRequest();
      if (bond?.userId === userId) await noteAppRefusal(context, organizationId, bond.session, clientId, demands);
      return false;
    });

  /** After a sign-in the interaction says whom the request speaks for; it counts only in the browser that signed in. */
  const takeUpSignIn = async ({ oidc }: KoaContextWithOIDC): Promise<void> => {
    const bond = oidc.result?.['bond'] as Bond | undefined;
    if (oidc.route !== 'resume' || oidc.result?.login === undefined || bond === undefined) return;
    const browser = await browserOfRequest(context);
    if (browser.kind === 'signedIn' && browser.session.id === bond.session) bindRequest(bond);
  };

  const toAccount = (userId: string): Account => ({
    accountId: userId,
    claims: (_use, scope) =>
      orStoreAway(async () => {
        const scopes = new Set(scope.split(' '));
        const claims = await readPersonClaims(context, organizationId, userId as UserId, scopes);
        return claims ?? { sub: userId };
      }),
  });

  return {
    mayUse,
    findAccount: (ctx, userId, token) =>
      orStoreAway(async () => {
        await takeUpSignIn(ctx);
        if (!(await holdsFor(userId))) return undefined;
        // At the authorization endpoint an app that is not for them is a refusal of its own (interaction-policy.ts).
        if (token !== undefined && !(await mayUse(ctx.oidc.client?.clientId, userId))) return undefined;
        return toAccount(userId);
      }),
    adoptBrowser: ({ oidc: { session, route } }) =>
      orStoreAway(async () => {
        if (route !== 'authorization' || session === undefined || session.accountId !== undefined) return;
        const browser = await browserOfRequest(context);
        if (browser.kind !== 'signedIn' || browser.session.organizationId !== organizationId) return;
        bindRequest(bondOf(browser.session));
        session.resetIdentifier();
        session.loginAccount({ accountId: browser.user.id, loginTs: authTimeOf(browser.session) });
      }),
    loadGrant: ({ oidc }) =>
      orStoreAway(async () => {
        const { client, session, provider, requestParamOIDCScopes } = oidc;
        if (client === undefined || session?.accountId === undefined) return undefined;
        if (!(await mayUse(client.clientId, session.accountId))) return undefined;
        const known = session.grantIdFor(client.clientId);
        const found = known === undefined ? undefined : await provider.Grant.find(known);
        const grant = found ?? new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
        const has = new Set(grant.getOIDCScope().split(' '));
        if ([...requestParamOIDCScopes].every((scope) => has.has(scope)) && found !== undefined) return grant;
        grant.addOIDCScope([...requestParamOIDCScopes]);
        await grant.save();
        return grant;
      }),
    mayIntrospect: (client, { clientId, accountId }) =>
      orStoreAway(async () => {
        if (client.clientAuthMethod === 'none' && clientId !== client.clientId) return false;
        return typeof accountId === 'string' && (await holdsFor(accountId)) && mayUse(clientId, accountId);
      }),
    remainingSeconds: () => {
      const bond = bondOfRequest();
      return bond === undefined ? unboundSeconds : Math.max(1, Math.floor((bond.until - context.now()) / 1_000));
    },
  };
}
