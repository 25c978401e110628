// What only OneLogin does on the wire. Its bodies need nothing here: `"active":"true"`, `"id":null` and the URNs of SCIM 1.0 in `schemas`
// are read by protocol/ for everybody, and no answer of ours holds a `null`, on which its parser trips (scim.md 2.3, 3).
//
// Documented (D) for look-ups, OneLogin developer site and goauthentik/authentik#11249 (wire log):
//   GET /Users?filter=userName+eq+%22x%22&     plus is a blank, an ampersand dangles
//   PUT /Users/{id}?                           a question mark dangles (S)

export interface RequestTarget {
  /** Path segments as sent, percent signs not yet decoded. */
  readonly segments: readonly string[];
  /** Form-decoded: plus is a blank, broken percent signs stand for themselves. */
  readonly query: URLSearchParams;
}

/** Reads the raw request target below the SCIM base. Empty segments (a slash at the end, two slashes) do not count. */
export function readRequestTarget(target: string): RequestTarget {
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  return {
    segments: path.split('/').filter((segment) => segment !== ''),
    query: new URLSearchParams(mark === -1 ? '' : target.slice(mark + 1)),
  };
}
