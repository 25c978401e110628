// The passport strategy of our own through which a SAML connection is driven. The ready-made strategy of passport-saml is
// never mounted: it takes SAMLRequest from a query and logs people out unsigned (gate.md 2.1, 2.2). All rules live in
// saml-connection.ts; this file only speaks passport. Sessions, cookies and pages are the sign-in layer's.

import passport from 'passport';

import { readSamlForm } from './form-body.ts';
import type { CompletedSaml, SamlAttempt, SamlBegun, SamlConnection } from './saml-connection.ts';
import { SamlRefusal } from './saml-refusal.ts';

/** As much of a request as the strategy reads. `body` holds raw bytes: mount `express.raw`, no form parser. */
export interface SamlHttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: { readonly 'content-type'?: string | undefined };
  readonly body?: unknown;
}

export type SamlStrategyOptions =
  | {
      readonly step: 'begin';
      readonly forceAuthn: boolean;
      /** Called before the browser leaves; stores the attempt bound to it. */
      readonly keepAttempt: (begun: SamlBegun) => Promise<void>;
    }
  | {
      readonly step: 'complete';
      /** Looked up by the attempt cookie, not consumed yet. */
      readonly attempt: SamlAttempt | undefined;
      readonly now: number;
      readonly address: string;
    };

/** What `passport.authenticate(…, callback)` gets as its third argument when a sign-in is refused. */
export interface SamlFailure {
  readonly refusal: SamlRefusal;
}

/**
 * Redirects on `begin`; on `complete` succeeds with a CompletedSaml or fails with a SamlFailure (status 400 for
 * `malformedRequest`, 503 for `verificationUnavailable`, else 403). Anything unexpected goes to `error`.
 * Make one object per request: passport hangs the request's callbacks on it.
 */
export class SamlStrategy extends passport.Strategy {
  override name = 'saml';
  readonly #connection: SamlConnection;

  constructor(connection: SamlConnection) {
    super();
    this.#connection = connection;
  }

  override authenticate(request: SamlHttpRequest, options: SamlStrategyOptions): void {
    this.#run(request, options).catch((error: unknown) => {
      if (!(error instanceof SamlRefusal)) {
        this.error(error);
        return;
      }
      const failure: SamlFailure = { refusal: error };
      this.fail({ ...failure }, statusOf(error));
    });
  }

  async #run(request: SamlHttpRequest, options: SamlStrategyOptions): Promise<void> {
    if (options.step === 'begin') {
      const begun = await this.#connection.begin(options);
      await options.keepAttempt(begun);
      this.redirect(begun.redirectUrl);
      return;
    }
    const { samlResponse } = readSamlForm(toFormRequest(request));
    const identity: CompletedSaml = await this.#connection.complete({ samlResponse, ...options });
    this.success({ ...identity });
  }
}

function toFormRequest(request: SamlHttpRequest): Parameters<typeof readSamlForm>[0] {
  const { body } = request;
  const question = request.url.indexOf('?');
  return {
    method: request.method,
    contentType: request.headers['content-type'],
    query: question === -1 ? '' : request.url.slice(question + 1),
    body: body instanceof Uint8Array ? body : new Uint8Array(),
  };
}

function statusOf(refusal: SamlRefusal): number {
  if (refusal.reason === 'malformedRequest') return 400;
  return refusal.reason === 'verificationUnavailable' ? 503 : 403;
}
