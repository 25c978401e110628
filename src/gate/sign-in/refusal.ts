// Why a sign-in is refused: one closed union of reason codes over all steps. The code goes into the record and to administrators; the
// browser gets one of a few sentences and a reference id (gate.md 1). How codes become pages and statuses is one table, here.

import type { HeldReason } from '#directory/access-decision.ts';
import type { OidcRefusalReason } from '../connections/oidc/oidc-refusal.ts';
import type { SamlRefusalReason } from '../connections/saml/saml-refusal.ts';

export type AttemptRefusalReason =
  /** No attempt of this browser waits for this answer: none begun, expired, used, or begun at another organisation or connection. */
  | 'unsolicited'
  /** Someone used the attempt in the same moment. */
  | 'attemptUsed'
  /** This assertion or ID token opened a session before. */
  | 'replayed'
  /** The provider said that they are out, after it had issued this and before the session was there. */
  | 'loggedOutMeanwhile';

export type MatchRefusalReason =
  | 'noSuchUser'
  | 'ambiguousUser'
  /** The user is linked to another subject of this connection; an administrator decides. */
  | 'identityConflict'
  /** The subject belongs to a user who was deleted. */
  | 'deletedUser'
  /** Nobody has this account, and one could not be made: no seat is free. */
  | 'noFreeSeat'
  /** There are several sign-in connections, and neither provisioning nor the domain ties this user to the one used. */
  | 'otherConnection';

/** The connection's stored settings cannot work, for example a secret sealed with another key. */
export type ConnectionRefusalReason = 'connectionMisconfigured';

/** They may come in, and are in none of the groups that the app, or that part of it, is for. */
export type AppRefusalReason = 'notAllowed';

export type RefusalReason =
  | HeldReason
  | AppRefusalReason
  | AttemptRefusalReason
  | MatchRefusalReason
  | ConnectionRefusalReason
  | OidcRefusalReason
  | SamlRefusalReason;

/** A refused sign-in. `detail` is for administrators, never for the browser. */
export class SignInError extends Error {
  readonly reason: RefusalReason;
  readonly detail: string;

  constructor(reason: RefusalReason, detail: string, cause?: unknown) {
    super(`${reason}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'SignInError';
    this.reason = reason;
    this.detail = detail;
  }
}

/** The sentences a browser can get; keys of `messages/` under `refusal.`. */
export type RefusalSentence =
  | 'accountInactive'
  | 'onLeave'
  | 'waitingForSeat'
  | 'notStarted'
  | 'noFreeSeat'
  | 'organizationSuspended'
  | 'notAllowed'
  | 'unknownPerson'
  | 'startAgain'
  | 'loggedOutMeanwhile'
  | 'notFresh'
  | 'provider'
  | 'badMessage'
  | 'tryLater';

/** What the browser is told, and with which status. Refusals of well-formed messages are 403, malformed ones 400; never 5xx but for our own overload. */
export function presentRefusal(reason: RefusalReason): {
  readonly sentence: RefusalSentence;
  readonly status: 400 | 403 | 503;
} {
  switch (reason) {
    case 'accountInactive':
    case 'onLeave':
    case 'waitingForSeat':
    case 'notStarted':
    case 'noFreeSeat':
    case 'organizationSuspended':
    case 'notAllowed':
    case 'loggedOutMeanwhile':
      return { sentence: reason, status: 403 };
    case 'noSuchUser':
    case 'ambiguousUser':
    case 'identityConflict':
    case 'deletedUser':
    case 'otherConnection':
      return { sentence: 'unknownPerson', status: 403 };
    case 'unsolicited':
    case 'attemptUsed':
    case 'replayed':
    case 'stateMismatch':
    case 'requestMismatch':
      return { sentence: 'startAgain', status: 403 };
    case 'authenticationTooOld':
      return { sentence: 'notFresh', status: 403 };
    case 'malformedRequest':
      return { sentence: 'badMessage', status: 400 };
    case 'verificationUnavailable':
      return { sentence: 'tryLater', status: 503 };
    // Whatever else the protocol's checks found: the provider's message, not the person, is refused.
    default:
      return { sentence: 'provider', status: 403 };
  }
}
