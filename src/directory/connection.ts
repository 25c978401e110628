// A connection: one outside system of an organisation, with a sign-in part, a provisioning part, or both.

import type { BrakeSetting } from './brake.ts';
import type { HrPull } from './hr-pull.ts';
import type { ConnectionId, Instant, OrganizationId } from './identifiers.ts';

/**
 * Which attribute of an assertion, or claim of an ID token, says what of a person. What is left out is looked for under the names that are usual
 * in the protocol; `userName` is then the subject.
 */
export interface AttributeMapping {
  readonly userName?: string;
  readonly email?: string;
  readonly givenName?: string;
  readonly familyName?: string;
  readonly displayName?: string;
}

/** Where an identity provider takes messages of single logout by HTTP-Redirect (SAML metadata 2.4.2). */
export interface SamlLogoutService {
  readonly url: string;
  /** For answers, if they go elsewhere. */
  readonly responseUrl?: string;
}

export interface SamlSignIn {
  readonly kind: 'saml';
  readonly entityId: string;
  readonly ssoUrl: string;
  /** PEM certificates whose keys may sign; none means nobody can sign in. */
  readonly certificates: readonly string[];
  /** What must carry a signature. `any`: Response or Assertion. */
  readonly wantSigned: 'response' | 'assertion' | 'both' | 'any';
  /** Whether our requests carry a signature. */
  readonly signRequests?: boolean;
  /** Whether we publish a key to encrypt to; `required`: assertions in the clear are refused. Absent: `off`. */
  readonly encryption?: 'off' | 'optional' | 'required';
  /** Whether the person is asked again at every sign-in, whatever session the provider has. */
  readonly forceAuthn?: boolean;
  /** What an answer nobody asked for leads to: a refusal, or a sign-in of our own begun anew. Absent: `refuse`. */
  readonly idpInitiated?: 'refuse' | 'restart';
  /** Whether either side may end the other's sessions. Absent: `off`. */
  readonly logout?: 'off' | 'on';
  readonly logoutService?: SamlLogoutService;
  /** Where the provider's metadata is fetched from again and again. */
  readonly metadataUrl?: string;
  /** PEM certificates whose keys may sign that metadata, beside those that sign assertions. */
  readonly metadataCertificates?: readonly string[];
  readonly attributes?: AttributeMapping;
}

export interface OidcSignIn {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  /** What kind of provider it is, with what is known of that kind; absent: told by the issuer, else `generic`. */
  readonly preset?: OidcPresetName;
  /** How we prove ourselves at the provider; absent: by the secret, in the way the provider takes it. */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt';
  /** Sealed by secrets/; never in an answer. */
  readonly sealedClientSecret?: string;
  /** The one before, tried where the provider refuses the newest: a secret is replaced at two places, never at the same moment. */
  readonly sealedPreviousSecret?: string;
  readonly attributes?: AttributeMapping;
  /** Asked for beside `openid`, `profile` and `email`. */
  readonly scopes?: readonly string[];
  /** The one algorithm of ID tokens; absent: the first we accept that the provider offers. */
  readonly idTokenAlgorithm?: string;
  /** The person must have proven themselves to the provider so recently; checked by `auth_time`. */
  readonly maxAgeSeconds?: number;
  /** What the provider shall show; it may do as it likes. */
  readonly prompt?: 'login' | 'select_account' | 'consent';
}

export type OidcPresetName = 'okta' | 'entra' | 'google' | 'keycloak' | 'generic';

export interface ScimProvisioning {
  readonly kind: 'scim';
  readonly strict: boolean;
  readonly restoreOnPost: boolean;
  readonly idpDuringLeave: 'leaveWins' | 'idpWins';
  readonly ignoreEchoedInactive: boolean;
  /** Whether the text `department` makes a department where none has that code or name. */
  readonly createDepartments: boolean;
  /** Absent: none. */
  readonly brake?: BrakeSetting;
}

export interface HrProvisioning {
  readonly kind: 'hr';
  /** Absent: none. */
  readonly brake?: BrakeSetting;
  /** How it fetches by itself; absent: it is waited for. */
  readonly pull?: HrPull;
}

/** What an identity provider may signal of a person outside of a sign-in (CAEP, RISC, Global Token Revocation). */
export const signalKinds = [
  'sessionRevoked',
  'accountDisabled',
  'credentialCompromise',
  'credentialChange',
  'riskHigh',
  'deviceNotCompliant',
] as const;
export type SignalKind = (typeof signalKinds)[number];

/** `securityHold`: the person is out until an administrator lifts it. */
export const signalActions = ['endSessions', 'securityHold', 'ignore'] as const;
export type SignalAction = (typeof signalActions)[number];

export interface SignalReception extends Readonly<Record<SignalKind, SignalAction>> {
  /** Who signs them; absent: the issuer people sign in by. */
  readonly issuer?: string;
  /** Where its keys are; absent: where its discovery document says. */
  readonly jwksUri?: string;
  /** Whom event tokens are meant for; absent: our address for them. */
  readonly audience?: string;
}

/** By which value a person who signs in for the first time is found (gate.md 3.1). */
export type AccountMatch = 'userName' | 'externalId' | 'email' | 'off';

export interface Connection {
  readonly id: ConnectionId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** E-mail domains routed to this connection, lower case. */
  readonly domains: readonly string[];
  readonly match: AccountMatch;
  /** Whether somebody whom the rule finds nobody for becomes a user at the first sign-in. Absent: no. */
  readonly createUsers?: boolean;
  /** Absent: none are received. */
  readonly signals?: SignalReception;
  readonly signIn?: SamlSignIn | OidcSignIn;
  readonly provisioning?: ScimProvisioning | HrProvisioning;
  readonly createdAt: Instant;
}

/** What a SCIM connection does unless told otherwise. */
export const defaultScimProvisioning: ScimProvisioning = {
  kind: 'scim',
  strict: false,
  restoreOnPost: true,
  idpDuringLeave: 'leaveWins',
  ignoreEchoedInactive: false,
  createDepartments: false,
};
