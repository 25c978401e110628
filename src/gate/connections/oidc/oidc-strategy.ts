// The passport strategy of our own through which an OpenID Connect connection is driven. All rules live in oidc-connection.ts; this file
// only speaks passport. The library's ready-made strategy is not used: it keeps state and nonce in a passport session.

import passport from 'passport';
import type { ProviderWishes } from '../connection-strategy.ts';
import type { OidcAttempt, OidcBegun, OidcConnection } from './oidc-connection.ts';
import { OidcRefusal } from './oidc-refusal.ts';

/** As much of a request as the strategy reads. */
export interface OidcHttpRequest {
  readonly originalUrl: string;
}

export type OidcStrategyOptions =
  | {
      readonly step: 'begin';
      readonly wishes: ProviderWishes;
      /** Called before the browser leaves; stores the attempt bound to it. */
      readonly keepAttempt: (begun: OidcBegun) => Promise<void>;
    }
  | {
      readonly step: 'complete';
      readonly attempt: OidcAttempt | undefined;
    };

/** What `passport.authenticate(…, callback)` gets as its third argument when a sign-in is refused. */
export interface OidcFailure {
  readonly refusal: OidcRefusal | 'unsolicited';
}

/** Redirects on `begin`; on `complete` succeeds with a CompletedOidc or fails with an OidcFailure. Make one object per request. */
export class OidcStrategy extends passport.Strategy {
  override name = 'oidc';
  readonly #connection: OidcConnection;

  constructor(connection: OidcConnection) {
    super();
    this.#connection = connection;
  }

  override authenticate(request: OidcHttpRequest, options: OidcStrategyOptions): void {
    this.#run(request, options).catch((error: unknown) => {
      if (error instanceof OidcRefusal) this.#refuse(error);
      else this.error(error);
    });
  }

  async #run(request: OidcHttpRequest, options: OidcStrategyOptions): Promise<void> {
    if (options.step === 'begin') {
      const begun = await this.#connection.begin(options.wishes);
      await options.keepAttempt(begun);
      this.redirect(begun.redirectUrl);
      return;
    }
    // Cheapest first: nothing is fetched for a browser that waits for no answer.
    if (options.attempt === undefined) {
      this.#refuse('unsolicited');
      return;
    }
    const question = request.originalUrl.indexOf('?');
    const query = question === -1 ? '' : request.originalUrl.slice(question + 1);
    this.success({ ...(await this.#connection.complete(query, options.attempt)) });
  }

  #refuse(refusal: OidcFailure['refusal']): void {
    const failure: OidcFailure = { refusal };
    this.fail({ ...failure } as never, 403);
  }
}
