// `furlough/express`: lets nobody into an express app whom Furlough does not let in at that moment. It asks for every request, remembers nothing,
// and answers 503 when it cannot ask. It needs nothing of the server but its address and an app credential.

import type { Request, RequestHandler, Response } from 'express';
import { wantsPage } from '../browser-request.ts';
import { createAppVisits, type AskedByBrowser } from './app-visit.ts';
import { escapeHtml } from '../pages/escape-html.ts';
import type { FurloughHelp, FurloughOptions, FurloughPerson } from './gate-client.ts';

export type { FurloughHelp, FurloughOptions, FurloughPerson } from './gate-client.ts';

declare global {
  // express is extended by its users this way; an interface in its namespace is merged.
  namespace Express {
    interface Request {
      /** The signed-in person; there behind the middleware. */
      furlough?: FurloughPerson;
    }
  }
}

export interface FurloughMiddlewareOptions extends FurloughOptions {
  /** Answers a refusal in the app's own way. Whatever it does, the request goes no further. Left out: a plain page or problem details. */
  readonly refuse?: (refusal: FurloughRefusal, request: Request, response: Response) => void;
}

/** With a reference and whom to ask where Furlough refused a person. */
export interface FurloughRefusal extends FurloughHelp {
  /** 401 nobody, 403 kept out, 503 Furlough cannot be asked. */
  readonly status: number;
  /** Stable: `notSignedIn`, `unavailable`, `notAllowed`, `accountInactive`, `onLeave`, … */
  readonly reason: string;
}

/**
 * Middleware for the whole app; mount it at the root, before everything that is not public:
 * `app.use(furlough({ url, credential, baseUrl }))`. Behind it `request.furlough` is the person. Browsers without one are sent to sign in; others
 * get 401. Throws `TypeError` for options that cannot work.
 */
export function furlough(options: FurloughMiddlewareOptions): RequestHandler {
  const visits = createAppVisits(options);
  const refuse = options.refuse ?? refusePlainly;
  return async (request, response, next) => {
    const asked = toAsked(request);
    response.setHeader('Cache-Control', 'private, no-store');
    if (await answerVisit(visits, asked, request, response, refuse)) return;
    const checked = await visits.check(asked);
    switch (checked.kind) {
      case 'signedIn':
        request.furlough = checked.person;
        // The app's own pages are as cacheable as the app says.
        response.removeHeader('Cache-Control');
        next();
        return;
      case 'held': {
        const { kind: _kind, ...held } = checked;
        return refuse({ status: 403, ...held }, request, response);
      }
      case 'unavailable':
        response.setHeader('Retry-After', '2');
        return refuse({ status: 503, reason: 'unavailable' }, request, response);
      case 'nobody': {
        const address = visits.signInAddress(asked);
        if (address !== null) return response.redirect(isSafe(asked.method) ? 302 : 303, address);
        response.setHeader('WWW-Authenticate', 'FurloughSession');
        return refuse({ status: 401, reason: 'notSignedIn' }, request, response);
      }
      default:
        return checked satisfies never;
    }
  };
}

/** Only the paths below `/.furlough/`, for apps that ask in another way (passport). Everything else goes on unasked. */
export function furloughSignIn(options: FurloughMiddlewareOptions): RequestHandler {
  const visits = createAppVisits(options);
  return async (request, response, next) => {
    const refuse = options.refuse ?? refusePlainly;
    if (!(await answerVisit(visits, toAsked(request), request, response, refuse))) next();
  };
}

async function answerVisit(
  visits: ReturnType<typeof createAppVisits>,
  asked: AskedByBrowser,
  request: Request,
  response: Response,
  refuse: NonNullable<FurloughMiddlewareOptions['refuse']>,
): Promise<boolean> {
  const answer = await visits.answer(asked);
  if (answer === null) return false;
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  for (const cookie of answer.cookies) response.append('Set-Cookie', cookie);
  if (answer.reason === undefined) response.status(answer.status).end();
  else refuse({ status: answer.status, reason: answer.reason, ...answer.help }, request, response);
  return true;
}

/** Mounted under a path, express shortens `url`; what the browser asked for is the original. */
export function toAsked({ method, originalUrl, headers }: Request): AskedByBrowser {
  return { method, uri: originalUrl, headers };
}

function isSafe(method: string): boolean {
  return ['GET', 'HEAD', 'OPTIONS'].includes(method);
}

const titles: Readonly<Record<number, string>> = {
  401: 'You are not signed in',
  403: 'You cannot come in',
  503: 'Try again in a moment',
};

function refusePlainly(refusal: FurloughRefusal, request: Request, response: Response): void {
  const { status, reason, ...help } = refusal;
  const title = titles[status] ?? 'Not found';
  response.status(status);
  if (!wantsPage(request.headers)) {
    response.type('application/problem+json').send(JSON.stringify({ title, status, reason, ...help }));
    return;
  }
  // A code is letters only; nothing of the request is shown.
  const code = reason.replaceAll(/[^A-Za-z]/g, '');
  response
    .type('html')
    .send(
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1><p>Ask your administrator and name the reason: <code>${code}</code></p>${helpInHtml(help)}</html>`,
    );
}

function helpInHtml({ reference, contact: { text, email } = {} }: FurloughHelp): string {
  const subject = reference === undefined ? '' : `?subject=${encodeURIComponent(reference)}`;
  return [
    ...(reference === undefined ? [] : [`<p>Reference: <code>${escapeHtml(reference)}</code></p>`]),
    ...(text === undefined ? [] : [`<p>Whom to ask: ${escapeHtml(text)}</p>`]),
    ...(email === undefined
      ? []
      : [`<p><a href="mailto:${escapeHtml(encodeURI(email))}${subject}">${escapeHtml(email)}</a></p>`]),
  ].join('');
}
