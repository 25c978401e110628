// Rows of the memberships' file: a login name, then pairs of a department's code and a job title's; the first is the primary one. The person is in
// exactly these. A department without a code stands by its id.

import { departmentLabel, type Department } from '#directory/department.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { withoutOrigin, type Membership } from '#directory/person.ts';
import { isSame } from '#directory/same-value.ts';
import type { UserEdit } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { departmentKeys } from '#storage/department-records.ts';
import type { ImportContext } from './import-context.ts';
import type { FileRow } from './import-records.ts';

/** Departments by the codes of some rows, each asked for once. */
export type DepartmentsByCode = ReadonlyMap<string, Department>;

export async function readDepartmentsByCode(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  codes: readonly string[],
): Promise<DepartmentsByCode> {
  const reader = createDepartmentReader(context.storage, context.now);
  const found = new Map<string, Department>();
  const missing: string[] = [];
  for (const code of new Set(codes)) {
    const [department] = await reader.list(organizationId, { key: departmentKeys.code(code), limit: 1 });
    if (department === undefined) missing.push(code);
    else found.set(departmentLabel(code), department);
  }
  for (const department of await reader.getMany(
    organizationId,
    missing.map((code) => code.trim() as Department['id']),
  ))
    if (department.profile.code === undefined) found.set(departmentLabel(department.id), department);
  return found;
}

interface Pair {
  readonly code: string;
  readonly title: string;
}

/** `*` in the first code leaves all as they are: null; as a title it leaves the one there is. Throws `DirectoryError` `invalidValue`. */
export function pairsOf({ cells }: FileRow): readonly Pair[] | null {
  const rest = cells.slice(1);
  if (rest[0]?.trim() === '*') return null;
  const pairs: Pair[] = [];
  for (let index = 0; index < rest.length; index += 2) {
    const [code = '', title = ''] = [rest[index], rest[index + 1]];
    if (code.trim() === '*')
      throw new DirectoryError('invalidValue', 'Only * as the first department leaves all departments as they are.');
    if (code.trim() !== '') pairs.push({ code, title: title.trim() });
    else if (title.trim() !== '' && title.trim() !== '*')
      throw new DirectoryError('invalidValue', `The job title ${title.slice(0, 60)} stands beside no department.`);
  }
  return pairs;
}

/** Throws `DirectoryError` `departmentNotFound`, `invalidValue`. */
export function readMembershipRow(row: FileRow, user: User, departments: DepartmentsByCode): UserEdit {
  const pairs = pairsOf(row);
  if (pairs === null) return {};
  const old = withoutOrigin(user.profile.person?.departments ?? []);
  const wanted = pairs.map(({ code, title }, index): Membership => {
    const department = departments.get(departmentLabel(code));
    if (department === undefined)
      throw new DirectoryError('departmentNotFound', `No department has the code ${code.slice(0, 60)}.`);
    const present = old.find(({ value }) => value === department.id);
    const isKept = present !== undefined && (title === '*' || titleOf(present) === title);
    const given = title === '' || title === '*' ? {} : { jobTitleCode: title };
    const titles = isKept ? titlesOf(present) : given;
    return { value: department.id, ...titles, ...(index === 0 ? { primary: true } : {}) };
  });
  if (new Set(wanted.map(({ value }) => value)).size !== wanted.length)
    throw new DirectoryError('invalidValue', 'The row names a department twice.');
  if (isSame(inOrder(wanted), inOrder(asInFile(old)))) return {};
  const { departments: _old, ...person } = user.profile.person ?? {};
  return { profile: { ...user.profile, person: { ...person, departments: wanted } } };
}

/** What a file says of a job title: its code, or where it has none, its name. */
export function titleOf({ jobTitle = '', jobTitleCode }: Membership): string {
  return jobTitleCode ?? jobTitle;
}

/** The primary one first. */
export function inFileOrder(memberships: readonly Membership[]): readonly Membership[] {
  const isPrimary = ({ primary }: Membership): boolean => primary === true;
  return [...memberships.filter(isPrimary), ...memberships.filter((one) => !isPrimary(one))];
}

/** As an export would be read: where none is primary, the first in the file counts as it. */
function asInFile(memberships: readonly Membership[]): readonly Membership[] {
  return inFileOrder(memberships).map(({ primary: _primary, ...one }, index) =>
    index === 0 ? { ...one, primary: true } : one,
  );
}

function inOrder(memberships: readonly Membership[]): readonly Membership[] {
  return memberships.toSorted((a, b) => (a.value < b.value ? -1 : 1));
}

function titlesOf({ jobTitle, jobTitleCode }: Membership): Pick<Membership, 'jobTitle' | 'jobTitleCode'> {
  return {
    ...(jobTitle === undefined ? {} : { jobTitle }),
    ...(jobTitleCode === undefined ? {} : { jobTitleCode }),
  };
}
