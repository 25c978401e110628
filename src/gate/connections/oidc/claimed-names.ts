// Which claims say what of a person: by the connection's mapping, else by the preset of its provider. What a person is called here matches
// nobody by itself; whether it does is match-account.ts's question.

import type { OidcSignIn } from '#directory/connection.ts';
import type { ClaimedProfile } from '../connection-strategy.ts';
import { presetOf } from './oidc-presets.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface ClaimedNames {
  readonly userName: string | undefined;
  readonly externalId: string | undefined;
  /** Only where the provider says that it is the person's own. */
  readonly verifiedEmail: string | undefined;
  readonly profile: ClaimedProfile;
}

const usualClaims = {
  email: 'email',
  givenName: 'given_name',
  familyName: 'family_name',
  displayName: 'name',
} as const;

/** @param claims of the ID token, with those of the userinfo endpoint where the token lacks some */
export function readNames(claims: Claims, signIn: OidcSignIn): ClaimedNames {
  const preset = presetOf(signIn);
  const { attributes = {} } = signIn;
  const isVerified = preset.emailVerified.some((claim) => isTrue(claims[claim]));
  /** An address that is not the person's own is nobody's name. */
  const named = (claim: string): string | undefined =>
    claim === 'email' && !isVerified ? undefined : textOf(claims[claim]);
  const first = (candidates: readonly string[]): string | undefined =>
    candidates.map(named).find((text) => text !== undefined);
  const one = (field: keyof typeof usualClaims): Partial<ClaimedProfile> => {
    const text = textOf(claims[attributes[field] ?? usualClaims[field]]);
    return text === undefined ? {} : { [field]: text };
  };
  const userName = first(attributes.userName === undefined ? preset.userName : [attributes.userName]);
  const email = textOf(claims[attributes.email ?? usualClaims.email]);
  return {
    userName,
    externalId: preset.externalId.map((claim) => textOf(claims[claim])).find((text) => text !== undefined),
    // `email_verified` speaks of `email`, and of no other claim.
    verifiedEmail: isVerified && (attributes.email ?? 'email') === 'email' ? email : undefined,
    profile: {
      ...(userName === undefined ? {} : { userName }),
      ...one('email'),
      ...one('givenName'),
      ...one('familyName'),
      ...one('displayName'),
    },
  };
}

/** Whether the userinfo endpoint is worth asking: a claim that we match by, or that the mapping names, is not in the token. */
export function lacksNames(claims: Claims, signIn: OidcSignIn): boolean {
  const { attributes = {} } = signIn;
  const { userName } = presetOf(signIn);
  const mapped = Object.values(attributes).filter((claim) => claim !== undefined);
  const hasUserName = attributes.userName !== undefined || userName.some((claim) => claims[claim] !== undefined);
  return !hasUserName || [attributes.email ?? 'email', ...mapped].some((claim) => claims[claim] === undefined);
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && isUsable(value) ? value : undefined;
}

/** Names that differ only in what nobody can see are not compared at all. */
export function isUsable(text: string): boolean {
  return text !== '' && text.length <= 1024 && text === text.trim() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
}

/** Entra writes `xms_edov` as a number or a text. */
function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === '1';
}
