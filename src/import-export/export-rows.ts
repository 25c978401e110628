// What an export says of people, departments, memberships and leaves: the cells of each row. Reading them back changes nothing.

import { createBreath } from '#breath.ts';
import type { Department } from '#directory/department.ts';
import type { DepartmentId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { isOpen } from '#directory/leave.ts';
import { openLeaveKey, type User, type UserKey } from '#directory/user.ts';
import { createDepartmentReader, type DepartmentReader } from '#storage/department-reader.ts';
import { writeStatusWord } from './cell-words.ts';
import { columnsOf, type FileLanguage, type ImportKind, type Preset } from './csv-columns.ts';
import type { ImportContext } from './import-context.ts';
import { inFileOrder, titleOf } from './membership-rows.ts';
import { isMeantActive } from './row-plan.ts';
import { profileCells } from './user-cells.ts';

export interface ExportOptions {
  readonly kind: ImportKind;
  readonly preset: Preset;
  readonly language: FileLanguage;
}

type Place = Pick<ImportContext, 'storage' | 'now'>;
const page = 500;

/** The row that names the columns; of memberships, those of the first two departments. */
export function headerOf({ kind, preset, language }: ExportOptions): readonly string[] {
  const names = columnsOf(kind, preset).map((column) => column[language]);
  if (kind !== 'memberships') return names;
  const pair = language === 'ja' ? ['組織コード', '役職コード'] : ['Department Code', 'Job Title Code'];
  return [...names, ...[1, 2].flatMap((number) => pair.map((name) => `${name} ${number}`))];
}

/** All rows in order of creation; parents before their children. Throws `StorageError`. */
export async function* exportRows(
  place: Place,
  organizationId: OrganizationId,
  options: ExportOptions,
): AsyncGenerator<readonly string[]> {
  const breathe = createBreath(5);
  const rows = rowsOf(place, organizationId, options);
  for await (const row of rows) {
    await breathe();
    yield row;
  }
}

function rowsOf(
  place: Place,
  organizationId: OrganizationId,
  options: ExportOptions,
): AsyncGenerator<readonly string[]> {
  switch (options.kind) {
    case 'users':
      return userRows(place, organizationId, options);
    case 'departments':
      return departmentRows(place, organizationId, options);
    case 'memberships':
      return membershipRows(place, organizationId);
    case 'leaves':
      return leaveRows(place, organizationId);
    default:
      return options.kind satisfies never;
  }
}

async function* usersOf(
  { storage }: Place,
  organizationId: OrganizationId,
  key?: UserKey,
): AsyncGenerator<readonly User[]> {
  for (let after: UserId | undefined; ; ) {
    const asked = { limit: page, ...(key === undefined ? {} : { key }), ...(after === undefined ? {} : { after }) };
    const users = await storage.users.list(organizationId, asked);
    yield users;
    after = users.at(-1)?.id;
    if (users.length < page) return;
  }
}

async function* userRows(place: Place, organizationId: OrganizationId, { preset, language }: ExportOptions) {
  const columns = columnsOf('users', preset);
  for await (const users of usersOf(place, organizationId))
    for (const user of users) yield columns.map(({ key }) => userCell(user, key, language));
}

function userCell(user: User, column: string, language: FileLanguage): string {
  switch (column) {
    case 'login':
      return user.profile.userName;
    case 'newLogin':
    case 'password':
      return '*';
    case 'status':
      return writeStatusWord(isMeantActive(user), language);
    case 'delete':
      return '0';
    default:
      return profileCells[column]?.show(user.profile) ?? '';
  }
}

async function* departmentRows(place: Place, organizationId: OrganizationId, { preset }: ExportOptions) {
  const reader = createDepartmentReader(place.storage, place.now);
  const all: Department[] = [];
  for (let after: string | undefined; ; ) {
    const some = await reader.list(organizationId, { limit: page, ...(after === undefined ? {} : { after }) });
    all.push(...some);
    after = some.at(-1)?.id;
    if (some.length < page) break;
  }
  const byId = new Map(all.map((department) => [department.id, department]));
  const columns = columnsOf('departments', preset);
  for (const department of parentsFirst(all, byId)) {
    const parent = department.profile.parent === undefined ? undefined : byId.get(department.profile.parent);
    yield columns.map(({ key }) => departmentCell(department, parent, key));
  }
}

/** A tree is taller at a parent than at its children. */
function parentsFirst(all: readonly Department[], byId: ReadonlyMap<DepartmentId, Department>): readonly Department[] {
  const depths = new Map<DepartmentId, number>();
  const depthOf = (department: Department): number => {
    const known = depths.get(department.id);
    if (known !== undefined) return known;
    const parent = department.profile.parent === undefined ? undefined : byId.get(department.profile.parent);
    const depth = parent === undefined ? 0 : depthOf(parent) + 1;
    depths.set(department.id, depth);
    return depth;
  };
  return all.toSorted((a, b) => depthOf(a) - depthOf(b) || (a.id < b.id ? -1 : 1));
}

function departmentCell(department: Department, parent: Department | undefined, column: string): string {
  const { name, displayOrder } = department.profile;
  switch (column) {
    case 'code':
      return codeOf(department);
    case 'name':
      return name;
    case 'newCode':
      return '*';
    case 'parent':
      return parent === undefined ? '' : codeOf(parent);
    case 'displayOrder':
      return displayOrder === undefined ? '' : String(displayOrder);
    default:
      return '';
  }
}

/** A department without a code stands by its id. */
function codeOf({ id, profile }: Department): string {
  return profile.code ?? id;
}

async function* membershipRows(place: Place, organizationId: OrganizationId) {
  const reader = createDepartmentReader(place.storage, place.now);
  for await (const users of usersOf(place, organizationId)) {
    const codes = await readCodes(reader, organizationId, users);
    for (const { profile } of users) {
      const memberships = inFileOrder(profile.person?.departments ?? []).filter(({ value }) => codes.has(value));
      const pairs = memberships.flatMap((one) => [codes.get(one.value) ?? '', titleOf(one)]);
      yield [profile.userName, ...(pairs.length === 0 ? ['', ''] : pairs)];
    }
  }
}

async function readCodes(
  reader: DepartmentReader,
  organizationId: OrganizationId,
  users: readonly User[],
): Promise<ReadonlyMap<DepartmentId, string>> {
  const ids = users.flatMap(({ profile }) => (profile.person?.departments ?? []).map(({ value }) => value));
  return new Map((await reader.getMany(organizationId, ids)).map((department) => [department.id, codeOf(department)]));
}

/** Those that are ahead or running. */
async function* leaveRows(place: Place, organizationId: OrganizationId) {
  for await (const users of usersOf(place, organizationId, openLeaveKey))
    for (const { profile, leaves = [] } of users)
      for (const { type, from, until = '', returnHour, seat, note = '' } of leaves.filter(isOpen))
        yield [profile.userName, type, from, until, String(returnHour), seat, note, '0'];
}
