// A toy SAML identity provider on loopback: whoever comes with an AuthnRequest is signed in as the person it was told, with a real signature.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import type { Browser, GoOptions, Visit } from './browser.ts';
import { createTestSamlIdentityProvider, type TestSamlIdentityProvider } from './saml-identity-provider.ts';

export interface SamlSignInPage {
  readonly identityProvider: TestSamlIdentityProvider;
  readonly entityId: string;
  readonly ssoUrl: string;
  /** Who is sitting at the keyboard from now on: the NameID. */
  signInAs(nameId: string): void;
  /** When they proved themselves, milliseconds; 0: not yet. Asked again they do so anew. */
  signedInAt: number;
  /** Nobody is asked again, whatever `ForceAuthn` says. */
  asksNobodyAgain: boolean;
  /** The AuthnRequests that came. */
  readonly requests: string[];
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1. `now` in milliseconds; the machine's clock unless given. */
export async function startSamlSignInPage(now: () => number = Date.now): Promise<SamlSignInPage> {
  let person = 'nobody@example.com';
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const message = url.searchParams.get('SAMLRequest');
    if (message === null) {
      response.writeHead(400).end('no SAMLRequest');
      return;
    }
    const xml = inflateRawSync(Buffer.from(message, 'base64')).toString('utf8');
    page.requests.push(xml);
    const isAsked = xml.includes('ForceAuthn="true"') && !page.asksNobodyAgain;
    if (page.signedInAt === 0 || isAsked) page.signedInAt = now();
    const attribute = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(xml)?.[1] ?? '';
    const acsUrl = attribute('AssertionConsumerServiceURL');
    const audience = /<(?:\w+:)?Issuer[^>]*>([^<]*)</.exec(xml)?.[1] ?? '';
    const answer = identityProvider.respond({
      acsUrl,
      audience,
      inResponseTo: attribute('ID'),
      nameId: person,
      authnInstant: page.signedInAt,
    });
    const fields = { SAMLResponse: answer, RelayState: url.searchParams.get('RelayState') ?? '' };
    const inputs = Object.entries(fields).map(
      ([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`,
    );
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<!doctype html><title>Signing in</title><form data-self-posting method="post" action="${escapeHtml(acsUrl)}">${inputs.join('')}
<button>Continue</button></form><script>document.forms[0].submit()</script>`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entityId = `${origin}/metadata`;
  const ssoUrl = `${origin}/sso`;
  const identityProvider = createTestSamlIdentityProvider({ entityId, ssoUrl, now });
  const page: SamlSignInPage = {
    identityProvider,
    entityId,
    ssoUrl,
    signedInAt: 0,
    asksNobodyAgain: false,
    requests: [],
    signInAs(nameId) {
      person = nameId;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return page;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Presses the button of a page made here, as its script would: the browser posts the form and goes where it is led. */
export async function passOn(browser: Browser, page: Visit, options: GoOptions = {}): Promise<Visit> {
  const form = /<form data-self-posting method="post" action="([^"]*)">([\s\S]*?)<button>/.exec(page.body);
  if (form === null) return page;
  const [, action = '', inputs = ''] = form;
  const fields = [...inputs.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const body = new URLSearchParams(fields.map(([, name = '', value = '']) => [name, unescapeHtml(value)]));
  return browser.go(unescapeHtml(action), { ...options, method: 'POST', body });
}

function unescapeHtml(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
