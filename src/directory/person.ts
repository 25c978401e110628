// The part of a profile that SCIM's own schemas have no place for: how a name is read, when somebody came, which departments they are in.
// Pure. Who may be in which department, and what the text `department` of an identity provider means, is provisioning/assign-departments.ts.

import { DirectoryError } from './directory-error.ts';
import type { DepartmentId } from './identifiers.ts';

/** A place in a department. */
export interface Membership {
  readonly value: DepartmentId;
  /** At most one of a person's memberships is. */
  readonly primary?: boolean;
  readonly jobTitle?: string;
  readonly jobTitleCode?: string;
  /** Made by the text `department` that a client writes, and moved or removed with it. No client writes or reads this. */
  readonly byText?: true;
}

/** Absent means unassigned: never null, never an empty array. */
export interface Person {
  readonly phoneticName?: Readonly<Record<string, string>>;
  readonly localizedName?: Readonly<Record<string, string>>;
  readonly extensionNumber?: string;
  readonly aboutMe?: string;
  /** Dates are local ones of the calendar, `2026-04-01`. */
  readonly hireDate?: string;
  readonly birthday?: string;
  /** Place among people in lists, ascending. */
  readonly displayOrder?: number;
  readonly departments?: readonly Membership[];
}

/** The department a person belongs to first: the primary one, else the first. */
export function primaryDepartmentOf(person: Person | undefined): DepartmentId | undefined {
  const { departments = [] } = person ?? {};
  return (departments.find(({ primary }) => primary === true) ?? departments[0])?.value;
}

/** In how many departments one person may be: every reader of the user pays for them. */
export const mostMemberships = 100;

/** Throws `DirectoryError` `invalidValue` naming the field. */
export function assertPerson(person: Person): void {
  for (const field of ['hireDate', 'birthday'] as const) {
    const date = person[field];
    if (date !== undefined && !isCalendarDate(date))
      throw new DirectoryError('invalidValue', `${field} must be a date of the calendar such as 2026-04-01.`, {
        field,
      });
  }
  if ((person.departments?.length ?? 0) > mostMemberships)
    throw new DirectoryError('invalidValue', `A person may be in at most ${mostMemberships} departments.`, {
      field: 'departments',
    });
  if ((person.departments ?? []).filter(({ primary }) => primary === true).length > 1)
    throw new DirectoryError('invalidValue', 'Only one department may be primary.', { field: 'departments' });
}

/** Whether the text is a day that there is, from year 1 on (proleptic Gregorian, RFC 3339 full-date). */
export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || text.startsWith('0000')) return false;
  const instant = Date.parse(`${text}T00:00:00Z`);
  // A day that there is not, 30 February, becomes another.
  return !Number.isNaN(instant) && new Date(instant).toISOString().slice(0, 10) === text;
}

/** One membership per department: what is said twice about one is joined, the later word counts. */
export function joinMemberships(memberships: readonly Membership[]): readonly Membership[] {
  const joined = new Map<DepartmentId, Membership>();
  for (const membership of memberships)
    joined.set(membership.value, { ...joined.get(membership.value), ...membership });
  return joined.size === memberships.length ? memberships : [...joined.values()];
}

/** The memberships as a client knows them. */
export function withoutOrigin(memberships: readonly Membership[]): readonly Membership[] {
  return memberships.map(({ byText: _origin, ...shown }) => shown);
}

/**
 * The memberships after the text `department` has come to mean `department` (undefined: none): the one that the text had made goes, the new one
 * is primary. One that others made stays theirs. `keepPrimary`: whoever wrote the text named a primary one, too.
 */
export function placeByText(
  memberships: readonly Membership[],
  department: DepartmentId | undefined,
  keepPrimary: boolean,
): readonly Membership[] {
  const others = memberships.filter(({ byText, value }) => byText !== true || value === department);
  if (department === undefined) return others;
  const yields = !keepPrimary || !others.some(({ primary }) => primary === true);
  const present = others.find(({ value }) => value === department);
  const rest = yields ? others.map(withoutPrimary) : others;
  if (present === undefined) {
    const made: Membership = { value: department, ...(yields ? { primary: true } : {}), byText: true };
    return [...rest, made];
  }
  return yields ? rest.map((one) => (one.value === department ? { ...one, primary: true } : one)) : rest;
}

function withoutPrimary({ primary: _primary, ...rest }: Membership): Membership {
  return rest;
}
