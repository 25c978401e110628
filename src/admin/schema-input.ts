// From a schema definition as an administrator sends it to a custom schema: defaults filled in, and what a definition cannot say is refused with its
// place (RFC 7643 §2, §7).

import { faultOfUrn, type CustomAttribute, type CustomSchema } from '#directory/custom-schema.ts';
import { AdminError } from './admin-problem.ts';
import type { AttributeInput, SchemaInput } from './schema-contract.ts';

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

/** Throws `AdminError` invalidInput that lists every fault. */
export function readSchemaInput(input: SchemaInput): CustomSchema {
  const faults: Fault[] = [];
  const urnFault = faultOfUrn(input.id);
  if (urnFault !== undefined) faults.push({ pointer: '/id', detail: urnFault });
  const attributes = readAttributes(input.attributes, '/attributes', undefined, faults);
  if (faults.length > 0)
    throw new AdminError('invalidInput', 'The schema is not one that can be declared here.', {
      errors: faults.slice(0, 50),
    });
  const { id, name, description } = input;
  return {
    id,
    name,
    description,
    attributes,
    resourceTypes: [...new Set(input.resourceTypes)].toSorted().toReversed(),
  };
}

/** Names through which a careless reader reaches a prototype, and those every resource has already (RFC 7643 §3). */
const dangerousNames = new Set(['__proto__', 'constructor', 'prototype']);
const commonNames = new Set(['schemas', 'id', 'externalid', 'meta']);

function readAttributes(
  inputs: readonly AttributeInput[],
  pointer: string,
  parent: AttributeInput | undefined,
  faults: Fault[],
): CustomAttribute[] {
  const names = new Set<string>();
  return inputs.map((input, at) => {
    const here = `${pointer}/${at}`;
    const name = input.name.toLowerCase();
    const refuse = (member: string, detail: string): void => void faults.push({ pointer: `${here}/${member}`, detail });
    if (names.has(name)) refuse('name', 'is the name of another attribute, letter case aside');
    names.add(name);
    if (dangerousNames.has(name) || (parent === undefined && (commonNames.has(name) || name === '$ref')))
      refuse('name', 'is reserved');
    if (parent !== undefined) checkSubAttribute(input, parent, refuse);
    checkCharacteristics(input, refuse);
    return toAttribute(input, here, faults);
  });
}

type Refuse = (member: string, detail: string) => void;

/** What the usual sub-attributes mean is said by RFC 7643 §2.4; they are read so everywhere. */
function checkSubAttribute(input: AttributeInput, parent: AttributeInput, refuse: Refuse): void {
  if (input.multiValued) refuse('multiValued', 'a sub-attribute has one value');
  const usual = ({ primary: 'boolean', $ref: 'reference', type: 'string', display: 'string' } as const)[input.name];
  if (usual !== undefined && parent.multiValued && input.type !== usual)
    refuse('type', `${input.name} is of type ${usual} in multi-valued attributes (RFC 7643 §2.4)`);
}

function checkCharacteristics(input: AttributeInput, refuse: Refuse): void {
  const { type, caseExact, mutability, returned, required, subAttributes } = input;
  if (type === 'complex' && subAttributes === undefined) refuse('subAttributes', 'a complex attribute needs some');
  if (type !== 'complex' && subAttributes !== undefined) refuse('subAttributes', 'only a complex attribute has some');
  if (caseExact === false && (type === 'reference' || type === 'binary'))
    refuse('caseExact', `${type} is case exact (RFC 7643 §2.3)`);
  if (mutability === 'writeOnly' && returned !== 'never')
    refuse('returned', 'what is writeOnly is never returned (RFC 7643 §7)');
  if (mutability === 'readOnly' && required) refuse('required', 'nobody can write what is readOnly');
  if (input.canonicalValues !== undefined && type !== 'string' && type !== 'reference')
    refuse('canonicalValues', 'are of string and reference');
  if (input.referenceTypes !== undefined && type !== 'reference') refuse('referenceTypes', 'are of reference');
}

function toAttribute(input: AttributeInput, here: string, faults: Fault[]): CustomAttribute {
  const { type, caseExact, canonicalValues, referenceTypes, subAttributes, ...rest } = input;
  const isText = type === 'string' || type === 'reference' || type === 'binary';
  return {
    ...rest,
    type,
    caseExact: isText && (caseExact ?? type !== 'string'),
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    ...(type === 'reference' ? { referenceTypes: referenceTypes ?? ['external'] } : {}),
    ...(subAttributes === undefined
      ? {}
      : { subAttributes: readAttributes(subAttributes, `${here}/subAttributes`, input, faults) }),
  };
}
