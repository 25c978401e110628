// Whom the present request speaks for, and whether that bond holds now: person, organisation and session are read from storage for every request,
// never remembered beyond it. What a request makes carries the bond it began with, so that it dies with it (gate.md 4, 5; L04, O13).

import { Provider } from 'oidc-provider';
import { decideAccess } from '#directory/access-decision.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { resumeSession, type ResumedSession } from '../sessions/resume-session.ts';
import { readSessionToken } from '../sessions/session-cookie.ts';
import { sessionRecords, type StoredSession } from '../sessions/session.ts';
import type { Bond } from './artifact.ts';

/** What one request has read and decided. */
interface RequestState {
  bond?: Bond;
  browser?: Promise<ResumedSession>;
  readonly holding: Map<string, Promise<boolean>>;
}

const states = new WeakMap<object, RequestState>();

/** The bond of what the request makes; undefined while nobody is known. */
export function bondOfRequest(): Bond | undefined {
  return stateOfRequest().bond;
}

export function bindRequest(bond: Bond): void {
  stateOfRequest().bond = bond;
}

/** Whether a bond still holds: the person may come in, nothing ended their access since, and the session was not ended. Throws `StorageError`. */
export function doesHold(context: GateContext, organizationId: OrganizationId, bond: Bond): Promise<boolean> {
  const { holding } = stateOfRequest();
  const key = JSON.stringify([bond.userId, bond.epoch, bond.session]);
  let answer = holding.get(key);
  if (answer === undefined) {
    answer = ask(context, organizationId, bond);
    holding.set(key, answer);
  }
  return answer;
}

/** Who the browser of this request is at the gate, of whatever organisation. Throws `StorageError`. */
export function browserOfRequest(context: GateContext): Promise<ResumedSession> {
  const state = stateOfRequest();
  state.browser ??= resumeSession(context, readSessionToken(context, Provider.ctx?.req.headers.cookie));
  return state.browser;
}

/** The bond of a session of the gate. */
export function bondOf({ id, value }: StoredSession): Bond {
  return { userId: value.userId, epoch: value.epoch, session: id, until: value.notOnOrAfter };
}

/**
 * When the person proved themselves to their identity provider, in seconds. 0 where it did not say: that is older than any `max_age`, so the app
 * that asks for one, and so is told `auth_time`, gets a sign-in whose time is known.
 */
export function authTimeOf({ value }: StoredSession): number {
  return Math.floor((value.authenticatedAt ?? 0) / 1_000);
}

async function ask(context: GateContext, organizationId: OrganizationId, bond: Bond): Promise<boolean> {
  const now = context.now();
  const [user, organization, session] = await Promise.all([
    context.storage.users.accessState(organizationId, bond.userId),
    context.storage.organizations.get(organizationId),
    context.storage.records(sessionRecords).get(bond.session, now),
  ]);
  if (!decideAccess(organization, user, now).allowed || user?.epoch !== bond.epoch) return false;
  // Whether the browser was used lately is the browser's matter; an app's tokens end with the session's own end.
  return session?.organizationId === organizationId && session.value.endedAt === undefined && now < bond.until;
}

/** Outside a request of the provider nothing is remembered. */
function stateOfRequest(): RequestState {
  const { ctx } = Provider;
  if (ctx === undefined) return { holding: new Map() };
  let state = states.get(ctx);
  if (state === undefined) {
    state = { holding: new Map() };
    states.set(ctx, state);
  }
  return state;
}
