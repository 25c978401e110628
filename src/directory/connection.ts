// A connection: one outside system of an organisation, with a sign-in part, a provisioning part, or both.

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
  readonly groups?: string;
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
  readonly attributes?: AttributeMapping;
}

export interface OidcSignIn {
  readonly kind: 'oidc';
  readonly issuer: string;
  readonly clientId: string;
  /** Sealed by secrets/; never in an answer. */
  readonly sealedClientSecret?: string;
  readonly attributes?: AttributeMapping;
}

export interface ScimProvisioning {
  readonly kind: 'scim';
  readonly strict: boolean;
  readonly restoreOnPost: boolean;
  readonly idpDuringLeave: 'leaveWins' | 'idpWins';
  readonly ignoreEchoedInactive: boolean;
  /** Whether the text `department` makes a department where none has that code or name. */
  readonly createDepartments: boolean;
}

export interface HrProvisioning {
  readonly kind: 'hr';
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
