/** A gate world with a SAML identity provider behind the connection `corp`, one person, and ways to fetch and post what its page posts. */
import type { SamlSignIn } from '#directory/connection.ts';
import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import type { Browser, Visit } from '../harness/browser.ts';
import { startSamlSignInPage, type SamlSignInPage } from '../harness/saml-sign-in-page.ts';
import { openGateWorld, type GateWorld, type WorldOptions } from './gate-world.ts';

export interface SamlWorld extends GateWorld {
  readonly page: SamlSignInPage;
  readonly signIn: SamlSignIn;
  readonly user: User;
  /** Our assertion consumer service for `corp`. */
  readonly acs: string;
}

export async function openSamlWorld(storage: Storage, options: WorldOptions = {}): Promise<SamlWorld> {
  const world = await openGateWorld(storage, options);
  const page = await startSamlSignInPage(() => world.clock.now);
  const { entityId, ssoUrl, identityProvider } = page;
  const signIn: SamlSignIn = {
    kind: 'saml',
    entityId,
    ssoUrl,
    certificates: [identityProvider.certificatePem],
    wantSigned: 'any',
  };
  await world.addConnection('corp', { signIn });
  const user = await world.addPerson({ userName: 'aoki@example.com' });
  page.signInAs('aoki@example.com');
  return {
    ...world,
    page,
    signIn,
    user,
    acs: `${world.baseUrl}/sso/acme/corp/saml/acs`,
    close: async () => {
      await page.close();
      await world.close();
    },
  };
}

/** What the provider's page would post for this browser. */
export async function begin(world: GateWorld, browser: Browser, query = '', at = 'acme'): Promise<URLSearchParams> {
  const shown = await browser.go(`${world.baseUrl}/sso/${at}/login${query}`);
  const inputs = [...shown.body.matchAll(/name="([^"]*)" value="([^"]*)"/g)];
  expect(inputs).toHaveLength(2);
  return new URLSearchParams(inputs.map(([, name = '', value = '']) => [name, value]));
}

/** Posts a form as this browser; a redirect is the answer. */
export function post(
  world: SamlWorld,
  browser: Browser,
  form: URLSearchParams | string,
  url = world.acs,
  headers: Readonly<Record<string, string>> = {},
): Promise<Visit> {
  return browser.go(url, { method: 'POST', body: form, headers, follow: false });
}

/** The reason of each recorded sign-in, newest first; `allowed` where there is none. */
export async function reasons(world: GateWorld): Promise<readonly string[]> {
  return (await world.signIns()).map(({ outcome, reason }) => reason ?? outcome);
}
