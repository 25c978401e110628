// The doors that a lock-out closes, as the tests of it ask them (L01, L02, L04). A door is one entry of the list: what it needs, what a person
// shows there, how a node is asked.

import { createHash, randomBytes } from 'node:crypto';
import { createAppCookie } from '#gate/forward-auth/app-cookie.ts';
import { idOfToken } from '#gate/opaque-token.ts';
import type { AppId } from '#directory/app.ts';
import type { House } from '#server.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { Browser } from './browser.ts';
import type { Answer } from './running-server.ts';

export interface DoorNode {
  readonly url: string;
  /** The admin API: `path` below the organisation. */
  admin(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface Scene {
  readonly house: House;
  readonly organization: OrganizationId;
  /** The first is at the public address. */
  readonly nodes: readonly DoorNode[];
}

interface WatchedDoor {
  readonly name: string;
  open(scene: Scene): Promise<OpenDoor>;
}

export interface OpenDoor {
  /** What a person shows here, got while they are active. `session`: the gate's cookie. */
  prepare(session: string): Promise<string>;
  /** One request; whether it was admitted. Throws for an answer that is neither yes nor no (401, 403). */
  isAdmitted(node: DoorNode, shown: string): Promise<boolean>;
}

/** All doors, opened, by name. */
export async function openDoors(scene: Scene): Promise<ReadonlyMap<string, OpenDoor>> {
  const doors = new Map<string, OpenDoor>();
  for (const { name, open } of watchedDoors) doors.set(name, await open(scene));
  return doors;
}

const watchedDoors: readonly WatchedDoor[] = [
  {
    name: '/sso/session',
    open: async () => ({
      prepare: async (session) => session,
      isAdmitted: async (node, session) =>
        byStatus(await fetch(`${node.url}/sso/session`, { headers: withCookie(session) })),
    }),
  },
  {
    name: '/gate/forward-auth',
    open: async ({ nodes }) => {
      const { host } = new URL(publicUrl(nodes));
      const forwarded = {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': host,
        'x-forwarded-uri': '/x',
      };
      return {
        prepare: async (session) => session,
        isAdmitted: async (node, session) =>
          byStatus(await fetch(`${node.url}/gate/forward-auth`, { headers: { ...withCookie(session), ...forwarded } })),
      };
    },
  },
  {
    name: '/gate/check (what the middleware asks)',
    async open({ house, organization, nodes }) {
      const host = 'watched.example.com';
      const app = { id: 'watched' as AppId, organizationId: organization };
      await must(nodes, '/apps', { id: app.id, name: 'Watched', forwardAuth: { hosts: [host] } });
      const { secret } = await must(nodes, '/credentials', { kind: 'app', name: 'watched', app: app.id });
      return {
        prepare: async (session) => createAppCookie(house.admin.gate, { app, host }, idOfToken(session)),
        isAdmitted: async (node, cookie) =>
          byStatus(
            await fetch(`${node.url}/gate/check`, {
              method: 'POST',
              headers: { authorization: `Bearer ${String(secret)}`, 'content-type': 'application/json' },
              body: JSON.stringify({ cookie, host, uri: '/' }),
            }),
          ),
      };
    },
  },
  {
    name: 'introspection of an access token',
    async open({ organization, nodes }) {
      const redirectUri = 'https://client.example.com/cb';
      const made = await must(nodes, '/apps', {
        id: 'client',
        name: 'Client',
        openid: { redirectUris: [redirectUri] },
      });
      const authorization = `Basic ${Buffer.from(`client:${String(made['clientSecret'])}`).toString('base64')}`;
      const ask = async (url: string, form: Record<string, string>) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization },
          body: new URLSearchParams(form),
        });
        const text = await response.text();
        if (response.status !== 200) throw new Error(`${url}: ${response.status} ${text}`);
        return JSON.parse(text) as Readonly<Record<string, unknown>>;
      };
      return {
        async prepare(session) {
          const issuer = `${publicUrl(nodes)}/oidc/${organization}`;
          const { code, verifier } = await authorize(issuer, redirectUri, session);
          const form = {
            grant_type: 'authorization_code',
            code,
            redirect_uri: redirectUri,
            code_verifier: verifier,
          };
          return String((await ask(`${issuer}/token`, form))['access_token']);
        },
        isAdmitted: async (node, token) =>
          (await ask(`${node.url}/oidc/${organization}/token/introspection`, { token }))['active'] === true,
      };
    },
  },
];

function publicUrl([first]: readonly DoorNode[]): string {
  if (first === undefined) throw new Error('no node');
  return first.url;
}

/** A signed-in browser goes to the provider and comes back with a code. */
async function authorize(
  issuer: string,
  redirectUri: string,
  session: string,
): Promise<{ readonly code: string; readonly verifier: string }> {
  const browser = new Browser();
  browser.setCookie(issuer, 'furlough-session', session);
  const verifier = randomBytes(32).toString('base64url');
  const query = new URLSearchParams({
    client_id: 'client',
    response_type: 'code',
    scope: 'openid',
    redirect_uri: redirectUri,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'watched',
    nonce: 'watched',
  });
  const visit = await browser.go(`${issuer}/auth?${query.toString()}`, {
    stopBefore: (target) => target.href.startsWith(redirectUri),
  });
  const back = new URL(visit.headers.get('location') ?? 'about:blank');
  const code = back.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${visit.status} ${back.href} ${visit.body}`);
  return { code, verifier };
}

async function must(
  [node]: readonly DoorNode[],
  path: string,
  body: object,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await node?.admin('POST', path, body);
  if (answer?.status !== 201) throw new Error(`${path}: ${answer?.status} ${JSON.stringify(answer?.body)}`);
  return answer.body;
}

async function byStatus(response: Response): Promise<boolean> {
  await response.arrayBuffer();
  if (response.status === 200) return true;
  if (response.status === 401 || response.status === 403) return false;
  throw new Error(`${response.url} answered ${response.status}`);
}

function withCookie(session: string): Readonly<Record<string, string>> {
  return { cookie: `furlough-session=${session}`, accept: 'application/json' };
}
