// One organisation's OpenID Provider: the library with our settings, and the few things it has to be told besides. Requests come from
// openid-provider-endpoints.ts; what a logout token is delivered for is the business of gate/logout.

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider, type Client, type KoaContextWithOIDC } from 'oidc-provider';
import type { UserId } from '#directory/identifiers.ts';
import { requestContextOf } from '#http/request-context.ts';
import type { GateContext } from '../gate-context.ts';
import { resumeSession } from '../sessions/resume-session.ts';
import { endSession } from '../sessions/session.ts';
import { clearSessionCookie, readSessionToken } from '../sessions/session-cookie.ts';
import { findOpenidApp, isSecretOf } from './app-client.ts';
import { finishInteraction, type Interacting } from './interaction.ts';
import {
  askBeforeSigningOut,
  createProviderConfiguration,
  helpOf,
  type ProviderSettings,
} from './provider-configuration.ts';
import { orStoreAway } from './provider-error.ts';
import { renderNotFound } from './provider-pages.ts';

export interface OpenidProvider {
  /** Answers a request whose `url` is what follows the issuer. */
  readonly answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** What a browser is told that comes for an interaction. Throws `StorageError`. */
  readonly interact: (request: IncomingMessage, response: ServerResponse, uid: string) => Promise<Interacting>;
  /** Delivers a logout token now. False: the app wants none. Rejects when it was not taken, or with `StorageError`. */
  readonly sendLogoutToken: (app: string, userId: UserId, sid: string) => Promise<boolean>;
}

export interface OpenidProviderParts {
  /** An app is to hear that its session of a person has ended. */
  readonly queueLogout: (logout: {
    readonly app: string;
    readonly userId: UserId;
    readonly sid: string;
  }) => Promise<void>;
  /** A client proved who it is, from this address. */
  readonly noteProven: (client: string, address: string) => void;
}

/** The library has it and its types do not say so. */
interface LogoutClient {
  backchannelLogout: (this: Client, userId: string, sid: string) => Promise<void>;
}

/** No `form-action`: an answer by form post goes to the app. */
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

export function createOpenidProvider(
  context: GateContext,
  settings: ProviderSettings,
  { queueLogout, noteProven }: OpenidProviderParts,
): OpenidProvider {
  const { organizationId } = settings;
  const provider = new Provider(settings.issuer, createProviderConfiguration(context, settings));
  // The endpoints tell it where it is; nobody else's headers arrive here.
  provider.proxy = true;
  const fault = (error: unknown): void => context.logger.error({ err: error }, 'the OpenID Provider failed');
  (provider as EventEmitter).on('error', fault);
  provider.on('server_error', (_ctx, error) => fault(error));
  provider.on('backchannel.error', (_ctx, error) => context.logger.error({ err: error }, 'a logout was not queued'));

  const clients = provider.Client.prototype as unknown as Client & LogoutClient;
  clients.compareClientSecret = async function compare(this: Client, secret) {
    const app = await orStoreAway(() => findOpenidApp(context, organizationId, this.clientId));
    return app !== null && isSecretOf(app, secret, context.now());
  };
  const deliver = clients.backchannelLogout;
  // The library would deliver once and forget.
  clients.backchannelLogout = function queue(this: Client, userId, sid) {
    return queueLogout({ app: this.clientId, userId: userId as UserId, sid });
  };

  provider.use(async (ctx, next) => {
    ctx.set('Content-Security-Policy', contentSecurityPolicy);
    await next();
    const oidcContext = ctx as unknown as KoaContextWithOIDC & { readonly oidc?: KoaContextWithOIDC['oidc'] };
    if (ctx.status === 503) ctx.set('Retry-After', '2');
    else if (ctx.status === 404 && ctx.body === undefined) await renderNotFound(oidcContext, helpOf(context, settings));
    else if (provesClients.has(oidcContext.oidc?.route ?? '')) judgeClient(context, oidcContext, noteProven);
    else if (oidcContext.oidc?.route === 'end_session') await askAnyway(context, settings, oidcContext);
    else if (oidcContext.oidc?.route === 'end_session_confirm') await signOutAtGate(context, settings, oidcContext);
  });

  const callback = provider.callback();
  return {
    answer: (request, response) => callback(request, response),
    interact: (request, response, uid) =>
      finishInteraction(context, { provider, organizationId, issuer: settings.issuer }, request, response, uid),
    sendLogoutToken: async (app, userId, sid) => {
      const client = await provider.Client.find(app);
      if (client?.backchannelLogoutUri === undefined) return false;
      await deliver.call(client, userId, sid);
      return true;
    },
  };
}

/** Where an app says with each request who it is. */
const provesClients = new Set(['token', 'introspection', 'revocation', 'pushed_authorization_request']);

/** Who proved to be a client counts by itself from now on; who fails too often is slowed down, as at every door with credentials. */
function judgeClient(
  context: GateContext,
  ctx: KoaContextWithOIDC,
  noteProven: OpenidProviderParts['noteProven'],
): void {
  const { client } = ctx.oidc;
  if ((ctx.body as { readonly error?: unknown } | undefined)?.error !== 'invalid_client') {
    // Other errors may come before the secret was looked at.
    const isProven = ctx.status === 200 && client !== undefined && client.clientAuthMethod !== 'none';
    if (isProven) noteProven(client.clientId, requestContextOf(ctx.req).clientAddress);
    return;
  }
  const wait = context.badCredentials.refuse(ctx.req);
  if (wait === null) return;
  ctx.status = 429;
  ctx.set('Retry-After', String(wait));
  ctx.body = { error: 'invalid_client', error_description: 'too many refused credentials from this address' };
}

/** The library signs out at once where it knows of nobody; the gate may know somebody, and then another site does not sign them out unasked. */
async function askAnyway(context: GateContext, settings: ProviderSettings, ctx: KoaContextWithOIDC): Promise<void> {
  if (ctx.status !== 200 || ctx.oidc.session?.accountId !== undefined) return;
  if ((await browserSession(context, settings, ctx)) !== null) askBeforeSigningOut(ctx);
}

/** Signed out in an app is signed out at the gate, and so in all apps. */
async function signOutAtGate(context: GateContext, settings: ProviderSettings, ctx: KoaContextWithOIDC): Promise<void> {
  if (ctx.status !== 303 || ctx.oidc.params?.['logout'] === undefined) return;
  const session = await browserSession(context, settings, ctx);
  if (session !== null) await orStoreAway(() => endSession(context, session, 'signedOut'));
  ctx.append('Set-Cookie', clearSessionCookie(context));
}

async function browserSession(
  context: GateContext,
  { organizationId }: ProviderSettings,
  ctx: KoaContextWithOIDC,
): Promise<string | null> {
  const resumed = await orStoreAway(() => resumeSession(context, readSessionToken(context, ctx.req.headers.cookie)));
  if (resumed.kind === 'nobody' || resumed.session.organizationId !== organizationId) return null;
  return resumed.session.id;
}
