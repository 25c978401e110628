// Extension schemas that an organisation declares for itself (RFC 7643 §3.3, §7): what they are, which URNs they may have, and what a change of one
// may do to values that are stored already (docs/decisions/0006). Pure; writing them is provisioning/custom-schemas.ts, reading values by them scim/.

export const customAttributeTypes = [
  'string',
  'boolean',
  'decimal',
  'integer',
  'dateTime',
  'reference',
  'complex',
  'binary',
] as const;

/** One attribute with its characteristics (RFC 7643 §2.2, §7). Its uniqueness is always `none`. */
export interface CustomAttribute {
  readonly name: string;
  readonly type: (typeof customAttributeTypes)[number];
  readonly description: string;
  readonly multiValued: boolean;
  readonly required: boolean;
  readonly caseExact: boolean;
  readonly mutability: 'readOnly' | 'readWrite' | 'immutable' | 'writeOnly';
  readonly returned: 'always' | 'never' | 'default' | 'request';
  readonly uniqueness: 'none';
  readonly canonicalValues?: readonly string[];
  readonly referenceTypes?: readonly string[];
  /** Of a complex attribute only; they are neither complex nor multi-valued themselves. */
  readonly subAttributes?: readonly CustomAttribute[];
}

export const extensibleTypes = ['User', 'Group'] as const;
export type ExtensibleType = (typeof extensibleTypes)[number];

export interface CustomSchema {
  /** The URN under which values are stored and sent. */
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly attributes: readonly CustomAttribute[];
  /** What it extends, once each. */
  readonly resourceTypes: readonly ExtensibleType[];
}

/** All of one organisation, in the order in which they were first declared. One that is `gone` is used by nobody; it is kept for its values. */
export interface CustomSchemas {
  readonly declared: readonly (CustomSchema & { readonly gone?: true })[];
}

export const noCustomSchemas: CustomSchemas = { declared: [] };

/** At a time; with those that are gone; characters of one as JSON. */
export const customSchemaLimits = { live: 20, remembered: 40, characters: 32_768 } as const;

export function liveSchemas({ declared }: CustomSchemas): readonly CustomSchema[] {
  return declared.filter(({ gone }) => gone !== true);
}

const urnForm = /^urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9](:[A-Za-z0-9][A-Za-z0-9._-]*)+$/i;
const mostUrnCharacters = 200;

/** What everybody's schemas are called, and what lies under it; ours too, those of the future included. */
const reservedUrns = [
  'urn:ietf:params:scim:schemas:core',
  'urn:ietf:params:scim:schemas:extension:enterprise',
  'urn:ietf:params:scim:schemas:extension:furlough',
  'urn:ietf:params:scim:api',
  'urn:scim:schemas',
];
/** Of what the standard keeps for itself, this part is open: clients such as Entra offer nothing else for custom attributes. */
const openToAll = 'urn:ietf:params:scim:schemas:extension:';

/** Why a URN cannot be that of a custom schema; undefined when it can. */
export function faultOfUrn(urn: string): string | undefined {
  if (urn.length > mostUrnCharacters) return `must have at most ${mostUrnCharacters} characters`;
  if (!urnForm.test(urn) || !/[A-Za-z0-9]$/.test(urn))
    return 'must be a URN such as urn:example:params:scim:schemas:extension:2.0:User, of letters, digits, ".", "-" and "_" between the colons';
  const lower = urn.toLowerCase();
  if (reservedUrns.some((reserved) => lower === reserved || liesUnder(lower, reserved) || liesUnder(reserved, lower)))
    return 'belongs to the standard or to Furlough';
  if (lower.startsWith('urn:ietf:') && !lower.startsWith(openToAll))
    return `belongs to the IETF; under it only ${openToAll}… is open`;
  return undefined;
}

/** Whether two URNs are the same, or one could be read as an attribute of the other. */
export function collide(left: string, right: string): boolean {
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  return a === b || liesUnder(a, b) || liesUnder(b, a);
}

/** `urn:a:b` lies under `urn:a`; so does `urn:a.b`, for some clients write a dot before the attribute. */
function liesUnder(urn: string, other: string): boolean {
  return urn.startsWith(`${other}:`) || urn.startsWith(`${other}.`);
}

/**
 * What `after` takes away from who wrote values by `before`, each as a sentence; none when it only adds and relaxes. So stored values stay readable
 * as what they were, also after the schema was removed and declared again.
 */
export function narrowings(before: CustomSchema, after: CustomSchema): readonly string[] {
  const faults = before.resourceTypes
    .filter((type) => !after.resourceTypes.includes(type))
    .map((type) => `It must go on extending ${type}.`);
  if (before.id !== after.id) faults.push(`Its id is written ${before.id}.`);
  return [...faults, ...narrowedAttributes(before.attributes, after.attributes, '')];
}

function narrowedAttributes(
  before: readonly CustomAttribute[],
  after: readonly CustomAttribute[],
  prefix: string,
): readonly string[] {
  const known = new Map(before.map((attribute) => [attribute.name.toLowerCase(), attribute]));
  const names = new Set(after.map(({ name }) => name.toLowerCase()));
  const faults = before
    .filter(({ name }) => !names.has(name.toLowerCase()))
    .map(({ name }) => `${prefix}${name} must stay.`);
  for (const attribute of after) {
    const was = known.get(attribute.name.toLowerCase());
    if (was !== undefined) faults.push(...narrowedAttribute(was, attribute, prefix));
    else if (attribute.required) faults.push(`${prefix}${attribute.name} is new and cannot be required.`);
  }
  return faults;
}

/** Where a mutability may go: values that were written must stay possible. */
const relaxed: Readonly<Record<CustomAttribute['mutability'], readonly CustomAttribute['mutability'][]>> = {
  readOnly: ['readOnly', 'immutable', 'readWrite'],
  immutable: ['immutable', 'readWrite'],
  readWrite: ['readWrite'],
  writeOnly: ['writeOnly'],
};

function narrowedAttribute(was: CustomAttribute, is: CustomAttribute, prefix: string): readonly string[] {
  const name = `${prefix}${was.name}`;
  const faults: string[] = [];
  if (is.name !== was.name) faults.push(`${name} must keep its spelling.`);
  if (is.type !== was.type) faults.push(`${name} must stay ${was.type}.`);
  if (is.multiValued !== was.multiValued)
    faults.push(`${name} must stay ${was.multiValued ? 'multi-valued' : 'single-valued'}.`);
  if (is.required && !was.required) faults.push(`${name} was optional and must stay so.`);
  if (!relaxed[was.mutability].includes(is.mutability))
    faults.push(`${name} was ${was.mutability} and cannot become ${is.mutability}.`);
  return [...faults, ...narrowedAttributes(was.subAttributes ?? [], is.subAttributes ?? [], `${name}.`)];
}
