// An app: something behind the gate (a relying party). It may answer at hosts that a proxy protects (forward-auth), be a client of the OpenID
// Provider, or both. Its id is a slug, unique within its organisation; to OpenID Connect it is the client id.

import type { GroupId, Instant, OrganizationId } from './identifiers.ts';

declare const brand: unique symbol;
export type AppId = string & { readonly [brand]: 'AppId' };

export interface App {
  readonly id: AppId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** Who may use it: members of any of these groups, nested ones included. Absent: everyone of the organisation. */
  readonly groups?: readonly GroupId[];
  readonly forwardAuth?: ForwardAuthApp;
  readonly openid?: OpenidClient;
  readonly createdAt: Instant;
}

export interface ForwardAuthApp {
  /** `host` or `host:port`, lower case, as in an origin: the port only if it is not the scheme's own. A host belongs to one app of all organisations. */
  readonly hosts: readonly string[];
  /** Narrower or wider than the app as a whole; the first that fits a request decides. */
  readonly rules: readonly PathRule[];
}

/** What holds for a part of the app's paths. */
export interface PathRule {
  /** `/assets/` is everything below it, `/health` only that path. Compared after the path was normalised. */
  readonly path: string;
  /** `public`: nobody needs to be signed in. */
  readonly access: 'public' | { readonly groups: readonly GroupId[] };
}

export interface OpenidClient {
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** Where logout tokens are delivered (OpenID Connect Back-Channel Logout 1.0). */
  readonly backchannelLogoutUri?: string;
  /** `none`: a public client, PKCE alone. */
  readonly authMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt' | 'none';
  /** Made by us, shown once, kept as SHA-256; the newest first, at most two while one is being replaced. Empty where `authMethod` needs none. */
  readonly secrets: readonly ClientSecret[];
  /** For `private_key_jwt`: the client's public keys, in the app's own words or where they are. */
  readonly jwks?: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly jwksUri?: string;
}

export interface ClientSecret {
  /** SHA-256 in lower-case hex. */
  readonly hash: string;
  readonly lastFour: string;
  readonly createdAt: Instant;
  /** From then on it is refused. */
  readonly expiresAt?: Instant;
}

/** Whether `text` is a host as an origin writes it: lower case, perhaps with a port. */
export function isHost(text: string): boolean {
  if (!/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(text) || text.length > 255)
    return false;
  return URL.canParse(`http://${text}/`) && new URL(`http://${text}/`).hostname === text.replace(/:\d{1,5}$/, '');
}
