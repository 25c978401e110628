/** A browser at an app on a host of its own: what its proxy sends to us, without a proxy. */
import { Browser, type Visit } from '../harness/browser.ts';
import type { GateWorld } from './gate-world.ts';

type World = Pick<GateWorld, 'baseUrl'>;

/** The `Set-Cookie` value of this name, or undefined. */
export function setCookieOf(visit: Pick<Visit, 'headers'>, name: string): string | undefined {
  const line = visit.headers.getSetCookie().find((each) => each.startsWith(`${name}=`));
  return line?.slice(name.length + 1).split(';', 1)[0];
}

/** `path` below `/.furlough/` at the app's host, as the proxy passes it on. */
export function atApp(
  world: World,
  host: string,
  path: string,
  options: {
    readonly cookie?: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Visit> {
  const { cookie, method = 'GET', headers = {} } = options;
  return new Browser().go(`${world.baseUrl}/.furlough/${path}`, {
    method,
    follow: false,
    headers: {
      'x-forwarded-host': host,
      'x-forwarded-proto': 'https',
      ...(cookie === undefined ? {} : { cookie }),
      ...headers,
    },
  });
}

export interface BegunVisit {
  /** The cookie that marks the browser at the app's host. */
  readonly state: string;
  /** Where the browser is sent at the gate. */
  readonly gate: string;
}

/** The browser was marked and sent to the gate. */
export async function beginAppVisit(world: World, host: string, returnTo = '/page'): Promise<BegunVisit> {
  const begun = await atApp(world, host, `sign-in?return_to=${encodeURIComponent(returnTo)}`);
  return {
    state: `__Host-furlough-app-state=${setCookieOf(begun, '__Host-furlough-app-state') ?? ''}`,
    gate: begun.headers.get('location') ?? '',
  };
}

/** A browser signed in at the gate gets its way back to the app: the address of the callback. */
export async function passGate(browser: Browser, begun: BegunVisit): Promise<URL> {
  const passed = await browser.go(begun.gate, { stopBefore: (target) => target.pathname === '/.furlough/callback' });
  return new URL(passed.headers.get('location') ?? 'about:blank');
}

/** The whole way; answers the app's cookie. */
export async function enterApp(world: World, browser: Browser, host: string): Promise<string> {
  const begun = await beginAppVisit(world, host);
  const back = await passGate(browser, begun);
  const landed = await atApp(world, host, `callback${back.search}`, { cookie: begun.state });
  const cookie = setCookieOf(landed, '__Host-furlough-app');
  if (landed.status !== 303 || cookie === undefined) throw new Error(`the app was not reached: ${landed.status}`);
  return cookie;
}
