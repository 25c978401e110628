// The signed form of the identity headers: a JWT for one app, a minute long (RFC 7519). It is made once for a session, app, epoch and revision,
// and given again for half of its life; that the person may come in was asked for each request before (gate.md 7).

import type { AccessState } from '#directory/access-decision.ts';
import type { SigningKeys } from '#secrets/signing-keys.ts';
import { idOfParts } from '../opaque-token.ts';
import type { KnownPerson } from '../sessions/known-people.ts';
import type { StoredSession } from '../sessions/session.ts';

/** The JWT of an admitted request. Throws `StorageError`. */
export type CreateIdentityToken = (admitted: {
  readonly session: StoredSession;
  readonly user: AccessState;
  readonly person: KnownPerson;
  /** The app's host: whom it is for. */
  readonly audience: string;
}) => Promise<string>;

/** Its `typ`, so that no other token of the same keys is taken for one (RFC 8725 3.11). */
export const identityTokenType = 'furlough-identity+jwt';

const lifeMs = 60_000;
const reusedForMs = 30_000;
const mostKept = 10_000;

/** Who signs: a part of the base URL, under which the keys are. */
export function identityIssuer(baseUrl: string, organizationId: string): string {
  return `${baseUrl}/gate/${organizationId}`;
}

export function createIdentityTokens(
  baseUrl: string,
  signingKeys: Pick<SigningKeys, 'sign'>,
  now: () => number,
): CreateIdentityToken {
  interface Kept {
    readonly at: number;
    readonly epoch: number;
    readonly person: KnownPerson;
    readonly token: Promise<string>;
  }
  const kept = new Map<string, Kept>();
  return async ({ session, user, person, audience }) => {
    const key = `${session.id} ${audience}`;
    const at = now();
    const known = kept.get(key);
    // `person` is another object once revision or groups are read anew. A clock that was set back makes nothing younger.
    if (known?.person === person && known.epoch === user.epoch && at >= known.at && at - known.at < reusedForMs)
      return known.token;
    const { organizationId } = user;
    const { view, groups } = person;
    const token = signingKeys.sign(organizationId, 'ES256', identityTokenType, {
      iss: identityIssuer(baseUrl, organizationId),
      aud: audience,
      sub: view.id,
      iat: Math.floor(at / 1_000),
      exp: Math.floor((at + lifeMs) / 1_000),
      sid: idOfParts('sid', session.id),
      epoch: user.epoch,
      org: organizationId,
      preferred_username: view.userName,
      name: view.displayName,
      ...(view.email === null ? {} : { email: view.email }),
      groups,
    });
    if (kept.size >= mostKept) kept.clear();
    kept.set(key, { at, epoch: user.epoch, person, token });
    // What failed is not given again.
    token.catch(() => kept.delete(key));
    return token;
  };
}
