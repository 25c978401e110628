// BambooHR's API as far as it is read here (documentation.bamboohr.com): change tracking, the list of employees, time-off requests. Shapes are taken
// apart with care: what is not as documented is a failure that is told, never a status.

import type { BambooHrPull } from '#directory/hr-pull.ts';
import { isRecord, PullFailure, type GetJson } from './pull-request.ts';
import { addDays, isDate } from './pull-source.ts';

export interface BambooEmployee {
  readonly id: string;
  /** Null: the key may not read it, or it is empty. */
  readonly name: string | null;
  readonly status: string | null;
  readonly hireDate?: string;
  readonly terminationDate?: string;
}

export interface BambooTimeOff {
  readonly id: string;
  readonly employee: string;
  readonly status: string;
  readonly from: string;
  /** The last day off. */
  readonly to: string;
  readonly typeId: string;
  readonly typeName: string;
}

export interface BambooApi {
  /** Ids of employees that were added or changed, in order. */
  listChanged(since: number): Promise<readonly string[]>;
  listEmployees(ids: readonly string[]): Promise<readonly BambooEmployee[]>;
  pageOfEmployees(
    cursor: string | undefined,
  ): Promise<{ readonly employees: readonly BambooEmployee[]; readonly next: string | null }>;
  /** Of every status, in order of id. */
  listTimeOff(today: string): Promise<readonly BambooTimeOff[]>;
}

const pageSize = 200;
const daysBack = 31;
const daysAhead = 400;

export function createBambooApi(pull: BambooHrPull, get: GetJson): BambooApi {
  const base = `${(pull.baseUrl ?? `https://${pull.subdomain}.bamboohr.com`).replace(/\/+$/, '')}/api/v1`;
  const fields = `${pull.match === 'id' ? '' : `${pull.match},`}status,hireDate,terminationDate`;
  const employees = async (query: Readonly<Record<string, string>>) => {
    const asked = new URLSearchParams({ fields, 'page[limit]': String(pageSize), ...query });
    const answer = await get(`${base}/employees?${asked}`);
    if (!isRecord(answer) || !Array.isArray(answer['data'])) throw unexpected('employees');
    const listed: readonly unknown[] = answer['data'];
    const read = listed.map((value) => readEmployee(value, pull.match));
    // A few may have none: only a first page without any says that the key may not, where BambooHR does not say so itself.
    const isFirstPage = Object.keys(query).length === 0;
    const mayNotRead = (field: string, isMissing: (employee: BambooEmployee) => boolean): boolean =>
      read.length > 0 && ((isFirstPage && read.every(isMissing)) || listed.every((one) => isRestricted(one, field)));
    if (mayNotRead(pull.match, ({ name }) => name === null))
      throw new PullFailure(`The key may not read ${pull.match} of employees, so nobody can be told from another.`);
    if (mayNotRead('status', ({ status }) => status === null))
      throw new PullFailure('The key may not read the status of employees.');
    return { employees: read, next: readCursor(answer) };
  };
  return {
    async listChanged(since) {
      const asked = new URLSearchParams({ since: new Date(since).toISOString().replace(/\.\d+Z$/, 'Z') });
      const answer = await get(`${base}/employees/changed?${asked}`);
      const listed = isRecord(answer) ? answer['employees'] : undefined;
      if (typeof listed !== 'object' || listed === null) throw unexpected('employees/changed');
      // An empty one comes as an array, the others by id.
      const changes: readonly unknown[] = Object.values(listed);
      // Whoever was deleted there can be read no more, and says nothing: only a stated status counts.
      return changes
        .flatMap((one) => (isRecord(one) && one['action'] !== 'Deleted' ? idOf(one['id']) : []))
        .toSorted(byId);
    },
    async listEmployees(ids) {
      if (ids.length === 0) return [];
      return (await employees({ 'filter[ids]': ids.join(',') })).employees;
    },
    pageOfEmployees: (cursor) => employees(cursor === undefined ? {} : { 'page[after]': cursor }),
    async listTimeOff(today) {
      const window = { start: addDays(today, -daysBack), end: addDays(today, daysAhead) };
      const answer = await get(`${base}/time_off/requests?${new URLSearchParams(window)}`);
      if (!Array.isArray(answer)) throw unexpected('time_off/requests');
      return answer.flatMap(readTimeOff).toSorted((a, b) => byId(a.id, b.id));
    },
  };
}

/** Ids are numbers there. */
export function byId(a: string, b: string): number {
  return Number(a) - Number(b);
}

function readEmployee(value: unknown, match: BambooHrPull['match']): BambooEmployee {
  const [id] = isRecord(value) ? idOf(value['employeeId'] ?? value['id']) : [];
  if (!isRecord(value) || id === undefined) throw unexpected('employees');
  const { status, hireDate, terminationDate } = value;
  const name = match === 'id' ? id : textOf(value[match]);
  return {
    id,
    name,
    status: textOf(status),
    ...(isRealDate(hireDate) ? { hireDate } : {}),
    ...(isRealDate(terminationDate) ? { terminationDate } : {}),
  };
}

/** Of each employee BambooHR names the fields that it keeps back. */
function isRestricted(value: unknown, field: string): boolean {
  const names = isRecord(value) ? value['_restrictedFields'] : undefined;
  return Array.isArray(names) && names.includes(field);
}

function readTimeOff(value: unknown): readonly BambooTimeOff[] {
  if (!isRecord(value)) throw unexpected('time_off/requests');
  const { start: from, end: to, status, type } = value;
  const [id] = idOf(value['id']);
  const [employee] = idOf(value['employeeId']);
  const said = isRecord(status) ? textOf(status['status']) : null;
  if (id === undefined || employee === undefined || said === null || !isDate(from) || !isDate(to))
    throw unexpected('time_off/requests');
  const [typeId = ''] = isRecord(type) ? idOf(type['id']) : [];
  const typeName = isRecord(type) ? (textOf(type['name']) ?? '') : '';
  return [{ id, employee, status: said, from, to, typeId, typeName }];
}

function readCursor(answer: Readonly<Record<string, unknown>>): string | null {
  const page = isRecord(answer['meta']) ? answer['meta']['page'] : undefined;
  return isRecord(page) ? textOf(page['nextCursor']) : null;
}

function idOf(value: unknown): readonly string[] {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? [text] : [];
}

function textOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null;
}

/** None is written as zeros. */
function isRealDate(value: unknown): value is string {
  return isDate(value) && !value.startsWith('0000');
}

function unexpected(what: string): PullFailure {
  return new PullFailure(`BambooHR answered ${what} in a shape that is not known here.`);
}
