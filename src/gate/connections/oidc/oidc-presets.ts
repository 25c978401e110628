// What is known of each kind of OpenID Provider, as data: which claim carries what, which issuers it has, and what must hold beyond the standard.
// A connection's own settings come before; a kind that is not named is told by its issuer, so that nobody forgets what must hold.
// Sources are the vendors' documentation; none of the hosted ones was run here.

import type { OidcPresetName, OidcSignIn } from '#directory/connection.ts';

export interface OidcPreset {
  /** Where it is documented. */
  readonly source: string;
  /** Claims that may carry the user name; the first there is counts. */
  readonly userName: readonly string[];
  /** Claims that may carry the stable id that provisioning writes as `externalId`. */
  readonly externalId: readonly string[];
  /** Claims any of which says, being true, that `email` is the person's own. */
  readonly emailVerified: readonly string[];
  /** What the issuer must look like; null: anything. The words say so to an administrator. */
  readonly issuer: { readonly pattern: RegExp; readonly words: string } | null;
  /** Issuers by which the kind is told where the connection does not say. */
  readonly toldBy: RegExp | null;
  /** `tid`: the tenant in the issuer must be named. `hd`: must be a domain that is routed to the connection, as the issuer is everybody's. */
  readonly tenant: 'tid' | 'hd' | null;
}

const standard = {
  userName: ['preferred_username', 'upn'],
  externalId: ['oid', 'sub'],
  emailVerified: ['email_verified'],
  issuer: null,
  toldBy: null,
  tenant: null,
} as const;

export const oidcPresets: Readonly<Record<OidcPresetName, OidcPreset>> = {
  generic: { ...standard, source: 'https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims' },
  okta: {
    ...standard,
    source: 'https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/',
    // The id that Okta provisions as externalId is its user's, which is `sub`.
    externalId: ['sub'],
    issuer: {
      pattern: /^https:\/\/[^/]+(\/oauth2\/[^/]+)?$/,
      words: 'https://{your Okta domain} or https://{your Okta domain}/oauth2/{authorization server}',
    },
  },
  entra: {
    ...standard,
    source: 'https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference',
    // `email` can be changed by whoever administers any tenant; only `xms_edov` says that its domain was verified.
    emailVerified: ['xms_edov'],
    issuer: {
      pattern: /^https:\/\/[^/]+\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\/v2\.0$/i,
      words: 'https://login.microsoftonline.com/{your tenant’s id}/v2.0; `common` and `organizations` are everybody',
    },
    toldBy: /^https:\/\/login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|chinacloudapi\.cn)\//,
    tenant: 'tid',
  },
  google: {
    ...standard,
    source: 'https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload',
    userName: ['email'],
    externalId: ['sub'],
    issuer: { pattern: /^https:\/\/accounts\.google\.com$/, words: 'https://accounts.google.com' },
    toldBy: /^https:\/\/accounts\.google\.com\/?$/,
    tenant: 'hd',
  },
  keycloak: {
    ...standard,
    source: 'https://www.keycloak.org/securing-apps/oidc-layers',
    externalId: ['sub'],
    issuer: { pattern: /^https?:\/\/.+\/realms\/[^/]+$/, words: 'https://{host}/realms/{realm}' },
  },
};

/** The preset of a connection: the one it names, else the one its issuer tells. */
export function presetOf({ preset, issuer }: Pick<OidcSignIn, 'preset' | 'issuer'>): OidcPreset {
  if (preset !== undefined) return oidcPresets[preset];
  const told = Object.values(oidcPresets).find(({ toldBy }) => toldBy?.test(issuer) === true);
  return told ?? oidcPresets.generic;
}
