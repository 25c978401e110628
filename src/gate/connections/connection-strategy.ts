// What both protocols are to the sign-in: something that sends a browser away and later says who came back. passport drives either one,
// one instance per request and without sessions of its own; everything after the verified identity is the same for both (architecture.md).

import type { Request } from 'express';
import passport from 'passport';
import type { Instant } from '#directory/identifiers.ts';

/** What must be remembered about a browser that was sent away, to judge what it brings back. */
export type ExpectedAnswer = {
  /** Where the request asked for it: since when the person must have proved themselves to the provider, by its own word. */
  readonly authenticatedSince?: Instant;
} & (
  | {
      readonly protocol: 'saml';
      readonly requestId: string /** Sent as RelayState. */;
      readonly handle: string;
    }
  | {
      readonly protocol: 'oidc' /** Sent as `state`. */;
      readonly handle: string;
      readonly nonce: string;
      readonly codeVerifier: string;
    }
);

/** What a begun sign-in may ask of the provider. */
export interface ProviderWishes {
  /** Whom the person said they are. */
  readonly loginHint?: string;
  /** The person must have proved themselves to the provider so recently; 0: now, for this. */
  readonly maxAgeSeconds?: number;
}

/** What the provider says of the person, read by the connection's attribute mapping. It matches nobody and is compared with nothing. */
export interface ClaimedProfile {
  readonly userName?: string;
  readonly email?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly displayName?: string;
}

/** Who came back, proven. Names are what the provider says; whether they mean one of our users is match-account.ts's question. */
export interface VerifiedIdentity {
  readonly protocol: 'saml' | 'oidc';
  readonly issuer: string;
  /** Compared byte for byte. */
  readonly subject: string;
  /** SAML: the format of the NameID. */
  readonly subjectFormat?: string;
  /** The values for each matching rule; absent where the provider gave none that counts. */
  readonly userName?: string;
  readonly externalId?: string;
  readonly verifiedEmail?: string;
  readonly profile?: ClaimedProfile;
  /** When the provider issued what proves it, by its own clock. */
  readonly issuedAt: Instant;
  /** What may open one session only (assertion id, ID token), and until when it must be remembered. */
  readonly usedOnce: { readonly id: string; readonly until: Instant };
  /** The provider's name for its own session (SAML `SessionIndex`, OpenID Connect `sid`), by which it may end ours. */
  readonly sessionId?: string;
  /** When the person proved themselves to the provider (`auth_time`, `AuthnInstant`), never after now; absent where it does not say. */
  readonly authenticatedAt?: Instant;
  /** The provider's own limit for the session. */
  readonly sessionNotOnOrAfter?: Instant;
}

export type KeepAttempt = (expected: ExpectedAnswer) => Promise<void>;

/** One connection, ready to sign people in. Refusals are thrown as `SignInError`. */
export interface ConnectionStrategy {
  readonly protocol: 'saml' | 'oidc';
  /** The provider's URL for this browser; `keep` has stored what its answer will be judged by. */
  begin(request: Request, keep: KeepAttempt, wishes: ProviderWishes): Promise<string>;
  /** `expected` undefined: this browser waits for no answer. */
  complete(request: Request, expected: ExpectedAnswer | undefined): Promise<VerifiedIdentity>;
}

export type DrivenOutcome =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'success'; readonly identity: unknown }
  | { readonly kind: 'failure'; readonly challenge: unknown };

/**
 * Runs a passport strategy for one request. The strategy must be new: passport hangs the request's callbacks on it.
 * Rejects with whatever the strategy gave to `error`.
 */
export function driveStrategy(strategy: passport.Strategy, request: Request, options: object): Promise<DrivenOutcome> {
  const driver = new passport.Passport();
  return new Promise((resolve, reject) => {
    // passport writes a redirect straight to the response; cookies have to go with it, so the URL is caught here and sent by the endpoint.
    const headers = new Map<string, unknown>();
    const answer = {
      statusCode: 200,
      setHeader: (name: string, value: unknown) => headers.set(name.toLowerCase(), value),
      end: () => resolve({ kind: 'redirect', url: String(headers.get('location')) }),
    };
    const concluded = (error: unknown, identity: unknown, challenge: unknown): void => {
      if (error !== null && error !== undefined) reject(error);
      else if (identity !== false && identity !== undefined) resolve({ kind: 'success', identity });
      else resolve({ kind: 'failure', challenge });
    };
    const run = driver.authenticate(strategy, { ...options, session: false }, concluded) as (
      ...parts: unknown[]
    ) => unknown;
    run(request, answer, reject);
  });
}
