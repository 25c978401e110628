// What administrators do to an organisation: create, suspend, resume, set its policy, its contract of seats, and recount them.

import { DirectoryError } from '#directory/directory-error.ts';
import { describeActor } from '#directory/actor.ts';
import type { AuditEvent } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import {
  createTimeOrderedId,
  isSlug,
  type ChangeId,
  type Instant,
  type OrganizationId,
} from '#directory/identifiers.ts';
import type { Organization, SeatPolicy } from '#directory/organization.ts';
import type { SeatContract, SeatLedger } from '#directory/seat.ts';
import type { RecountOutcome } from '#storage/seat-ledger-store.ts';
import { toEffects, type ProvisioningContext } from './provisioning-context.ts';
import { promoteWaiting } from './seat-queue.ts';

export interface NewOrganization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly timeZone: string;
  /** null: unlimited. */
  readonly licensed: number | null;
  readonly seatPolicy?: SeatPolicy;
}

/** Throws `DirectoryError` `invalidValue` (id, zone, seats) or `organizationExists`. */
export async function createOrganization(
  context: ProvisioningContext,
  request: NewOrganization,
  by: ChangeContext,
): Promise<{ readonly organization: Organization; readonly change: ChangeId }> {
  if (!isSlug(request.id))
    throw new DirectoryError(
      'invalidValue',
      'An organisation id is 2 to 40 of a-z, 0-9 and "-", and none of session, logout, login.',
    );
  assertTimeZone(request.timeZone);
  assertSeats(request.licensed);
  const organization: Organization = {
    id: request.id,
    name: request.name,
    timeZone: request.timeZone,
    state: 'active',
    seatPolicy: request.seatPolicy ?? 'wait',
    createdAt: context.now(),
    revision: 1,
  };
  const after = { name: request.name, timeZone: request.timeZone, licensed: request.licensed };
  const event = audited(context, by, 'organization.created', organization.id, { after });
  const inserted = await context.storage.organizations.insert(
    organization,
    request.licensed,
    toEffects(context, organization.id, [{ kind: 'audit', event }]),
  );
  if (!inserted) throw new DirectoryError('organizationExists', `There is an organisation ${request.id} already.`);
  context.wakeRelay();
  return { organization, change: event.change as ChangeId };
}

/** The parts of an organisation that can be changed; `endsAt` null removes the end. */
export interface OrganizationEdit {
  readonly name?: string;
  readonly timeZone?: string;
  readonly state?: Organization['state'];
  readonly endsAt?: Instant | null;
  readonly seatPolicy?: SeatPolicy;
}

/** Changes an organisation. Suspending it closes every door for all its people with this one write. Throws `organizationNotFound`. */
export async function changeOrganization(
  context: ProvisioningContext,
  id: OrganizationId,
  edit: OrganizationEdit,
  by: ChangeContext,
): Promise<{ readonly organization: Organization; readonly change: ChangeId | null }> {
  if (edit.timeZone !== undefined) assertTimeZone(edit.timeZone);
  for (let round = 0; round < 50; round += 1) {
    const before = await context.storage.organizations.get(id);
    if (before === null) throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
    const { endsAt, ...rest } = edit;
    const { endsAt: _end, ...withoutEnd } = before;
    const base = endsAt === null ? withoutEnd : before;
    const after: Organization = {
      ...base,
      ...rest,
      ...(typeof endsAt === 'number' ? { endsAt } : {}),
      revision: before.revision + 1,
    };
    const changed = (Object.keys(edit) as (keyof Organization)[]).filter((name) => before[name] !== after[name]);
    if (changed.length === 0) return { organization: before, change: null };
    const pick = (from: Organization) =>
      Object.fromEntries(changed.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
    const action =
      before.state === after.state
        ? 'organization.updated'
        : after.state === 'suspended'
          ? 'organization.suspended'
          : 'organization.resumed';
    const event = audited(context, by, action, id, { before: pick(before), after: pick(after) });
    const written = await context.storage.organizations.replace(
      after,
      before.revision,
      toEffects(context, id, [{ kind: 'audit', event }]),
    );
    if (!written) continue;
    context.wakeRelay();
    return { organization: after, change: event.change as ChangeId };
  }
  throw new DirectoryError('tooManyConflicts', `Organisation ${id} is being changed too often; try again.`);
}

/** Changes what is licensed, the allowed over-use, the reserve. Throws `belowUse` with `{over}`; a raised contract promotes who waits at once. */
export async function changeSeats(
  context: ProvisioningContext,
  id: OrganizationId,
  contract: SeatContract,
  by: ChangeContext,
): Promise<{ readonly ledger: SeatLedger; readonly change: ChangeId }> {
  if (contract.licensed !== undefined) assertSeats(contract.licensed);
  for (const part of [contract.over, contract.reserved]) if (part !== undefined) assertSeats(part);
  const before = await context.storage.seats.read(id);
  if (before === null) throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  const was = { licensed: before.licensed, over: before.over, reserved: before.reserved };
  const event = audited(context, by, 'seats.changed', id, { before: was, after: { ...was, ...contract } });
  const outcome = await context.storage.seats.changeContract(
    id,
    contract,
    toEffects(context, id, [{ kind: 'audit', event }]),
  );
  if (outcome.kind === 'belowUse') {
    throw new DirectoryError(
      'belowUse',
      `${outcome.over} ${outcome.over === 1 ? 'user' : 'users'} too many are active for this.`,
      { over: outcome.over },
    );
  }
  context.wakeRelay();
  await promoteWaiting(context, id);
  const ledger = await context.storage.seats.read(id);
  return { ledger: ledger ?? outcome.ledger, change: event.change as ChangeId };
}

/** Counts the seats anew and repairs the ledger if it is wrong, which is audited. A seat that was only lost goes to whoever waits. */
export async function recountSeats(
  context: ProvisioningContext,
  id: OrganizationId,
  by: ChangeContext,
): Promise<RecountOutcome> {
  if ((await context.storage.seats.read(id)) === null)
    throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  const outcome = await context.storage.seats.recount(id, (drift) => {
    const event = audited(context, by, 'seats.recounted', id, { after: { drift } });
    return toEffects(context, id, [{ kind: 'audit', event }]);
  });
  if (outcome.outcome === 'repaired') {
    context.wakeRelay();
    await promoteWaiting(context, id);
  }
  return outcome;
}

function audited(
  context: ProvisioningContext,
  by: ChangeContext,
  action: string,
  id: OrganizationId,
  difference: Pick<AuditEvent, 'before' | 'after'>,
): AuditEvent {
  return {
    action,
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'organization', id },
    ...difference,
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change: createTimeOrderedId(context.now(), context.randomBytes),
  };
}

function assertSeats(count: number | null): void {
  if (count === null || (Number.isSafeInteger(count) && count >= 0 && count <= 100_000_000)) return;
  throw new DirectoryError(
    'invalidValue',
    'A number of seats is a whole number from 0 to 100,000,000, or null for unlimited.',
  );
}

function assertTimeZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    throw new DirectoryError('invalidValue', `"${zone}" is no IANA time zone.`);
  }
}
