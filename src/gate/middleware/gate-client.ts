// Asks Furlough about a browser, over HTTP with the app's own credential (`POST /gate/check` and its neighbours). Runs inside the app, not in the
// server: whatever is not a clear yes is a no, and a Furlough that cannot be reached lets nobody in.

/** The signed-in person as Furlough knows them at this moment. */
export interface FurloughPerson {
  readonly user: {
    readonly id: string;
    readonly userName: string;
    readonly displayName: string;
    readonly email: string | null;
    /** Names of all groups, nested ones included. At most half a minute old. */
    readonly groups: readonly string[];
  };
  readonly organization: string;
  readonly connection: string;
  /** ISO 8601, UTC. */
  readonly signedInAt: string;
  readonly expiresAt: string;
}

export interface FurloughOptions {
  /** Furlough's base URL, for example `https://people.example.com`. */
  readonly url: string;
  /** A credential of kind `app`. */
  readonly credential: string;
  /** This app's own public origin, for example `https://wiki.example.com`. It is never taken from the request. */
  readonly baseUrl: string;
  /** How long Furlough may take to answer, in milliseconds; then nobody comes in. 5,000 unless said. */
  readonly timeoutMs?: number;
  /** Told why Furlough could not be asked. */
  readonly onTrouble?: (error: unknown) => void;
  /** In place of the global one. */
  readonly fetch?: typeof fetch;
}

/** What a refused person can do next, as far as Furlough says. */
export interface FurloughHelp {
  /** To be read out to an administrator, who finds out with it why. */
  readonly reference?: string;
  /** Whom the organisation says its people may ask. */
  readonly contact?: { readonly text?: string; readonly email?: string };
}

export type CheckedBrowser =
  | { readonly kind: 'signedIn'; readonly person: FurloughPerson }
  /** Someone whom Furlough keeps out: inactive, or not allowed to this app. `reason`: its stable code. */
  | ({ readonly kind: 'held'; readonly reason: string } & FurloughHelp)
  | { readonly kind: 'nobody' }
  /** Furlough did not answer, or not in words that are known here. */
  | { readonly kind: 'unavailable' };

export type ExchangedCode =
  | { readonly kind: 'signedIn'; readonly cookie: string; readonly state: string; readonly returnTo: string }
  | Exclude<CheckedBrowser, { kind: 'signedIn' }>;

export interface GateClient {
  /** Asked for each request; nothing is remembered. Never rejects. `uri`: path and query that the browser asked for. */
  readonly check: (cookie: string, uri: string) => Promise<CheckedBrowser>;
  /** Turns a one-time code into this app's cookie. Never rejects. */
  readonly exchange: (code: string, states: readonly string[]) => Promise<ExchangedCode>;
  /** Ends the session, here and at every other app. Answers whether Furlough did. */
  readonly end: (cookie: string) => Promise<boolean>;
}

type Refusal = Exclude<CheckedBrowser, { kind: 'signedIn' }>;

/** Throws `TypeError` for options that cannot work. */
export function createGateClient(options: FurloughOptions): GateClient {
  const { credential, timeoutMs = 5_000, onTrouble } = options;
  if (credential === '') throw new TypeError('furlough: `credential` is empty.');
  const url = toBase(options.url, 'url');
  const { host } = new URL(toBase(options.baseUrl, 'baseUrl'));
  const send = options.fetch ?? fetch;

  async function ask<Answer>(
    path: string,
    question: object,
    read: (body: unknown) => Answer | null,
  ): Promise<Answer | Refusal> {
    try {
      const response = await send(`${url}/gate/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
        body: JSON.stringify({ host, ...question }),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await response.text();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      if (response.status === 200 || response.status === 204) {
        const answer = read(body);
        if (answer !== null) return answer;
      }
      const reason = reasonIn(body);
      if (response.status === 403 && reason !== undefined) return { kind: 'held', reason, ...helpIn(body) };
      // A refused credential is a 401, too: then it is not the browser that is unknown.
      if (response.status === 401 && reason === 'notSignedIn') return { kind: 'nobody' };
      throw new Error(`furlough: POST /gate/${path} answered ${response.status}`);
    } catch (error) {
      onTrouble?.(error);
      return { kind: 'unavailable' };
    }
  }

  return {
    check: (cookie, uri) => ask('check', { cookie, uri }, readPerson),
    exchange: (code, states) => ask('exchange', { code, states }, readExchange),
    async end(cookie) {
      return (await ask('end', { cookie }, () => ({ kind: 'ended' as const }))).kind === 'ended';
    },
  };
}

function toBase(text: string, name: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  if (url === null || url.search !== '' || (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal)))
    throw new TypeError(`furlough: \`${name}\` must be https, or http on this machine.`);
  return url.href.replace(/\/$/, '');
}

function readPerson(body: unknown): CheckedBrowser | null {
  const person = body as FurloughPerson | undefined;
  const isPerson = typeof person?.user?.id === 'string' && typeof person.organization === 'string';
  return isPerson ? { kind: 'signedIn', person } : null;
}

function readExchange(body: unknown): ExchangedCode | null {
  const { cookie, state, returnTo } = (body ?? {}) as Record<string, unknown>;
  if (typeof cookie !== 'string' || typeof state !== 'string' || typeof returnTo !== 'string') return null;
  return { kind: 'signedIn', cookie, state, returnTo };
}

function reasonIn(body: unknown): string | undefined {
  const reason = typeof body === 'object' && body !== null && 'reason' in body ? body.reason : undefined;
  return typeof reason === 'string' ? reason : undefined;
}

/** What is not as it should be is left out. */
function helpIn(body: unknown): FurloughHelp {
  const { reference, contact } = (body ?? {}) as Record<string, unknown>;
  const { text, email } = (contact ?? {}) as Record<string, unknown>;
  const told = {
    ...(typeof text === 'string' ? { text } : {}),
    ...(typeof email === 'string' ? { email } : {}),
  };
  return {
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(Object.keys(told).length === 0 ? {} : { contact: told }),
  };
}
