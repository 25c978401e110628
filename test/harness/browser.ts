/**
 * A browser for tests: keeps cookies per host (ports are one site), follows redirects one by one, and can be stopped before any of them.
 * It runs no script; forms that post themselves are posted by whoever made them (saml-sign-in-page.ts).
 */
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

export interface GoOptions {
  readonly method?: string;
  readonly body?: string | URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops and answers the redirect whose target this accepts, instead of following it. */
  readonly stopBefore?: (target: URL) => boolean;
  readonly follow?: boolean;
}

export class Browser {
  readonly #jars = new Map<string, Map<string, string>>();

  /** The value of a cookie for the host of `url`. */
  cookie(url: string, name: string): string | undefined {
    return this.#jars.get(new URL(url).hostname)?.get(name);
  }

  setCookie(url: string, name: string, value: string): void {
    this.#jarOf(url).set(name, value);
  }

  /** All cookies for the host of `url`, as the header. */
  cookieHeader(url: string): string {
    return [...this.#jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async go(url: string, options: GoOptions = {}): Promise<Visit> {
    let { method = 'GET' } = options;
    let body: string | URLSearchParams | undefined = options.body;
    let at = url;
    for (let hops = 0; hops < 20; hops += 1) {
      const response = await fetch(at, {
        method,
        redirect: 'manual',
        headers: { accept: 'text/html', cookie: this.cookieHeader(at), ...options.headers },
        ...(body === undefined ? {} : { body }),
      });
      for (const line of response.headers.getSetCookie()) this.#keep(at, line);
      const visit = { url: at, status: response.status, headers: response.headers, body: await response.text() };
      const location = response.headers.get('location');
      if (location === null || response.status < 300 || response.status > 399 || options.follow === false) return visit;
      const next = new URL(location, at);
      if (options.stopBefore?.(next) === true) return visit;
      at = next.href;
      if (response.status !== 307 && response.status !== 308) {
        method = 'GET';
        body = undefined;
      }
    }
    throw new Error(`more than 20 redirects from ${url}`);
  }

  #jarOf(url: string): Map<string, string> {
    const { hostname } = new URL(url);
    const jar = this.#jars.get(hostname) ?? new Map<string, string>();
    this.#jars.set(hostname, jar);
    return jar;
  }

  #keep(url: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const isGone = attributes.some((attribute) => {
      const [key = '', text = ''] = attribute.toLowerCase().split('=');
      return (key === 'max-age' && Number(text) <= 0) || (key === 'expires' && Date.parse(text) < Date.now());
    });
    if (isGone) this.#jarOf(url).delete(name);
    else this.#jarOf(url).set(name, value);
  }
}
