// The gate's addresses (surface.md, "HTTP") and what every one of them does when the store is away: 503, never "nobody" and never "come in".

import express, { type ErrorRequestHandler, type Router } from 'express';
import { StorageError } from '#storage/storage-error.ts';
import { sendProblem, toProblem } from '#http/problem-details.ts';
import { requestContextOf } from '#http/request-context.ts';
import { wantsPage } from './browser-request.ts';
import type { ConnectionParts } from './connections/open-connection.ts';
import { appCheck, appEnd, appExchange } from './app-checks/app-check-endpoints.ts';
import { appSignInEnd, appSignInStart, appSignOut, gateSignIn } from './forward-auth/app-sign-in-endpoints.ts';
import type { CheckParts } from './forward-auth/check-request.ts';
import { envoyPrefix } from './forward-auth/envoy-dialect.ts';
import { forwardAuth } from './forward-auth/forward-auth-endpoints.ts';
import { publishedKeys } from './forward-auth/published-keys-endpoints.ts';
import type { ForwardAuthDoor, ReadOriginalRequest } from './forward-auth/read-original-request.ts';
import type { GateContext } from './gate-context.ts';
import { samlLogout } from './logout/saml-logout-endpoints.ts';
import { signOutThere } from './logout/saml-logout-trip.ts';
import { interactionShow, openidProvider } from './openid-provider/openid-provider-endpoints.ts';
import type { OpenidProviders } from './openid-provider/openid-providers.ts';
import { sendPage, translatorFor } from './pages/page.ts';
import { createUnavailablePage } from './pages/refusal-page.ts';
import type { QuickDoors } from './quick-doors.ts';
import { noChangeByGet, ownSessionEnd, ownSessionsEnd, ownSessionsShow } from './sessions/own-sessions-endpoints.ts';
import type { StoredSession } from './sessions/session.ts';
import { sessionShow, signedInShow, signOut, signOutByLink } from './sessions/session-endpoints.ts';
import { limitSignIns } from './sign-in/sign-in-limit.ts';
import { findAnswer, findShow } from './sign-in/find-connection-endpoints.ts';
import { receiveBackchannelLogout } from './security-signals/backchannel-logout-endpoints.ts';
import { personShow } from './people/person-endpoints.ts';
import { receiveGlobalTokenRevocation } from './security-signals/global-token-revocation-endpoints.ts';
import { receiveSecurityEvents } from './security-signals/security-events-endpoints.ts';
import { limitSignals } from './security-signals/signal-request.ts';
import { samlMetadata } from './sign-in/saml-metadata-endpoints.ts';
import { oidcJwksShow, signInByAddress, signInEnd, signInStart } from './sign-in/sign-in-endpoints.ts';

/** Serves `/sso/…`, `/people/…`, `/gate/…` and `/oidc/…`; mount it at the root of the app. */
export function createGateRouter(
  context: GateContext,
  parts: ConnectionParts,
  checking: CheckParts,
  quick: QuickDoors,
  readOriginalRequest: ReadOriginalRequest,
  providers: OpenidProviders,
): Router {
  const router = express.Router({ caseSensitive: true });
  router.get('/sso/session', sessionShow(context, quick));
  const there = (ended: StoredSession) => signOutThere(context, parts.verifier, ended);
  router.post('/sso/logout', signOut(context, there));
  router.get('/sso/logout', signOutByLink(context, there));
  router.get('/sso/sessions', ownSessionsShow(context));
  router.post('/sso/sessions/end', ownSessionEnd(context));
  router.post('/sso/sessions/end-all', ownSessionsEnd(context));
  router.all('/sso/sessions/end', noChangeByGet());
  router.all('/sso/sessions/end-all', noChangeByGet());
  router.get('/people/:id', personShow(context));
  const begun = limitSignIns(context);
  const answered = limitSignIns(context);
  router.get('/sso/login', findShow(context));
  router.post('/sso/login', begun, findAnswer(context));
  router.get('/sso/:org/login', begun, signInStart(context, parts));
  router.post('/sso/:org/login', begun, signInByAddress(context));
  router.get('/sso/:org/signed-in', signedInShow(context));
  const shown = limitSignIns(context);
  router.get('/sso/:org/:connection/saml/metadata', shown, samlMetadata(context));
  router.post('/sso/:org/:connection/saml/acs', answered, signInEnd(context, parts, 'saml'));
  router.get('/sso/:org/:connection/oidc/jwks', oidcJwksShow(context));
  const signalled = limitSignals(context.config.signalsPerSecond);
  router.post('/sso/:org/:connection/oidc/backchannel-logout', signalled, receiveBackchannelLogout(context));
  router.post('/sso/:org/:connection/global-token-revocation', signalled, receiveGlobalTokenRevocation(context));
  router.post('/sso/:org/:connection/security-events', signalled, receiveSecurityEvents(context));
  router.get('/sso/:org/:connection/saml/slo', answered, samlLogout(context, parts.verifier));
  router.post('/sso/:org/:connection/saml/slo', answered, samlLogout(context, parts.verifier));
  router.get('/sso/:org/:connection/oidc/callback', answered, signInEnd(context, parts, 'oidc'));
  const ask = (door: ForwardAuthDoor) => forwardAuth(context, door, quick, readOriginalRequest);
  router.all('/gate/forward-auth', ask('forward-auth'));
  router.all('/gate/auth-request', ask('auth-request'));
  router.all(`${envoyPrefix}/{*path}`, ask('ext-authz'));
  const { find: findAppOfHost } = checking.appHosts;
  const passed = limitSignIns(context);
  router.get('/gate/sign-in', passed, gateSignIn(context, findAppOfHost));
  router.get('/.furlough/sign-in', appSignInStart(context, findAppOfHost));
  router.get('/.furlough/callback', appSignInEnd(context, findAppOfHost));
  router.get('/.furlough/sign-out', appSignOut(context, findAppOfHost));
  router.post('/.furlough/sign-out', appSignOut(context, findAppOfHost));
  router.post('/gate/check', appCheck(context, checking));
  router.post('/gate/exchange', appExchange(context, checking));
  router.post('/gate/end', appEnd(context, checking));
  router.get('/gate/:org/jwks.json', publishedKeys(context));
  router.use('/oidc/:org', providers.limits.handler);
  router.get('/oidc/:org/interaction/:uid', interactionShow(context, providers));
  router.use('/oidc/:org', openidProvider(context, providers));
  router.use(answerOutage(context));
  return router;
}

function answerOutage(context: GateContext): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const isOutage = error instanceof StorageError && error.code === 'unavailable';
    if (!isOutage || response.headersSent) {
      next(error);
      return;
    }
    context.logger.error({ err: error }, 'the gate cannot reach the store');
    // What was prepared for a sign-in that did not finish must not reach the browser.
    response.removeHeader('Set-Cookie');
    response.removeHeader('Location');
    const problem = toProblem(error);
    if (problem !== null && !wantsPage(request.headers)) {
      sendProblem(response, problem);
      return;
    }
    const translator = translatorFor(request);
    response.setHeader('Retry-After', '2');
    const { requestId: reference } = requestContextOf(request);
    sendPage(response, 503, translator, createUnavailablePage(translator, { reference }));
  };
}
