// What a call tells of itself while it is served, for the provisioning log: whom it is about, what it changed, what was not done as asked.

import { DirectoryError } from '#directory/directory-error.ts';
import type { Difference } from '#directory/effect.ts';
import type { Hold } from '#directory/hold.ts';
import type { User } from '#directory/user.ts';
import type { ChangeResult } from '#provisioning/commit-user-change.ts';
import type { ProvisioningEntry } from '#storage/provisioning-log-records.ts';
import type { JsonValue } from './protocol/json-value.ts';
import type { ScimError } from './scim-error.ts';

export interface CallNotes {
  /** What it is about, once that is known to be one of the organisation's. */
  resource?: NonNullable<ProvisioningEntry['resource']>;
  /** False: everything was as asked already. */
  changed?: boolean;
  difference?: Difference;
  /** What was not done as asked, in sentences. */
  readonly warnings: Set<string>;
  refusal?: ScimError;
  /** What the administrator is told of a refusal, where the client is told less. */
  detail?: string;
  /** The body: as text where it may be kept as it is, else as it was read. */
  body?: { readonly text: string } | { readonly value: JsonValue };
  /** Names of attributes whose values are not kept. */
  unreturned?: ReadonlySet<string>;
  /** Its parts are recorded by themselves (Bulk). */
  isRecordedInParts?: boolean;
}

export function createCallNotes(): CallNotes {
  return { warnings: new Set() };
}

/** Whose call it is, told before each attempt: what an earlier one said counts no more. */
export function noteUser(notes: CallNotes, user: User): void {
  notes.resource = { type: 'User', id: user.id, name: user.profile.userName };
  notes.warnings.clear();
}

/** What became of a write; `active` as it was written, if it was. */
export function noteChange(
  notes: CallNotes,
  { user, changed, difference }: ChangeResult,
  active: boolean | undefined,
): void {
  notes.changed = changed;
  if (difference !== undefined) notes.difference = difference;
  if (active === true && !user.active) noteStillInactive(notes, user);
}

function noteStillInactive(notes: CallNotes, { holds }: User): void {
  const others = holds.filter(({ kind }) => kind !== 'seat').map(nameHold);
  notes.warnings.add(
    others.length === 0
      ? 'No seat is free: the person waits for one, active stays false.'
      : `Held by ${others.join(', ')}: active stays false.`,
  );
}

/** What a refusal is about, where the directory names it. */
export function noteRefusal(notes: CallNotes, refusal: ScimError, error: unknown): void {
  notes.refusal = refusal;
  if (!(error instanceof DirectoryError)) return;
  const { userId, userName } = error.details;
  if (typeof userId === 'string' && typeof userName === 'string')
    notes.resource = { type: 'User', id: userId, name: userName };
}

function nameHold({ kind, source, until }: Hold): string {
  const named = source === '' ? kind : `${kind} (${source})`;
  return until === undefined ? named : `${named} until ${new Date(until).toISOString()}`;
}
