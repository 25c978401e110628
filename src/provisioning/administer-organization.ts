// What administrators do to an organisation: create, suspend, resume, rename, set its policy at the limit and whom its people may ask. Its contract is administer-seats.ts.

import { toEffects } from '#directory/effect.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { DormancyRule } from '#directory/dormancy.ts';
import { isSlug, type ChangeId, type Instant, type OrganizationId } from '#directory/identifiers.ts';
import type { Organization, OrganizationContact, SeatPolicy } from '#directory/organization.ts';
import type { CardPart } from '#directory/person-card.ts';
import { isSame } from '#directory/same-value.ts';
import { isSeatCount, seatCountRule } from '#directory/seat.ts';
import { usualAlerts, type SeatAlertRule } from '#directory/seat-alert.ts';
import { moveLeaves } from './move-leaves.ts';
import { auditOrganization } from './organization-audit.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

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
  if (!isSeatCount(request.licensed)) throw new DirectoryError('invalidValue', seatCountRule, { field: 'licensed' });
  const organization: Organization = {
    id: request.id,
    name: request.name,
    timeZone: request.timeZone,
    state: 'active',
    seatPolicy: request.seatPolicy ?? 'wait',
    createdAt: context.now(),
    revision: 1,
  };
  const { name, timeZone, licensed } = request;
  const after = { name, timeZone, licensed, seatPolicy: organization.seatPolicy };
  const event = auditOrganization(context, by, 'organization.created', organization.id, { after });
  const inserted = await context.storage.organizations.insert(
    organization,
    request.licensed,
    toEffects(context, organization.id, [
      { kind: 'audit', event },
      { kind: 'seat', change: { kind: 'contract', licensed, over: 0 } },
    ]),
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
  /** A local day, as 2027-04-01; null removes it, and so does any other policy than `allowOver`. */
  readonly overUntil?: string | null;
  readonly leaveSeat?: 'release' | 'keep';
  readonly returnHour?: number;
  readonly reserveForReturn?: number;
  /** What is left out of it stays. */
  readonly alerts?: Partial<SeatAlertRule>;
  readonly noticeDays?: readonly number[];
  /** null: nobody is held for not signing in. */
  readonly dormancy?: DormancyRule | null;
  readonly language?: 'en' | 'ja';
  readonly hiddenWhileInactive?: readonly CardPart[];
  /** null removes it. */
  readonly contact?: OrganizationContact | null;
}

/** Changes an organisation. Suspending it closes every door for all its people with this one write. Throws `organizationNotFound`. */
export async function changeOrganization(
  context: ProvisioningContext,
  id: OrganizationId,
  edit: OrganizationEdit,
  by: ChangeContext,
  change?: ChangeId,
): Promise<{ readonly organization: Organization; readonly change: ChangeId | null }> {
  if (edit.timeZone !== undefined) assertTimeZone(edit.timeZone);
  for (let round = 0; round < 50; round += 1) {
    const before = await context.storage.organizations.get(id);
    if (before === null) throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
    const { endsAt, contact, dormancy, overUntil, alerts, ...rest } = edit;
    const { contact: contactBefore, dormancy: ruleBefore, overUntil: overBefore, ...withoutThese } = before;
    const overEnds = (rest.seatPolicy ?? before.seatPolicy) === 'allowOver' ? overUntil : null;
    const overKept = overEnds === undefined ? overBefore : (overEnds ?? undefined);
    const kept = contact === undefined ? contactBefore : (contact ?? undefined);
    const rule = dormancy === undefined ? ruleBefore : (dormancy ?? undefined);
    const told = {
      ...withoutThese,
      ...(kept === undefined ? {} : { contact: kept }),
      ...(rule === undefined ? {} : { dormancy: rule }),
      ...(overKept === undefined ? {} : { overUntil: overKept }),
    };
    const { endsAt: _end, ...withoutEnd } = told;
    // Whoever resumes an organisation whose end is past means that its people come in again.
    const isPast = before.endsAt !== undefined && before.endsAt <= context.now();
    const outlives = edit.state === 'active' && endsAt === undefined && isPast;
    const base = endsAt === null || outlives ? withoutEnd : told;
    const after: Organization = {
      ...base,
      ...rest,
      // Of two changes at once each keeps what the other has changed.
      ...(alerts === undefined ? {} : { alerts: { ...(before.alerts ?? usualAlerts), ...alerts } }),
      ...(typeof endsAt === 'number' ? { endsAt } : {}),
      revision: before.revision + 1,
    };
    const named = Object.keys({
      ...edit,
      ...(outlives ? { endsAt: null } : {}),
      overUntil: null,
    }) as (keyof Organization)[];
    const changed = named.filter((name) => !isSame(before[name], after[name]));
    if (changed.length === 0) {
      await context.storage.settled();
      return { organization: before, change: null };
    }
    const pick = (from: Organization) =>
      Object.fromEntries(changed.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
    const action =
      before.state === after.state
        ? 'organization.updated'
        : after.state === 'suspended'
          ? 'organization.suspended'
          : 'organization.resumed';
    const event = auditOrganization(context, by, action, id, { before: pick(before), after: pick(after) }, change);
    const written = await context.storage.organizations.replace(
      after,
      before.revision,
      toEffects(context, id, [{ kind: 'audit', event }]),
    );
    if (!written) continue;
    context.wakeRelay();
    if (after.timeZone !== before.timeZone || after.reserveForReturn !== before.reserveForReturn)
      context.continueLater(() =>
        moveLeaves(context, id).catch((error: unknown) =>
          context.reportTrouble('leaves could not be counted anew yet', error),
        ),
      );
    return { organization: after, change: event.change as ChangeId };
  }
  throw new DirectoryError('tooManyConflicts', `Organisation ${id} is being changed too often; try again.`);
}

function assertTimeZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
  } catch {
    throw new DirectoryError('invalidValue', `"${zone}" is no IANA time zone.`);
  }
}
