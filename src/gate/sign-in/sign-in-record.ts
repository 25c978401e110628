// Every sign-in, allowed or refused, as a record: who, through what, how far it came, why not. The browser gets the reference id,
// administrators the rest ("why can this person not get in?"). Kept 90 days, answers nobody waited for 7.

import type { Connection } from '#directory/connection.ts';
import {
  createTimeOrderedId,
  type ConnectionId,
  type Instant,
  type OrganizationId,
  type UserId,
} from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import type { RefusalReason } from './refusal.ts';
import type { StateThen } from './state-then.ts';

/** The steps of a sign-in, in order; `app`: of a door that knows the session; `logout` alone: a provider's message of single logout that was refused. */
export const signInSteps = [
  'start',
  'provider',
  'attempt',
  'once',
  'match',
  'create',
  'access',
  'link',
  'session',
  'app',
  'logout',
] as const;
export type SignInStep = (typeof signInSteps)[number];

export interface SignInCheck {
  readonly step: SignInStep;
  readonly passed: boolean;
  /** What was found, for administrators. */
  readonly detail?: string;
}

export interface SignInRecord {
  /** What a refused person can read out on the telephone. */
  readonly reference: string;
  readonly at: Instant;
  readonly outcome: 'allowed' | 'refused';
  readonly reason?: RefusalReason;
  readonly connection: ConnectionId;
  /** `session`: no sign-in, but a door that refused a session: its person is held, or the app is not for them. */
  readonly protocol: 'saml' | 'oidc' | 'session' | 'unknown';
  /** For `session`: which door, for which app, and for which path of it. */
  readonly door?: { readonly name: string; readonly app?: string; readonly path?: string };
  readonly userId?: UserId;
  /** Whom the provider named, verified or as far as it came. */
  readonly claimed?: { readonly issuer: string; readonly subject: string; readonly userName?: string };
  readonly address?: string;
  /** As far as it came; steps after the failed one were not taken. */
  readonly checks: readonly SignInCheck[];
  /** What was found about person and organisation, if it came so far. */
  readonly then?: StateThen;
}

export const signInRecords: RecordKind<SignInRecord> = {
  name: 'signIn',
  keysOf: (record) => [
    `reference=${record.reference}`,
    `outcome=${record.outcome}`,
    `connection=${record.connection}`,
    ...(record.userId === undefined ? [] : [`user=${record.userId}`]),
  ],
};

const keptMs = 90 * 86_400_000;
/** Answers that nobody waited for: anybody can send them, so they must not fill the store. And what doors refused, again and again. */
const keptUnaskedMs = 7 * 86_400_000;

/** Stores one sign-in; answers its reference. */
export async function recordSignIn(
  context: GateContext,
  connection: Pick<Connection, 'organizationId' | 'id'>,
  { asked = true, ...facts }: Omit<SignInRecord, 'reference' | 'at' | 'connection'> & { readonly asked?: boolean },
): Promise<string> {
  const at = context.now();
  const reference = createReference(context);
  await context.storage.records(signInRecords).insert({
    id: createTimeOrderedId(at, context.randomBytes),
    organizationId: connection.organizationId,
    expiresAt: at + (asked ? keptMs : keptUnaskedMs),
    value: { ...facts, reference, at, connection: connection.id },
  });
  const { protocol, outcome, reason = 'none' } = facts;
  if (protocol !== 'session') context.metrics?.signInDecisions.inc({ protocol, outcome, reason });
  return reference;
}

/** Of one person, or of one outcome; of a person the outcome does not narrow. */
export interface SignInPage {
  readonly user?: UserId;
  readonly outcome?: 'allowed' | 'refused';
  readonly after?: string;
  readonly limit: number;
}

/** The organisation's sign-ins, newest first; `id` is the cursor. */
export async function listSignIns(
  context: GateContext,
  organizationId: OrganizationId,
  { user, outcome, after, limit }: SignInPage,
): Promise<readonly (SignInRecord & { readonly id: string })[]> {
  const key = user === undefined ? (outcome === undefined ? undefined : `outcome=${outcome}`) : `user=${user}`;
  const page = {
    limit,
    newestFirst: true,
    ...(key === undefined ? {} : { key }),
    ...(after === undefined ? {} : { after }),
  };
  const records = await context.storage.records(signInRecords).list(organizationId, page, context.now());
  return records.map((record) => ({ ...record.value, id: record.id }));
}

/** The sign-in a person names by its reference, as typed: case and hyphens do not matter. */
export async function explainSignIn(
  context: GateContext,
  organizationId: OrganizationId,
  reference: string,
): Promise<SignInRecord | null> {
  const plain = reference
    .toUpperCase()
    .replaceAll(/[^0-9A-Z]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  const key = `reference=${plain.slice(0, 4)}-${plain.slice(4, 8)}-${plain.slice(8)}`;
  const [record] = await context.storage.records(signInRecords).list(organizationId, { key, limit: 1 }, context.now());
  return record?.value ?? null;
}

/** Crockford's alphabet leaves out letters that are mistaken for others. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

function createReference(context: GateContext): string {
  const letters = [...context.randomBytes(12)].map((byte) => alphabet[byte % 32]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4, 8)}-${letters.slice(8)}`;
}
