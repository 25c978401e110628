// The page behind the set-up link. Opening it uses nothing up, since mail scanners and browsers open links by themselves; the button does.

import { Router, type Response } from 'express';
import { readText } from '#http/body-limits.ts';
import type { AdminContext } from './admin-operation.ts';
import { isSetUpCode, redeemSetUpCode } from './set-up-link.ts';

/** To be mounted at `/console`. */
export function createSetUpRouter(context: AdminContext): Router {
  const router = Router({ caseSensitive: true });
  router.get('/set-up', async (request, response) => {
    const { code } = request.query;
    if (typeof code !== 'string' || !(await isSetUpCode(context, code))) {
      sendUsedUp(response);
      return;
    }
    const form = `<form method="post" action="set-up"><input type="hidden" name="code" value="${escapeHtml(code)}"><button>Make my admin key</button></form>`;
    sendPage(
      response,
      200,
      'Set up Furlough',
      `<p>This link works once. It makes a key that administers this server.</p>${form}`,
    );
  });
  router.post('/set-up', async (request, response) => {
    const form = new URLSearchParams(await readText(request, 4_096));
    const key = await redeemSetUpCode(context, form.get('code') ?? '');
    if (key === null) {
      sendUsedUp(response);
      return;
    }
    const url = `${context.config.baseUrl}/api`;
    const words = `<p>Your admin key. It is shown this once; keep it where you keep passwords.</p><pre>${escapeHtml(key)}</pre>
<p>What it can do: <a href="${escapeHtml(url)}/docs">${escapeHtml(url)}/docs</a>. First steps: an organisation, a connection, a SCIM credential.</p>`;
    sendPage(response, 200, 'Set up Furlough', words);
  });
  return router;
}

function sendUsedUp(response: Response): void {
  const words =
    '<p>This link was used already, or is older than a day. Make a key on the server with <code>npx furlough admin create</code>.</p>';
  sendPage(response, 410, 'This link has ended', words);
}

function sendPage(response: Response, status: number, title: string, body: string): void {
  response.status(status).set('Cache-Control', 'no-store').type('html');
  response.send(
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><main><h1>${title}</h1>${body}</main></html>`,
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
