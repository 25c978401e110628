// What only Okta does on the wire. Its bodies need nothing here: pathless PATCH, `""` for emptied fields, `groups`, `id` and `meta`
// sent back with a PUT are read by protocol/ for everybody (scim.md 2.1, 3).
//
// Documented (D), okta/okta-developer-docs, SCIM 2.0 reference: `User-Agent: Okta SCIM Client 1.0.0`, `Accept: application/scim+json`,
// `Content-Type: application/scim+json; charset=utf-8` also on GET and DELETE without a body: so a body-less request may carry any type.
// Reported (S), integrators' guides: with "HTTP Header" authentication the header holds the credential alone, without the word `Bearer`.

/** A credential that is the whole `Authorization` header. Null for anything with a scheme, for example `Basic …`. */
export function readBareCredential(authorization: string | undefined): string | null {
  const text = authorization?.trim() ?? '';
  return /^[A-Za-z0-9\-._~+/]{16,4096}=*$/.test(text) ? text : null;
}
