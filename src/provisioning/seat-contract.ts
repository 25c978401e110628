// Rows of the contract: from when how many seats. Each becomes the ledger's number on its day. One that is below the use of that day cuts nobody off:
// each seat that is given back is withdrawn until it is met.

import { toEffects } from '#directory/effect.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { createTimeOrderedId, type ChangeId, type Instant, type OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { isSame } from '#directory/same-value.ts';
import { isSeatCount, seatCountRule } from '#directory/seat.ts';
import {
  seatContractId,
  seatContractRecords,
  type SeatContractRow,
  type SeatContractRows,
} from '#storage/seat-contract-records.ts';
import type { StoredRecord } from '#storage/record-store.ts';
import { changeSeats } from './administer-seats.ts';
import { toInstant } from './leave-dates.ts';
import { auditOrganization } from './organization-audit.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import type { DueTerms } from './due-terms.ts';

export type PlannedRow = Omit<SeatContractRow, 'appliedAt'>;

const mostRows = 200;
const rounds = 20;
const bySchedule: ChangeContext = { actor: { kind: 'system', name: 'contract' }, mouth: 'schedule' };

/** The rows there are, by date. */
export async function readSeatContract(
  context: Pick<ProvisioningContext, 'storage' | 'now'>,
  id: OrganizationId,
): Promise<readonly SeatContractRow[]> {
  const record = await context.storage.records(seatContractRecords).get(seatContractId(id), context.now());
  return record?.value.rows ?? [];
}

/** The row that holds at `now`, if any has begun. */
export function rowInForce(
  rows: readonly SeatContractRow[],
  { timeZone }: Pick<Organization, 'timeZone'>,
  now: Instant,
): SeatContractRow | undefined {
  return rows.findLast(({ from }) => toInstant(from, 0, timeZone, 'from') <= now);
}

/**
 * Replaces the rows. Where another one is in force then, an earlier one too, it counts at once: below use, nothing is stored (`belowUse`). Throws
 * `invalidValue`, `organizationNotFound`, `tooManyConflicts`.
 */
export async function planSeatContract(
  context: ProvisioningContext,
  id: OrganizationId,
  planned: readonly PlannedRow[],
  by: ChangeContext,
): Promise<{ readonly rows: readonly SeatContractRow[]; readonly change: ChangeId | null }> {
  const organization = await context.storage.organizations.get(id);
  if (organization === null) throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  const rows = toRows(planned, organization);
  const change = createTimeOrderedId(context.now(), context.randomBytes) as ChangeId;
  const store = context.storage.records(seatContractRecords);
  for (let round = 0; round < rounds; round += 1) {
    const record = await store.get(seatContractId(id), context.now());
    const before = record?.value.rows ?? [];
    const after = rows.map((row) => withApplication(row, before));
    if (isSame(before, after)) return { rows: before, change: null };
    const [was, now] = [before, after].map((some) => rowInForce(some, organization, context.now()));
    // The ledger first: it can refuse, and then nothing is done. A crash in between leaves the number and not the rows: asking again finishes it.
    if (now !== undefined && (now.appliedAt === undefined || !isSameRow(now, was)))
      await changeSeats(context, id, { licensed: now.licensed }, by);
    const applied = markApplied(after, organization, context.now());
    const event = auditOrganization(
      context,
      by,
      'seats.contractPlanned',
      id,
      { before: { rows: before }, after: { rows: applied } },
      change,
    );
    const effects = toEffects(context, id, [{ kind: 'audit', event }]);
    if (!(await write(context, id, record, applied, effects))) continue;
    context.wakeRelay();
    return { rows: applied, change };
  }
  throw new DirectoryError('tooManyConflicts', 'The contract is being changed too often; try again.');
}

/** Rows whose day has come. What one organisation's use refuses is reported and tried again, and holds up no other. Throws `StorageError`. */
export async function dueContracts(context: ProvisioningContext): Promise<readonly DueTerms[]> {
  const due: DueTerms[] = [];
  const organizations = await context.storage.organizations.list();
  const store = context.storage.records(seatContractRecords);
  for (let at = 0; at < organizations.length; at += 1_000) {
    const some = organizations.slice(at, at + 1_000);
    const records = await store.getMany(
      some.map(({ id }) => seatContractId(id)),
      context.now(),
    );
    for (const record of records) {
      const organization = some.find(({ id }) => id === record.organizationId);
      const row = organization && rowInForce(record.value.rows, organization, context.now());
      if (organization === undefined || row === undefined || row.appliedAt !== undefined) continue;
      const at = toInstant(row.from, 0, organization.timeZone, 'from');
      due.push({ at, carryOut: () => applyDue(context, organization) });
    }
  }
  return due;
}

/** Whoever replaces the rows meanwhile is heard: the ledger ends with the number of the rows as they are stored. */
async function applyDue(context: ProvisioningContext, organization: Organization): Promise<void> {
  const { id } = organization;
  let wrote = false;
  for (let round = 0; round < rounds; round += 1) {
    const record = await toStore(context).get(seatContractId(id), context.now());
    if (record === null) return;
    const { rows } = record.value;
    const row = rowInForce(rows, organization, context.now());
    if (row === undefined || (row.appliedAt !== undefined && !wrote)) return;
    try {
      await changeSeats(context, id, { licensed: row.licensed }, bySchedule, { evenBelowUse: true });
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      context.reportTrouble(`the contract of ${id} from ${row.from} could not take effect`, error);
      return;
    }
    wrote = true;
    if (await write(context, id, record, markApplied(rows, organization, context.now()), [])) return;
  }
}

async function write(
  context: ProvisioningContext,
  id: OrganizationId,
  record: StoredRecord<SeatContractRows> | null,
  rows: readonly SeatContractRow[],
  effects: Parameters<ReturnType<typeof toStore>['replace']>[1],
): Promise<boolean> {
  const store = toStore(context);
  if (record !== null) return store.replace({ ...record, value: { rows } }, effects);
  return store.insertOnce({ id: seatContractId(id), organizationId: id, value: { rows } }, effects);
}

function toStore(context: ProvisioningContext) {
  return context.storage.records(seatContractRecords);
}

/** A row that was applied and is planned again as it was stays applied. */
function withApplication(row: PlannedRow, before: readonly SeatContractRow[]): SeatContractRow {
  const same = before.find((other) => isSameRow(other, row));
  return same?.appliedAt === undefined ? row : { ...row, appliedAt: same.appliedAt };
}

/** Of one day and one number: what the ledger is told by it. A number set by hand holds until another row than this is in force. */
function isSameRow(row: PlannedRow, other: PlannedRow | undefined): boolean {
  return row.from === other?.from && row.licensed === other.licensed;
}

/** Of rows that have begun the latest is in force; the earlier ones are over and need no application any more. */
function markApplied(
  rows: readonly SeatContractRow[],
  organization: Organization,
  now: Instant,
): readonly SeatContractRow[] {
  return rows.map((row) =>
    row.appliedAt === undefined && toInstant(row.from, 0, organization.timeZone, 'from') <= now
      ? { ...row, appliedAt: now }
      : row,
  );
}

function toRows(planned: readonly PlannedRow[], { timeZone }: Organization): readonly PlannedRow[] {
  if (planned.length > mostRows) throw invalid('rows', `A contract has at most ${mostRows} rows.`);
  for (const { from, licensed, unitPrice, currency } of planned) {
    toInstant(from, 0, timeZone, 'from');
    if (!isSeatCount(licensed)) throw invalid('licensed', seatCountRule);
    if ((unitPrice === undefined) !== (currency === undefined))
      throw invalid('currency', 'A price has a currency, and a currency a price.');
    if (unitPrice !== undefined && !/^\d{1,9}(\.\d{1,4})?$/.test(unitPrice))
      throw invalid('unitPrice', 'A price is a decimal number as text, as "12.50".');
    if (currency !== undefined && !/^[A-Z]{3}$/.test(currency))
      throw invalid('currency', 'A currency is three letters, as JPY.');
  }
  if (new Set(planned.map(({ from }) => from)).size < planned.length)
    throw invalid('from', 'Two rows begin on one day.');
  return planned.toSorted((a, b) => (a.from < b.from ? -1 : 1));
}

function invalid(field: string, message: string): DirectoryError {
  return new DirectoryError('invalidValue', message, { field });
}
