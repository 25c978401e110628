// The leniencies by name: what the default accepts beyond the letter of the RFCs, and what a strict connection answers (scim.md 3). They are one
// switch, never one for each client; the dialects beside this file say who needs which. Where each is carried out is said by `where`.

interface Leniency {
  readonly shape: string;
  /** The files that read it. */
  readonly where: string;
  /** The answer of a strict connection; `otherwise`: taken, but not with this meaning. */
  readonly strict: { readonly status: number; readonly scimType?: string } | 'otherwise';
}

const refusedAs = (scimType: string) => ({ status: 400, scimType });

export const leniencies = {
  booleanText: {
    shape: '"True", "false" in any letter case for a boolean',
    where: 'protocol/attribute-value.ts',
    strict: refusedAs('invalidValue'),
  },
  booleanTextInFilter: {
    shape: 'the same in a filter, primary eq "True"',
    where: 'protocol/filter-comparison.ts',
    strict: refusedAs('invalidFilter'),
  },
  operatorCase: {
    shape: '"Add", "Replace", "Remove" as op',
    where: 'protocol/patch-request.ts',
    strict: refusedAs('invalidSyntax'),
  },
  patchWithoutSchema: {
    shape: 'a PATCH whose schemas do not name PatchOp',
    where: 'protocol/patch-request.ts',
    strict: refusedAs('invalidSyntax'),
  },
  dottedKey: {
    shape: 'keys such as name.givenName or urn:…:User:department in a value without a path',
    where: 'protocol/body-attributes.ts',
    strict: refusedAs('invalidSyntax'),
  },
  elementFromFilter: {
    shape: 'add or replace at emails[type eq "work"].value for somebody without such an element',
    where: 'protocol/patch-values.ts',
    strict: refusedAs('noTarget'),
  },
  removalByValues: {
    shape: 'remove at members with the members to remove as value',
    where: 'protocol/patch-values.ts',
    strict: refusedAs('invalidSyntax'),
  },
  bareReference: {
    shape: 'a manager or member as text instead of {value}, a manager in a list of one',
    where: 'protocol/attribute-value.ts',
    strict: refusedAs('invalidValue'),
  },
  bareExtensionName: {
    shape: 'the path manager instead of urn:…:User:manager',
    where: 'protocol/attribute-notation.ts',
    strict: refusedAs('invalidPath'),
  },
  dotBeforeAttribute: {
    shape: 'urn:…:User.manager instead of urn:…:User:manager',
    where: 'protocol/attribute-notation.ts',
    strict: refusedAs('invalidPath'),
  },
  emptyText: {
    shape: '"" for an attribute that shall have no value',
    where: 'protocol/attribute-value.ts, protocol/patch-rules.ts',
    strict: 'otherwise',
  },
  foreignSchema: {
    shape: 'URNs in schemas that are not known here',
    where: 'protocol/schema-validation.ts',
    strict: refusedAs('invalidSyntax'),
  },
  unknownMember: {
    shape: 'a member who is nobody',
    where: 'group-endpoints.ts',
    strict: refusedAs('invalidValue'),
  },
  credentialWithoutScheme: {
    shape: 'Authorization with the credential alone, without Bearer',
    where: 'dialects/okta.ts, scim-authentication.ts',
    strict: { status: 401 },
  },
  restoredByPost: {
    shape: 'POST for somebody who is inactive; strict connections can be told to do so, too',
    where: 'user-endpoints.ts',
    strict: { status: 409, scimType: 'uniqueness' },
  },
} as const satisfies Readonly<Record<string, Leniency>>;

export type LeniencyName = keyof typeof leniencies;
