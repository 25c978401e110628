// Time off and employee status of BambooHR as lines of a feed. Time off comes first: whoever is away is employed, and is not reported as back. A
// line is made only for what is different from what this feed has made of the person so far, so most people cost nothing.

import type { BambooHrPull, PulledLeaveType } from '#directory/hr-pull.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { isOpen } from '#directory/leave.ts';
import type { User } from '#directory/user.ts';
import type { PulledTimeOff } from '#storage/hr-pull-records.ts';
import { byId, type BambooApi, type BambooEmployee, type BambooTimeOff } from './bamboohr-requests.ts';
import { addDays, type PulledLine, type PullScope, type PullSource, type PullStep } from './pull-source.ts';

const piece = 200;
const together = 16;
const identifierOf = { employeeNumber: 'employeeNumber', workEmail: 'email', id: 'externalId' } as const;

export interface BambooParts {
  readonly api: BambooApi;
  readonly pull: BambooHrPull;
  readonly connection: ConnectionId;
  readonly scope: PullScope;
  /** Null: nobody, or several people. */
  readonly find: (identifiers: Readonly<Record<string, string>>) => Promise<User | null>;
}

/** Positions: `timeOff:ID`, `changed:ID` behind that id, `all:CURSOR`. */
export function createBambooSource(parts: BambooParts): PullSource {
  const { pull, api, scope } = parts;
  const firstOfEmployees = scope.since === undefined ? 'all:' : 'changed:0';
  let requests: readonly BambooTimeOff[] | undefined;
  let changed: readonly string[] | undefined;
  return {
    async read(position = pull.timeOff === undefined ? firstOfEmployees : 'timeOff:0', timeOff) {
      const at = position.indexOf(':');
      const behind = position.slice(at + 1);
      switch (position.slice(0, at)) {
        case 'timeOff':
          requests ??= await api.listTimeOff(scope.today);
          return readTimeOff(parts, requests, behind, timeOff, firstOfEmployees);
        case 'changed':
          changed ??= await api.listChanged(scope.since ?? 0);
          return readChanged(parts, changed, behind);
        default: {
          const { employees, next } = await api.pageOfEmployees(behind === '' ? undefined : behind);
          return { ...(await statusLines(parts, employees)), next: next === null ? null : `all:${next}` };
        }
      }
    },
  };
}

async function readChanged(parts: BambooParts, changed: readonly string[], behind: string): Promise<PullStep> {
  const left = changed.filter((id) => byId(id, behind) > 0);
  const ids = left.slice(0, piece);
  const step = await statusLines(parts, await parts.api.listEmployees(ids));
  return { ...step, next: left.length > ids.length ? `changed:${ids.at(-1)}` : null };
}

async function readTimeOff(
  parts: BambooParts,
  requests: readonly BambooTimeOff[],
  behind: string,
  known: Readonly<Record<string, PulledTimeOff>>,
  nextPhase: string,
): Promise<PullStep> {
  const { scope, api } = parts;
  const different = requests.filter(({ id }) => byId(id, behind) > 0).filter((one) => isDifferent(parts, one, known));
  const some = different.slice(0, piece);
  const ids = [...new Set(some.map(({ employee }) => employee))];
  const employees = new Map((await api.listEmployees(ids)).map((employee) => [employee.id, employee]));
  const lines: PulledLine[] = [];
  const forgets: string[] = [];
  let unknown = 0;
  for (const request of some) {
    const employee = employees.get(request.employee);
    const before = known[request.id];
    if (before !== undefined && isReplaced(parts, request, before, requests)) {
      forgets.push(request.id);
      continue;
    }
    // Of somebody who has left, or of whom nothing is said, time off means nothing: a leave would lift the end of their employment.
    if (employee?.status !== 'Active' || hasEnded(employee, scope.today) || employee.name === null) continue;
    const user = await parts.find(identifiers(parts.pull, employee));
    if (user === null) unknown += 1;
    else lines.push(...timeOffLines(parts, request, employee, user, before));
  }
  const isLast = different.length === some.length;
  const over = Object.entries(known).filter(([, { until }]) => until < addDays(scope.today, -60));
  return {
    lines,
    unknown,
    read: some.length,
    forgets: [...forgets, ...(isLast ? over.map(([id]) => id) : [])],
    next: isLast ? nextPhase : `timeOff:${some.at(-1)?.id}`,
  };
}

/** Whether it is to become a leave, or is one and shall not be any more, or on other days. */
function isDifferent(
  parts: BambooParts,
  request: BambooTimeOff,
  known: Readonly<Record<string, PulledTimeOff>>,
): boolean {
  const before = known[request.id];
  const wanted = wantedOf(parts, request);
  if (wanted === null) return before !== undefined && isTakenBack(request);
  return (
    before === undefined || before.from !== wanted.from || before.until !== wanted.until || before.type !== wanted.type
  );
}

/** Only a stated status ends a leave; what has vanished from the list says nothing. */
function isTakenBack({ status }: BambooTimeOff): boolean {
  // BambooHR writes "superceded".
  return ['canceled', 'cancelled', 'denied', 'declined', 'superceded', 'superseded'].includes(status);
}

/** A request that is changed there is superseded by another one: the leave goes on with that one's days, and nobody is let in between the two. */
function isReplaced(
  parts: BambooParts,
  request: BambooTimeOff,
  before: PulledTimeOff,
  requests: readonly BambooTimeOff[],
): boolean {
  if (!isTakenBack(request)) return false;
  return requests.some((other) => {
    const wanted = other.id === request.id ? null : wantedOf(parts, other);
    return wanted !== null && isOverlapping(before, wanted);
  });
}

/** The leave that it is, if it is one and is not over. BambooHR names the last day off. */
function wantedOf({ pull, scope }: BambooParts, request: BambooTimeOff): PulledTimeOff | null {
  const type = typeOf(pull, request);
  if (type === null || request.status !== 'approved' || request.to < scope.today) return null;
  return { employee: request.employee, from: request.from, until: addDays(request.to, 1), type };
}

function typeOf({ timeOff }: BambooHrPull, { typeId, typeName, from, to }: BambooTimeOff): PulledLeaveType | null {
  const { types = {}, minDays } = timeOff ?? {};
  for (const name of [typeId, typeName]) if (Object.hasOwn(types, name)) return types[name] ?? null;
  return minDays !== undefined && addDays(from, minDays - 1) <= to ? 'leave' : null;
}

function timeOffLines(
  parts: BambooParts,
  request: BambooTimeOff,
  employee: BambooEmployee,
  user: User,
  before: PulledTimeOff | undefined,
): readonly PulledLine[] {
  const who = identifiers(parts.pull, employee);
  const wanted = wantedOf(parts, request);
  // Somebody who is held as gone has no leave of this feed, and must not be let in for a request that was taken back.
  const isOver = before !== undefined && !isGone(parts, user) && (wanted === null || !isOverlapping(before, wanted));
  const end = isOver ? [{ ...who, status: 'active', effectiveAt: notBeforeNow(parts.scope, before.from) }] : [];
  if (wanted === null) return end.map((line) => ({ line, settles: { request: request.id, as: null } }));
  // Of a leave that is running only the return can still be changed.
  const { from, until, type } = wanted;
  const line = { ...who, status: 'leave', effectiveAt: notBeforeNow(parts.scope, from), until, type };
  return [...end.map((ended) => ({ line: ended })), { line, settles: { request: request.id, as: wanted } }];
}

function isOverlapping(a: PulledTimeOff, b: PulledTimeOff): boolean {
  return a.employee === b.employee && a.from < b.until && b.from < a.until;
}

/** What is in force is reported as of this moment: a day that lies back would be late for a feed that has said something since. */
function notBeforeNow({ today, now }: PullScope, date: string): string {
  return date <= today ? new Date(now()).toISOString() : date;
}

async function statusLines(parts: BambooParts, employees: readonly BambooEmployee[]): Promise<Omit<PullStep, 'next'>> {
  const lines: PulledLine[] = [];
  let unknown = 0;
  const named = employees.filter(({ name }) => name !== null);
  const users = await findAll(parts, named);
  for (const [place, employee] of named.entries()) {
    const user = users[place] ?? null;
    if (user === null) unknown += 1;
    else {
      const said = statusOf(parts, employee, user);
      if (said !== null) lines.push({ line: { ...identifiers(parts.pull, employee), ...said } });
    }
  }
  return { lines, unknown, read: employees.length };
}

/** In their order; so many at once as a feed looks for. */
async function findAll(parts: BambooParts, employees: readonly BambooEmployee[]): Promise<readonly (User | null)[]> {
  const found: (User | null)[] = [];
  for (let from = 0; from < employees.length; from += together) {
    const some = employees.slice(from, from + together);
    found.push(...(await Promise.all(some.map((employee) => parts.find(identifiers(parts.pull, employee))))));
  }
  return found;
}

/** What is to be reported, or null where nothing is different. */
function statusOf(parts: BambooParts, employee: BambooEmployee, user: User): Readonly<Record<string, unknown>> | null {
  const { pull, scope } = parts;
  const { status, hireDate, terminationDate } = employee;
  const { today } = scope;
  const now = notBeforeNow(scope, today);
  if (status === 'Inactive') return isGone(parts, user) ? null : { status: 'terminated', effectiveAt: now };
  if (status !== 'Active') return null;
  const planned = own(parts, user, 'left');
  const isAwaited = hireDate !== undefined && hireDate > today && own(parts, user, 'start')?.until !== hireDate;
  // Whoever begins before they leave is kept out until then; who leaves first is in until they do.
  if (isAwaited && (terminationDate === undefined || hireDate <= terminationDate))
    return { status: 'starts', effectiveAt: hireDate };
  if (terminationDate !== undefined && terminationDate >= today) {
    const from = pull.terminationDateIs === 'lastDay' ? addDays(terminationDate, 1) : terminationDate;
    return planned?.from === from ? null : { status: 'terminated', effectiveAt: from };
  }
  if (hireDate !== undefined && hireDate > today) return isAwaited ? { status: 'starts', effectiveAt: hireDate } : null;
  if (hasEnded(employee, today)) return null;
  if (isGone(parts, user)) return { status: 'active', effectiveAt: now };
  // Who was to leave stays after all; who was to start later is there.
  if (planned !== undefined) return { status: 'active', effectiveAt: planned.from };
  return own(parts, user, 'start') === undefined ? null : { status: 'starts', effectiveAt: now };
}

/** Their status follows the last day later, and brings nobody back meanwhile; a hire date after it does. */
function hasEnded({ hireDate = '', terminationDate }: BambooEmployee, today: string): boolean {
  return terminationDate !== undefined && terminationDate < today && hireDate <= terminationDate;
}

function isGone({ connection }: BambooParts, { holds }: User): boolean {
  return holds.some(({ kind, source }) => kind === 'hr' && source === connection);
}

function own({ connection }: BambooParts, { leaves = [] }: User, type: 'left' | 'start') {
  return leaves.find((leave) => isOpen(leave) && leave.source === connection && leave.type === type);
}

function identifiers({ match }: BambooHrPull, { name }: BambooEmployee): Readonly<Record<string, string>> {
  return { [identifierOf[match]]: name ?? '' };
}
