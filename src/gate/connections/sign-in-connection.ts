// A connection by which people sign in.

import type { Connection, OidcSignIn, SamlSignIn } from '#directory/connection.ts';

export type SignInConnection = Connection & { readonly signIn: SamlSignIn | OidcSignIn };

export function canSignIn(connection: Connection): connection is SignInConnection {
  return connection.signIn !== undefined;
}
