/**
 * A directory so simple that it can be checked by eye: people with holds, a number of seats, a queue. What the real write side does must
 * look the same from outside, whatever happens to its process on the way (directory-history.test.ts; model.md, "Status", "Seats").
 */

export type Policy = 'wait' | 'refuse' | 'allowOver';
export type Connection = 'okta' | 'entra';
/** Why someone is not active; waiting for a seat is told by `waitingSince`. */
export type Hold = `idp ${Connection}` | 'admin' | 'security' | 'hr feed';

/** A person has one at most here. Instants are milliseconds; days begin at midnight UTC. */
export interface Leave {
  readonly from: number;
  readonly until: number | null;
  readonly keep: boolean;
  readonly running: boolean;
  /** From so many days before its end on a seat is to be reserved. */
  readonly reserveDays: number;
  readonly reserved: boolean;
  /** Planned by the HR feed, which changes and ends no other. */
  readonly ofFeed: boolean;
}

export interface Person {
  readonly name: string;
  readonly holds: readonly Hold[];
  readonly leave: Leave | null;
  /** Held, also by people on leave who keep theirs or have one reserved. */
  readonly seat: boolean;
  readonly createdAt: number;
  readonly waitingSince: number | null;
  readonly deleted: boolean;
  /** Rises whenever access is lost. */
  readonly epoch: number;
  /** Every status so far, as the audit trail tells it. */
  readonly history: readonly string[];
}

export interface Directory {
  readonly licensed: number | null;
  readonly over: number;
  readonly policy: Policy;
  readonly reserveDays: number;
  /** The contract's one row by date. */
  readonly row: { readonly at: number; readonly licensed: number | null; readonly applied: boolean } | null;
  /** In the order of creation. */
  readonly people: readonly Person[];
}

/** `who` counts the people in order of creation. */
export type Operation =
  | { readonly kind: 'nothing' | 'recount' | 'queue' | 'relay' | 'sweep' }
  | { readonly kind: 'post'; readonly name: string; readonly connection: Connection; readonly active: boolean }
  | { readonly kind: 'patch'; readonly who: number; readonly connection: Connection; readonly active: boolean }
  | {
      readonly kind: 'put';
      readonly who: number;
      readonly connection: Connection;
      readonly name: string;
      readonly active: boolean;
    }
  | { readonly kind: 'delete'; readonly who: number }
  | { readonly kind: 'deactivate'; readonly who: number; readonly security: boolean }
  | {
      readonly kind: 'reactivate';
      readonly who: number;
      readonly lift: 'security' | null;
      readonly ifNoSeat: 'wait' | 'refuse' | null;
    }
  | { readonly kind: 'license'; readonly licensed: number | null }
  | { readonly kind: 'policy'; readonly policy: Policy; readonly over: number }
  | {
      readonly kind: 'leave';
      readonly who: number;
      /** 0: from now on. */
      readonly inDays: number;
      readonly days: number | null;
      readonly keep: boolean;
    }
  | { readonly kind: 'endLeave'; readonly who: number }
  | { readonly kind: 'reserve'; readonly days: number }
  | { readonly kind: 'row'; readonly inDays: number; readonly licensed: number | null }
  | { readonly kind: 'hr'; readonly who: number; readonly status: 'terminated' | 'active' }
  /** The feed reports an absence from that day on; with one that it has planned on those days, its new dates. */
  | { readonly kind: 'hrLeave'; readonly who: number; readonly inDays: number; readonly days: number | null }
  /** Time goes on, or the clock jumps back. */
  | { readonly kind: 'pass'; readonly hours: number };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Midnight, so many days from the one of `now`. */
export function midnight(now: number, days: number): number {
  return (Math.floor(now / dayMs) + days) * dayMs;
}

/** The first day of an absence, and the first one back. */
export function daysOf(
  { inDays, days }: { readonly inDays: number; readonly days: number | null },
  now: number,
): { readonly from: number; readonly until: number | null } {
  return { from: midnight(now, inDays), until: days === null ? null : midnight(now, inDays + days) };
}

/** What may come of an operation. With refusals one of them is answered and nothing changes. */
export interface Result {
  readonly refusals: readonly string[];
  /** The directory after each write of the operation; the last is the whole. Who dies on the way leaves one of them, or what was before. */
  readonly steps: readonly Directory[];
}

export function statusOf(person: Person): 'deleted' | 'inactive' | 'onLeave' | 'waiting' | 'scheduled' | 'active' {
  if (person.deleted) return 'deleted';
  if (person.holds.length > 0) return 'inactive';
  if (person.leave?.running === true) return 'onLeave';
  if (person.waitingSince !== null) return 'waiting';
  return person.leave === null ? 'active' : 'scheduled';
}

function isActive(person: Person): boolean {
  return ['active', 'scheduled'].includes(statusOf(person));
}

/** On leave and nothing else, with a seat to be had before the return. */
function isReserving(person: Person): boolean {
  return statusOf(person) === 'onLeave' && person.leave?.reserved === true;
}

export function usedSeats({ people }: Directory): number {
  return people.filter(({ seat }) => seat).length;
}

/** Who waits, longest first. */
export function queueOf({ people }: Directory): readonly number[] {
  const waiting = [...people.keys()].filter((who) => people[who]?.waitingSince !== null);
  const since = (who: number): number => people[who]?.waitingSince ?? 0;
  const created = (who: number): number => people[who]?.createdAt ?? 0;
  return waiting.toSorted((a, b) => since(a) - since(b) || created(a) - created(b));
}

/** What the operation does at the instant `now`, and what is due then. */
export function apply(directory: Directory, operation: Operation, now: number): Result {
  const { refusals, steps } = act(directory, operation, now);
  return { refusals, steps: steps.map((step) => catchUp(step, now)) };
}

function act(directory: Directory, operation: Operation, now: number): Result {
  const done = (...steps: Directory[]): Result => ({ refusals: [], steps: steps.map(promote) });
  switch (operation.kind) {
    case 'nothing':
    case 'recount':
    case 'queue':
    case 'relay':
    case 'sweep':
    case 'pass':
      return done(directory);
    case 'post': {
      const idp: Hold = `idp ${operation.connection}`;
      const who = directory.people.findIndex((person) => !person.deleted && person.name === operation.name);
      const known = directory.people[who];
      if (known === undefined) {
        const holds = operation.active ? [] : [idp];
        const fresh: Person = { ...nobody, name: operation.name, holds, createdAt: now };
        return write(directory, directory.people.length, null, fresh, now);
      }
      if (isActive(known)) return refuse('userNameTaken');
      return write(directory, who, known, { ...known, holds: setHold(known.holds, idp, !operation.active) }, now);
    }
    case 'patch':
      return change(directory, operation.who, now, (person) => ({
        holds: setHold(person.holds, `idp ${operation.connection}`, !operation.active),
      }));
    case 'put': {
      const result = change(directory, operation.who, now, (person) => ({
        name: operation.name,
        holds: setHold(person.holds, `idp ${operation.connection}`, !operation.active),
      }));
      const other = directory.people.some(
        (person, who) => who !== operation.who && !person.deleted && person.name === operation.name,
      );
      const gone = directory.people[operation.who]?.deleted ?? true;
      return other && !gone ? { refusals: [...result.refusals, 'userNameTaken'], steps: [] } : result;
    }
    case 'delete':
      return change(directory, operation.who, now, () => ({ deleted: true }));
    case 'deactivate':
      return change(directory, operation.who, now, (person) => ({
        holds: setHold(person.holds, operation.security ? 'security' : 'admin', true),
      }));
    case 'reactivate': {
      const lifted = (hold: Hold): boolean => (hold === 'security') === (operation.lift === 'security');
      const policy = operation.ifNoSeat ?? directory.policy;
      // Whoever lifts a leave's hold ends the leave.
      const leaveOf = ({ leave }: Person) => (operation.lift === null && leave?.running === true ? null : leave);
      const edit = (person: Person) => ({
        holds: person.holds.filter((hold) => !lifted(hold)),
        leave: leaveOf(person),
      });
      return change(directory, operation.who, now, edit, policy);
    }
    case 'license': {
      const over = directory.policy === 'allowOver' ? directory.over : 0;
      const next = { ...directory, licensed: operation.licensed, over };
      return isBelowUse(directory, next) ? refuse('belowUse') : done(next);
    }
    case 'policy': {
      const over = operation.policy === 'allowOver' ? operation.over : 0;
      const { policy } = operation;
      const next = { ...directory, over };
      if (isBelowUse(directory, next)) return refuse('belowUse');
      // Nothing is over without the policy that allows it, wherever it dies.
      const isAllowedNow = policy === 'allowOver' && directory.policy !== 'allowOver';
      return done(isAllowedNow ? { ...directory, policy } : next, { ...next, policy });
    }
    case 'leave': {
      const { inDays, days, keep } = operation;
      const leave: Leave = {
        from: inDays === 0 ? now : midnight(now, inDays),
        until: days === null ? null : midnight(now, inDays + days),
        keep,
        running: false,
        reserveDays: directory.reserveDays,
        reserved: false,
        ofFeed: false,
      };
      return change(directory, operation.who, now, () => ({ leave: inDays === 0 ? begin(leave, now) : leave }));
    }
    case 'endLeave':
      return change(directory, operation.who, now, () => ({ leave: null }));
    case 'reserve': {
      // One after the other, and each is written only if it differs.
      const next: Directory = { ...directory, reserveDays: operation.days };
      const moved = next.people.reduce((sum, person, who) => {
        if (person.leave === null || person.deleted || person.leave.reserveDays === operation.days) return sum;
        return change(sum, who, now, ({ leave }) => ({ leave: leave && { ...leave, reserveDays: operation.days } }))
          .steps[0]!;
      }, next);
      return done(moved);
    }
    case 'row': {
      const row = {
        at: midnight(now, operation.inDays),
        licensed: operation.licensed,
        applied: operation.inDays === 0,
      };
      const known = directory.row;
      const isKnown = known !== null && known.at === row.at && known.licensed === row.licensed;
      if (isKnown && (known.applied || !row.applied)) return done(directory);
      if (!row.applied) return done({ ...directory, row });
      const next = withLicensed(directory, row.licensed);
      return isBelowUse(directory, next) ? refuse('belowUse') : done(next, { ...next, row });
    }
    case 'hr':
      return change(
        directory,
        operation.who,
        now,
        ({ holds, leave }) => {
          const isTerminated = operation.status === 'terminated';
          // Its own absence is over with it; who comes in keeps the one that is ahead.
          const isOver = leave?.ofFeed === true && (isTerminated || leave.running);
          return { holds: setHold(holds, 'hr feed', isTerminated), leave: isOver ? null : leave };
        },
        'wait',
      );
    case 'hrLeave': {
      const { from, until } = daysOf(operation, now);
      const known = directory.people[operation.who]?.leave ?? null;
      const isGone = directory.people[operation.who]?.deleted ?? true;
      if (!isGone && known?.ofFeed === false) return refuse('leaveOverlaps');
      const fresh: Leave = {
        from,
        until,
        keep: false,
        running: false,
        reserveDays: directory.reserveDays,
        reserved: false,
        ofFeed: true,
      };
      const leave = known?.running === true ? { ...known, until } : from <= now ? begin(fresh, now) : fresh;
      // Who is away is employed.
      const edit = ({ holds }: Person) => ({ holds: from <= now ? setHold(holds, 'hr feed', false) : holds, leave });
      return change(directory, operation.who, now, edit, 'wait');
    }
    default:
      return operation satisfies never;
  }
}

const nobody: Person = {
  name: '',
  holds: [],
  leave: null,
  seat: false,
  createdAt: 0,
  waitingSince: null,
  deleted: false,
  epoch: 1,
  history: [],
};

/** What is due at `now`, in the order in which it was; at the instant of a row of the contract first what gives seats back, then the row, then the rest. */
export function catchUp(directory: Directory, now: number): Directory {
  const { row } = directory;
  if (row === null || row.applied || row.at > now) return promote(runLeaves(directory, now, Infinity));
  const before = promote(runLeaves(directory, now, row.at));
  const renewed = promote({ ...withLicensed(before, row.licensed), row: { ...row, applied: true } });
  return promote(runLeaves(renewed, now, Infinity));
}

function runLeaves(directory: Directory, now: number, until: number): Directory {
  let current = directory;
  const due = [...current.people.keys()]
    .flatMap((who) => {
      const at = dueAt(current.people[who]!);
      return at !== null && at <= Math.min(now, until) ? [{ who, at }] : [];
    })
    .toSorted((a, b) => a.at - b.at || inTurn(current.people[a.who]!, current.people[b.who]!));
  for (let next = due.shift(); next !== undefined; next = due.shift()) {
    const { who } = next;
    if (next.at === until && !isActive(current.people[who]!)) return current;
    current = change(current, who, now, ({ leave }) => ({ leave: leave && moveOn(leave, now) }), 'wait').steps[0]!;
    const at = dueAt(current.people[who]!);
    if (at === null || at > Math.min(now, until)) continue;
    const place = due.findIndex((other) => other.at > at);
    due.splice(place === -1 ? due.length : place, 0, { who, at });
  }
  return current;
}

/** Of what is due at one instant, active people come first: their seats are free before a return needs one. */
function inTurn(a: Person, b: Person): number {
  return Number(isActive(b)) - Number(isActive(a)) || a.createdAt - b.createdAt;
}

/** When something is due of a person's leave next. */
function dueAt({ leave, deleted }: Person): number | null {
  if (leave === null || deleted) return null;
  if (!leave.running) return leave.from;
  return leave.reserved ? leave.until : (reservesAt(leave) ?? leave.until);
}

function reservesAt({ until, keep, reserveDays }: Leave): number | null {
  return until === null || keep || reserveDays === 0 ? null : until - reserveDays * dayMs;
}

/** One step: begun, with a seat reserved, or over; over at once where it was past before anybody came to it. */
function moveOn(leave: Leave, now: number): Leave | null {
  if (!leave.running) return (leave.until ?? Infinity) <= now ? null : begin(leave, now);
  return !leave.reserved && reservesAt(leave) !== null ? { ...leave, reserved: true } : null;
}

function begin(leave: Leave, now: number): Leave {
  return { ...leave, running: true, reserved: (reservesAt(leave) ?? Infinity) <= now };
}

function withLicensed(directory: Directory, licensed: number | null): Directory {
  return { ...directory, licensed, over: directory.policy === 'allowOver' ? directory.over : 0 };
}

/** What makes nothing narrower is not refused. */
function isBelowUse(before: Directory, after: Directory): boolean {
  const limit = ({ licensed }: Directory): number => licensed ?? Number.MAX_SAFE_INTEGER;
  const isNarrower = limit(after) < limit(before) || after.over < before.over;
  return isNarrower && usedSeats(after) > limitOf(after);
}

function limitOf({ licensed, over }: Directory): number {
  return licensed === null ? Number.POSITIVE_INFINITY : licensed + over;
}

function refuse(code: string): Result {
  return { refusals: [code], steps: [] };
}

function setHold(holds: readonly Hold[], hold: Hold, present: boolean): readonly Hold[] {
  const others = holds.filter((one) => one !== hold);
  return present ? [...others, hold] : others;
}

function change(
  directory: Directory,
  who: number,
  now: number,
  edit: (person: Person) => Partial<Person>,
  policy = directory.policy,
): Result {
  const before = directory.people[who];
  if (before === undefined || before.deleted) return refuse('userNotFound');
  return write(directory, who, before, { ...before, ...edit(before) }, now, policy);
}

/**
 * Who may come in needs a seat that nobody waits for, and so does who has one reserved; who is kept out gives theirs back, but for a leave that keeps
 * it. Who waits goes on waiting. One whose return is not near any more reserves nothing.
 */
function write(
  directory: Directory,
  who: number,
  before: Person | null,
  edited: Person,
  now: number,
  policy = directory.policy,
): Result {
  const { leave } = edited;
  const isEarly = leave?.running === true && leave.reserved && (reservesAt(leave) ?? Infinity) > now;
  const wanted = isEarly ? { ...edited, leave: { ...leave, reserved: false } } : edited;
  const isOut = wanted.holds.length > 0 || wanted.deleted || wanted.leave?.running === true;
  const keeps = isReserving(wanted) || (statusOf(wanted) === 'onLeave' && wanted.leave?.keep === true);
  const isFree = queueOf(directory).length === 0 && usedSeats(directory) < limitOf(directory);
  let after = wanted;
  if (wanted.seat) after = { ...wanted, seat: !isOut || keeps };
  else if (wanted.waitingSince !== null)
    after = isOut && !isReserving(wanted) ? { ...wanted, waitingSince: null } : wanted;
  else if (isReserving(wanted)) after = isFree ? { ...wanted, seat: true } : { ...wanted, waitingSince: now };
  else if (!isOut) {
    if (!isFree && policy === 'refuse') return refuse('noFreeSeat');
    after = isFree ? { ...wanted, seat: true } : { ...wanted, waitingSince: now };
  }
  if (before !== null && isActive(before) && !isActive(after)) after = { ...after, epoch: after.epoch + 1 };
  return { refusals: [], steps: [promote(replace(directory, who, after))] };
}

/** Nobody waits beside a free seat: it goes to whoever waits longest. */
function promote(directory: Directory): Directory {
  const [first] = queueOf(directory);
  const person = first === undefined ? undefined : directory.people[first];
  if (first === undefined || person === undefined || usedSeats(directory) >= limitOf(directory)) return directory;
  return promote(replace(directory, first, { ...person, seat: true, waitingSince: null }));
}

function replace(directory: Directory, who: number, person: Person): Directory {
  const status = statusOf(person);
  const history = person.history.at(-1) === status ? person.history : [...person.history, status];
  return { ...directory, people: directory.people.toSpliced(who, 1, { ...person, history }) };
}
