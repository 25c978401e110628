// Whole sign-ins, ten browsers at once, through an identity provider that signs for real in the measuring process: it shares the machine.

import { inflateRawSync } from 'node:zlib';
import { Browser } from '../harness/browser.ts';
import { startHostileProvider } from '../harness/hostile-openid-provider.ts';
import { createTestSamlIdentityProvider } from '../harness/saml-identity-provider.ts';
import type { BenchmarkCase } from './benchmark.ts';
import { toLoadResult, type LoadResult } from './load.ts';
import { adminKey, baseUrl, type ServerProcess } from './server-process.ts';

const browsers = 10;
const forMs = 5_000;
const login = '/sso/default/login?connection=';

/** The first `people` of the organisation are `person-N@example.com`; each sign-in is another one's. */
export async function prepareSignInCases(server: ServerProcess, people: number): Promise<readonly BenchmarkCase[]> {
  return [await prepareOidc(server, people), await prepareSaml(server, people)];
}

async function prepareOidc(server: ServerProcess, people: number): Promise<BenchmarkCase> {
  const provider = await startHostileProvider();
  const { issuer, clientId } = provider;
  await connect(server, 'oidc', { kind: 'oidc', issuer, clientId, clientSecret: 'known to the benchmark only' });
  return {
    name: 'sign-in, OIDC',
    measure: async () => {
      const result = await signInMany(server, async (n, browser) => {
        const userName = `person-${n % people}@example.com`;
        provider.person = { sub: userName, claims: { preferred_username: userName } };
        const visit = await browser.go(`${server.url}${login}oidc`, {
          stopBefore: (target) => target.origin === baseUrl,
        });
        return browser.go(onServer(server, visit.headers.get('location')), { follow: false });
      });
      await provider.close();
      return result;
    },
  };
}

async function prepareSaml(server: ServerProcess, people: number): Promise<BenchmarkCase> {
  const provider = createTestSamlIdentityProvider({ entityId: 'https://idp.example/metadata' });
  await connect(server, 'saml', { kind: 'saml', metadata: provider.metadata() });
  return {
    name: 'sign-in, SAML',
    measure: () =>
      signInMany(server, async (n, browser) => {
        const { headers } = await browser.go(`${server.url}${login}saml`, { follow: false });
        const asked = new URL(headers.get('location') ?? '').searchParams;
        const xml = inflateRawSync(Buffer.from(asked.get('SAMLRequest') ?? '', 'base64')).toString('utf8');
        const attribute = (name: string): string => new RegExp(`\\b${name}="([^"]*)"`).exec(xml)?.[1] ?? '';
        const acsUrl = attribute('AssertionConsumerServiceURL');
        const answer = provider.respond({
          acsUrl,
          audience: /<(?:\w+:)?Issuer[^>]*>([^<]*)</.exec(xml)?.[1] ?? '',
          inResponseTo: attribute('ID'),
          nameId: `person-${n % people}@example.com`,
          sign: 'response',
        });
        const body = new URLSearchParams({ SAMLResponse: answer, RelayState: asked.get('RelayState') ?? '' });
        return browser.go(onServer(server, acsUrl), { method: 'POST', body, follow: false });
      }),
  };
}

/** Throws when somebody was not let in. */
async function signInMany(
  server: ServerProcess,
  signIn: (
    n: number,
    browser: Browser,
  ) => Promise<{ readonly status: number; readonly body: string; readonly url: string }>,
): Promise<LoadResult> {
  const times: number[] = [];
  let begun = 0;
  const start = performance.now();
  const sit = async (): Promise<void> => {
    while (performance.now() - start < forMs) {
      const browser = new Browser();
      const before = performance.now();
      const visit = await signIn(begun++, browser);
      times.push(performance.now() - before);
      if (browser.cookie(visit.url, 'furlough-session') === undefined)
        throw new Error(`a sign-in ended with ${visit.status}: ${await reasonOf(server)}`);
    }
  };
  await Promise.all(Array.from({ length: browsers }, sit));
  return toLoadResult(times, performance.now() - start);
}

/** Why the last sign-in was refused. */
async function reasonOf(server: ServerProcess): Promise<string> {
  const headers = { authorization: `Bearer ${adminKey}` };
  const asked = await fetch(`${server.url}/api/v1/organizations/default/sign-ins?outcome=refused&limit=1`, { headers });
  return JSON.stringify(((await asked.json()) as { readonly items: readonly unknown[] }).items[0]);
}

/** The server answers elsewhere than where it believes to be. */
function onServer(server: ServerProcess, address: string | null): string {
  return (address ?? '').replace(baseUrl, server.url);
}

async function connect(server: ServerProcess, id: string, signIn: object): Promise<void> {
  const response = await fetch(`${server.url}/api/v1/organizations/default/connections`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ id, name: id, signIn, provisioning: { kind: 'scim' } }),
  });
  if (response.status !== 201) throw new Error(`connection ${id}: ${response.status} ${await response.text()}`);
}
