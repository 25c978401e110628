// What a browser sees of the OpenID Provider: an error that cannot go back to the app, the question before signing out, and the end of it. In the
// house's frame and the reader's language; programs get the protocol's JSON.

import type { ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { Translator } from '#messages/translator.ts';
import { pageHeaders, renderPage, translatorFor, type Page } from '../pages/page.ts';
import type { Help } from '../pages/help.ts';
import { createNotFoundPage, createUnavailablePage, helpParts } from '../pages/refusal-page.ts';
import { createSignedOutPage } from '../pages/session-pages.ts';

/** The reference and whom to ask, for the organisation of this provider. */
export type HelpFor = (ctx: KoaContextWithOIDC) => Promise<Help>;

/** An error the library cannot send back to the app. */
export async function renderProviderError(ctx: KoaContextWithOIDC, out: ErrorOut, helpFor: HelpFor): Promise<void> {
  const translator = translatorFor(ctx.req);
  if (ctx.accepts('json', 'html') !== 'html') {
    ctx.body = out;
    return;
  }
  const isOutage = ctx.status === 503;
  const help = await helpFor(ctx);
  write(
    ctx,
    translator,
    isOutage ? createUnavailablePage(translator, help) : createAppErrorPage(translator, out, help),
  );
}

/** There is nothing at this address, or not by this method. */
export async function renderNotFound(ctx: KoaContextWithOIDC, helpFor: HelpFor): Promise<void> {
  const isPage = ctx.accepts('json', 'html') === 'html';
  if (isPage) {
    const translator = translatorFor(ctx.req);
    write(ctx, translator, createNotFoundPage(translator, await helpFor(ctx)));
  } else ctx.body = { error: 'not_found', error_description: 'there is nothing at this address' };
  ctx.status = 404;
}

/** The question before signing out: another site may have sent the browser here. */
export function renderSignOutQuestion(ctx: KoaContextWithOIDC, action: string, secret: string, onward?: string): void {
  const translator = translatorFor(ctx.req);
  const app = ctx.oidc.client?.clientName ?? ctx.oidc.client?.clientId;
  const page: Page = {
    title: translator.say('page.signOut.title'),
    parts: [
      {
        kind: 'text',
        text: app === undefined ? translator.say('page.signOut.ask') : translator.say('page.signOut.askApp', { app }),
      },
      {
        kind: 'button',
        text: translator.say('page.signOut.button'),
        action,
        fields: { xsrf: secret, logout: 'yes' },
      },
    ],
  };
  // A browser lets a form's answer lead only where the page says.
  write(ctx, translator, page, onward === undefined ? [] : [formTargetOf(onward)]);
}

export function renderSignedOut(ctx: KoaContextWithOIDC): void {
  const translator = translatorFor(ctx.req);
  write(ctx, translator, createSignedOutPage(translator));
}

/** A source of a Content Security Policy; an app's own scheme has no origin. */
function formTargetOf(uri: string): string {
  const { origin, protocol } = new URL(uri);
  return origin === 'null' ? protocol : origin;
}

function createAppErrorPage(
  { say }: Translator,
  { error, error_description: description }: ErrorOut,
  help: Help,
): Page {
  return {
    title: say('page.appError.title'),
    parts: [
      { kind: 'text', text: say('page.appError.text') },
      { kind: 'note', text: say('page.appError.detail', { error, description: description ?? '' }) },
      ...helpParts({ say }, help),
    ],
  };
}

function write(ctx: KoaContextWithOIDC, translator: Translator, page: Page, formTargets: readonly string[] = []): void {
  ctx.set(pageHeaders(translator, formTargets));
  ctx.type = 'html';
  ctx.body = renderPage(translator.language, page);
}
