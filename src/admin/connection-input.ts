// What an administrator sends for a connection, in the long form or the short one, as one shape.

import type { z } from 'zod';
import type { AccountMatch, HrProvisioning, ScimProvisioning } from '#directory/connection.ts';
import { connectionShort, connectionWhole } from './admin-contract.ts';
import { AdminError, refuseInput } from './admin-problem.ts';

type Whole = z.output<typeof connectionWhole>;
type SignInInput = NonNullable<Whole['signIn']>;
type ProvisioningInput = NonNullable<Whole['provisioning']>;
export type SamlInput = Extract<SignInInput, { kind: 'saml' }>;
export type OidcInput = Extract<SignInInput, { kind: 'oidc' }>;

export type PullInput = NonNullable<Extract<ProvisioningInput, { kind: 'hr' }>['pull']>;
/** With its secret as it was sent. */
export type HrInput = Omit<HrProvisioning, 'pull'> & { readonly pull?: PullInput };

export interface ConnectionInput {
  readonly id?: string;
  readonly name: string;
  readonly domains: readonly string[];
  readonly match: AccountMatch;
  readonly createUsers?: boolean;
  readonly signals?: Whole['signals'];
  readonly signIn?: SamlInput | OidcInput;
  readonly provisioning?: ScimProvisioning | HrInput;
}

/** Reads either form: `kind` at the top means the short one. Throws `invalidInput`. */
export function readConnectionInput(body: unknown): ConnectionInput {
  const isShort = typeof body === 'object' && body !== null && 'kind' in body;
  const parsed = (isShort ? connectionShort : connectionWhole).safeParse(body);
  if (!parsed.success) throw refuseInput(parsed.error, 'body');
  return 'kind' in parsed.data ? fromShort(parsed.data) : fromWhole(parsed.data);
}

function fromWhole(whole: Whole): ConnectionInput {
  const { id, name, signIn, provisioning } = whole;
  if (signIn === undefined && provisioning === undefined) {
    throw refuse('', 'needs `signIn`, `provisioning` or both, or the short form with `kind`');
  }
  const shown = name ?? id;
  if (shown === undefined) throw refuse('/name', 'is missing');
  return {
    ...(id === undefined ? {} : { id }),
    name: shown,
    ...sharedOf(whole),
    ...(signIn === undefined ? {} : { signIn }),
    ...(provisioning === undefined ? {} : { provisioning: toProvisioning(provisioning) }),
  };
}

function fromShort(short: z.output<typeof connectionShort>): ConnectionInput {
  const { id, name, domains: _domains, match: _match, createUsers: _create, signals: _signals, ...part } = short;
  const base = { ...(id === undefined ? {} : { id }), name: name ?? id ?? part.kind, ...sharedOf(short) };
  return part.kind === 'saml' || part.kind === 'oidc'
    ? { ...base, signIn: part }
    : { ...base, provisioning: toProvisioning(part) };
}

/** What every connection may have, whatever its parts. */
function sharedOf({ domains, match, createUsers, signals }: Whole | z.output<typeof connectionShort>) {
  if (createUsers && match === 'off')
    throw refuse('/createUsers', 'needs a rule in `match`: whoever was made could not be found the next time');
  return { domains, match, createUsers, ...(signals === undefined ? {} : { signals }) };
}

/** The letter of RFC 7644 3.3 knows no restoring: a strict connection does it only when told to. */
function toProvisioning({ brake, ...part }: ProvisioningInput): ScimProvisioning | HrInput {
  const braked = brake === undefined ? {} : { brake };
  if (part.kind === 'scim') return { ...part, ...braked, restoreOnPost: part.restoreOnPost ?? !part.strict };
  const { kind, pull } = part;
  return { kind, ...braked, ...(pull === undefined ? {} : { pull }) };
}

function refuse(pointer: string, detail: string): AdminError {
  return new AdminError('invalidInput', 'The body is not what is expected here.', { errors: [{ pointer, detail }] });
}
