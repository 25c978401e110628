// Which departments a person is in after a change of the profile. Ids must name departments; the text `department` that a client writes
// (RFC 7643 §4.3) places the person by code, else by name, else in a new department where the connection makes them. The text itself is kept as
// it was sent, whatever it means. docs/decisions/0005-departments-by-text.md.

import { departmentLabel, longestName } from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { assertPerson, joinMemberships, placeByText, withoutOrigin, type Membership } from '#directory/person.ts';
import { isSame } from '#directory/same-value.ts';
import type { UserProfile } from '#directory/user.ts';
import { createDepartmentReader, type DepartmentReader } from '#storage/department-reader.ts';
import { departmentKeys } from '#storage/department-records.ts';
import { createDepartment, deleteEmptyDepartment } from './change-department.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

export interface DepartmentTextRule {
  /** Whether a text that names no department makes one. */
  readonly creates: boolean;
  /** The whole profile was written: a text that is the same counts again where it has placed nobody so far. */
  readonly isWhole: boolean;
}

/** The placing of one person in the course of one change, through all its retries. */
export interface Placement {
  /** The profile with its memberships as they are to be stored. Throws `DirectoryError` `invalidValue`. */
  place(before: UserProfile | null, written: UserProfile): Promise<UserProfile>;
  /** After the commit: departments that were deleted while somebody was placed in them. */
  findDeleted(): Promise<readonly DepartmentId[]>;
  /** The change was refused: a department that was made for it goes again, unless somebody else is in it. */
  withdraw(): Promise<void>;
}

const noText: DepartmentTextRule = { creates: false, isWhole: false };

export function createPlacement(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  by: ChangeContext,
  rule: DepartmentTextRule = noText,
): Placement {
  const departments = createDepartmentReader(context.storage, context.now);
  let made: DepartmentId | null = null;
  let entered: readonly DepartmentId[] = [];

  async function resolveText(text: string): Promise<DepartmentId | undefined> {
    const named = await findByText(departments, organizationId, text);
    if (named !== 'none' || !rule.creates || !canBeName(text)) return named === 'none' ? undefined : named;
    const profile = { name: text.trim(), code: text.trim() };
    const connection = by.actor.kind === 'connection' ? { connection: by.actor.connection } : {};
    try {
      made = (await createDepartment(context, organizationId, { profile, ...connection }, by)).department.id;
      return made;
    } catch (error) {
      // Somebody else's change made it meanwhile.
      if (!(error instanceof DirectoryError) || error.code !== 'departmentCodeTaken') throw error;
      const theirs = await findByText(departments, organizationId, text);
      return theirs === 'none' ? undefined : theirs;
    }
  }

  return {
    async place(before, written) {
      const old = before?.person?.departments ?? [];
      const sent = markOrigin(joinMemberships(written.person?.departments ?? []), old);
      if (written.person !== undefined && !isSame(written.person, before?.person))
        assertPerson({ ...written.person, departments: sent });
      const known = new Set(old.map(({ value }) => value));
      const unknown = sent.map(({ value }) => value).filter((id) => !known.has(id));
      await assertDepartments(departments, organizationId, unknown);
      const isNamed = !isSame(withoutOrigin(sent), withoutOrigin(old));
      const placed = await placeTextOf(written, textOf(before), sent, isNamed);
      entered = placed.map(({ value }) => value).filter((id) => !known.has(id));
      return withMemberships(written, placed);
    },
    async findDeleted() {
      if (entered.length === 0) return [];
      try {
        const present = new Set((await departments.getMany(organizationId, entered)).map(({ id }) => id));
        return entered.filter((id) => !present.has(id));
      } catch (error) {
        // Nobody is shown in a department that is not there.
        context.reportTrouble('departments could not be looked at after the commit', error);
        return [];
      }
    },
    async withdraw() {
      if (made === null) return;
      try {
        await deleteEmptyDepartment(context, organizationId, made, by);
      } catch (error) {
        if (error instanceof DirectoryError) return;
        context.reportTrouble('a department made for a refused change could not be taken back', error);
      }
    },
  };

  async function placeTextOf(
    written: UserProfile,
    textBefore: string | undefined,
    memberships: readonly Membership[],
    isNamed: boolean,
  ): Promise<readonly Membership[]> {
    const text = textOf(written);
    const keepPrimary = isNamed && memberships.some(({ primary }) => primary === true);
    if (text !== textBefore)
      return placeByText(memberships, text === undefined ? undefined : await resolveText(text), keepPrimary);
    if (text === undefined || !rule.isWhole || memberships.some(({ byText }) => byText === true)) return memberships;
    const department = await resolveText(text);
    const isIn = memberships.some(({ value }) => value === department);
    return department === undefined || isIn ? memberships : placeByText(memberships, department, keepPrimary);
  }
}

/** The profile without these memberships. */
export function withoutDepartments(profile: UserProfile, gone: readonly DepartmentId[]): UserProfile {
  return withMemberships(
    profile,
    (profile.person?.departments ?? []).filter(({ value }) => !gone.includes(value)),
  );
}

function withMemberships(profile: UserProfile, memberships: readonly Membership[]): UserProfile {
  const { person, ...rest } = profile;
  const { departments: _departments, ...own } = person ?? {};
  const whole = memberships.length === 0 ? own : { ...own, departments: memberships };
  return (Object.keys(whole).length === 0 ? rest : { ...rest, person: whole }) as UserProfile;
}

function textOf(profile: UserProfile | null): string | undefined {
  const text = profile?.enterprise?.['department'];
  return typeof text === 'string' && departmentLabel(text) !== '' ? text : undefined;
}

function canBeName(text: string): boolean {
  return text.trim().length <= longestName;
}

/** Where a membership comes from is no client's to say: it is what it was. */
function markOrigin(sent: readonly Membership[], old: readonly Membership[]): readonly Membership[] {
  const byText = new Set(old.filter((membership) => membership.byText === true).map(({ value }) => value));
  return withoutOrigin(sent).map((one): Membership => (byText.has(one.value) ? { ...one, byText: true } : one));
}

async function assertDepartments(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  ids: readonly DepartmentId[],
): Promise<void> {
  if (ids.length === 0) return;
  const found = new Set((await departments.getMany(organizationId, ids)).map(({ id }) => id));
  const unknown = ids.find((id) => !found.has(id));
  if (unknown !== undefined)
    throw new DirectoryError('invalidValue', `No department has the id "${unknown.slice(0, 100)}".`, {
      field: 'departments',
    });
}

/** By code, else by a name that only one has; undefined: the name has several. */
async function findByText(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  text: string,
): Promise<DepartmentId | undefined | 'none'> {
  const [coded] = await departments.list(organizationId, { key: departmentKeys.code(text), limit: 1 });
  if (coded !== undefined) return coded.id;
  const [named, other] = await departments.list(organizationId, { key: departmentKeys.name(text), limit: 2 });
  if (named === undefined) return 'none';
  return other === undefined ? named.id : undefined;
}
