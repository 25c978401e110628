// An authorization request that needs its person: they sign in at the gate, their state is read again, and the request goes on or is refused to the
// app with our reason. The result counts only in the browser and for the session that it was made by. gate.md 4, point 3; O14.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InteractionResults, Provider } from 'oidc-provider';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { areMet } from '../app-access.ts';
import { noteDoorRefusal } from '../sessions/door-refusal.ts';
import { noteNotAllowed } from '../sessions/refuse-app-use.ts';
import { resumeSession, type ResumedSession } from '../sessions/resume-session.ts';
import { readSessionToken } from '../sessions/session-cookie.ts';
import type { StoredSession } from '../sessions/session.ts';
import { readMaxAge } from '../sign-in/sign-in-query.ts';
import { askApp } from './app-refusal.ts';
import { appRefusal } from './interaction-policy.ts';
import { orStoreAway } from './provider-error.ts';
import { authTimeOf, bondOf } from './request-bond.ts';

export type Interacting =
  /** Back into the authorization request. */
  | { readonly kind: 'goesOn'; readonly to: string }
  /** To the gate's sign-in, and back here. */
  | { readonly kind: 'signIn'; readonly asking: Readonly<Record<string, string>> }
  /** Not begun in this browser, finished, or too old. */
  | { readonly kind: 'unknown' };

export interface InteractionParts {
  readonly provider: Provider;
  readonly organizationId: OrganizationId;
  readonly issuer: string;
}

type SignedIn = Extract<ResumedSession, { readonly kind: 'signedIn' }>;
type Interaction = NonNullable<Awaited<ReturnType<Provider['interactionDetails']>>>;

/** Whoever asks for one of these is not content with the session that is there. */
const asksAgain = new Set(['login_prompt', 'max_age', 'id_token_hint']);

/** Throws `StorageError` as the library's form of it (`StoreAway`). */
export async function finishInteraction(
  context: GateContext,
  { provider, organizationId }: InteractionParts,
  request: IncomingMessage,
  response: ServerResponse,
  uid: string,
): Promise<Interacting> {
  const cookie = provider.createContext(request, response).cookies.get(provider.cookieName('interaction'), {
    signed: true,
  });
  const interaction = cookie === uid ? await provider.Interaction.find(uid) : undefined;
  if (interaction === undefined) return { kind: 'unknown' };
  const finish = async (result: InteractionResults): Promise<Interacting> => {
    const merged = 'error' in result ? result : { ...interaction.lastSubmission, ...result };
    // Which of the provider's sessions the browser comes back with does not matter: the result is bound to the gate's.
    Object.assign(interaction, { result: merged, session: undefined });
    await interaction.persist();
    return { kind: 'goesOn', to: interaction.returnTo };
  };

  const resumed = await resumeSession(context, readSessionToken(context, request.headers.cookie));
  if (resumed.kind === 'nobody' || resumed.session.organizationId !== organizationId) return toSignIn(interaction);
  if (resumed.kind === 'held') {
    const app = String(interaction.params['client_id']);
    const reference = await noteDoorRefusal(context, { ...resumed, door: 'openidProvider', app });
    const words = `${resumed.reason}: this person may not come in now`;
    return finish(await refusedBecause(context, organizationId, words, reference));
  }
  if (interaction.prompt.name === 'app_access') {
    const reference = await noteRefusal(context, resumed, String(interaction.params['client_id']));
    return finish(await refusedBecause(context, organizationId, appRefusal, reference));
  }
  if (interaction.prompt.name === 'consent') return finish({ consent: {} });
  const { reasons, details } = interaction.prompt;
  const isAsSent = details['session'] === resumed.session.id;
  if (isAsSent && reasons.some((reason) => asksAgain.has(reason))) return toSignIn(interaction);
  // The sign-in that was asked for has its age checked where it ends; this one came by another way. More than once could run in circles.
  if (!isFresh(resumed.session, interaction)) {
    if (details['sentAway'] === true)
      return finish({ error: 'login_required', error_description: 'the sign-in is older than was asked for' });
    Object.assign(details, { sentAway: true });
    await interaction.persist();
    return toSignIn(interaction);
  }
  // They signed in for this request, and it is somebody else.
  if (details['person'] !== undefined && details['person'] !== resumed.user.id)
    return finish({ error: 'login_required', error_description: 'another person is signed in' });
  if (interaction.lastSubmission?.login !== undefined)
    return finish({ error: 'login_required', error_description: 'the sign-in ended meanwhile' });
  return finish(signedIn(resumed.session));
}

function signedIn(session: StoredSession): InteractionResults {
  const bond = bondOf(session);
  return { login: { accountId: bond.userId, ts: authTimeOf(session) }, bond };
}

/** As far as identity providers' clocks may be from ours. */
const clockToleranceMs = 60_000;

/** Whether the person proved themselves as recently as the app asks. */
function isFresh({ value }: StoredSession, { params, prompt: { details } }: Interaction): boolean {
  const maxAge = readMaxAge(asksOf(params));
  if (maxAge === undefined) return true;
  const since = Number(details['askedAt']) - maxAge * 1_000;
  return value.authenticatedAt !== undefined && value.authenticatedAt + clockToleranceMs >= since;
}

/** What the app asks of the sign-in, as the gate's own sign-in takes it. */
function asksOf(params: Interaction['params']): URLSearchParams {
  const given = ['login_hint', 'prompt', 'max_age'].map((name) => [name, params[name]] as const);
  return new URLSearchParams(
    Object.fromEntries(given.filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)])),
  );
}

/** All that an app can show of it is one line of ASCII (RFC 6749 4.1.2.1): the reference, and the address to write to. */
async function refusedBecause(
  context: GateContext,
  organizationId: OrganizationId,
  words: string,
  reference: string | null,
): Promise<InteractionResults> {
  const { email = '' } = (await orStoreAway(() => context.storage.organizations.get(organizationId)))?.contact ?? {};
  const description = [
    words,
    ...(reference === null ? [] : [`reference ${reference}`]),
    ...(/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(email) ? [`ask ${email}`] : []),
  ];
  return { error: 'access_denied', error_description: description.join(', ') };
}

/** The reference of what the authorization endpoint found just now; null where the app is for them meanwhile. */
async function noteRefusal(context: GateContext, { session, user }: SignedIn, app: string): Promise<string | null> {
  const demands = await askApp(context, session.organizationId, app, user.id);
  return demands === null || areMet(demands)
    ? null
    : noteNotAllowed(context, { session, app, demands }, 'openidProvider');
}

function toSignIn({ params }: Interaction): Interacting {
  return { kind: 'signIn', asking: Object.fromEntries(asksOf(params)) };
}
