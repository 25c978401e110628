/**
 * A directory so simple that it can be checked by eye: people with holds, a number of seats, a queue. What the real write side does must
 * look the same from outside, whatever happens to its process on the way (directory-history.test.ts; model.md, "Status", "Seats").
 */

export type Policy = 'wait' | 'refuse' | 'allowOver';
export type Connection = 'okta' | 'entra';
/** Why someone is not active; waiting for a seat is told by `waitingSince`. */
export type Hold = `idp ${Connection}` | 'admin' | 'security';

export interface Person {
  readonly name: string;
  readonly holds: readonly Hold[];
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
  | { readonly kind: 'policy'; readonly policy: Policy; readonly over: number };

/** What may come of an operation. With refusals one of them is answered and nothing changes. */
export interface Result {
  readonly refusals: readonly string[];
  /** The directory after each write of the operation; the last is the whole. Who dies on the way leaves one of them, or what was before. */
  readonly steps: readonly Directory[];
}

export function statusOf(person: Person): 'deleted' | 'inactive' | 'waiting' | 'active' {
  if (person.deleted) return 'deleted';
  if (person.holds.length > 0) return 'inactive';
  return person.waitingSince === null ? 'active' : 'waiting';
}

export function usedSeats({ people }: Directory): number {
  return people.filter((person) => statusOf(person) === 'active').length;
}

/** Who waits, longest first. */
export function queueOf({ people }: Directory): readonly number[] {
  const waiting = [...people.keys()].filter((who) => people[who]?.waitingSince !== null);
  return waiting.toSorted((a, b) => (people[a]?.waitingSince ?? 0) - (people[b]?.waitingSince ?? 0) || a - b);
}

/** What the operation does at the instant `now`. */
export function apply(directory: Directory, operation: Operation, now: number): Result {
  const done = (...steps: Directory[]): Result => ({ refusals: [], steps: steps.map(promote) });
  switch (operation.kind) {
    case 'nothing':
    case 'recount':
    case 'queue':
    case 'relay':
    case 'sweep':
      return done(directory);
    case 'post': {
      const idp: Hold = `idp ${operation.connection}`;
      const who = directory.people.findIndex((person) => !person.deleted && person.name === operation.name);
      const known = directory.people[who];
      if (known === undefined) {
        const holds = operation.active ? [] : [idp];
        const fresh = { name: operation.name, holds, waitingSince: null, deleted: false, epoch: 1, history: [] };
        return write(directory, directory.people.length, null, fresh, now);
      }
      if (statusOf(known) === 'active') return refuse('userNameTaken');
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
      const edit = (person: Person) => ({ holds: person.holds.filter((hold) => !lifted(hold)) });
      return change(directory, operation.who, now, edit, policy);
    }
    case 'license': {
      const over = directory.policy === 'allowOver' ? directory.over : 0;
      const next = { ...directory, licensed: operation.licensed, over };
      return usedSeats(next) > limitOf(next) ? refuse('belowUse') : done(next);
    }
    case 'policy': {
      const over = operation.policy === 'allowOver' ? operation.over : 0;
      const next = { ...directory, over };
      return usedSeats(next) > limitOf(next) ? refuse('belowUse') : done(next, { ...next, policy: operation.policy });
    }
    default:
      return operation satisfies never;
  }
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

/** Who is held or deleted does not wait; who waits goes on waiting; who becomes active needs a seat that nobody waits for. */
function write(
  directory: Directory,
  who: number,
  before: Person | null,
  wanted: Person,
  now: number,
  policy = directory.policy,
): Result {
  let after = wanted;
  if (wanted.holds.length > 0 || wanted.deleted) after = { ...wanted, waitingSince: null };
  else if (before === null || statusOf(before) === 'inactive') {
    const isFree = queueOf(directory).length === 0 && usedSeats(directory) < limitOf(directory);
    if (!isFree && policy === 'refuse') return refuse('noFreeSeat');
    if (!isFree) after = { ...wanted, waitingSince: now };
  }
  if (before !== null && statusOf(before) === 'active' && statusOf(after) !== 'active')
    after = { ...after, epoch: after.epoch + 1 };
  return { refusals: [], steps: [promote(replace(directory, who, after))] };
}

/** Nobody waits beside a free seat: it goes to whoever waits longest. */
function promote(directory: Directory): Directory {
  const [first] = queueOf(directory);
  const person = first === undefined ? undefined : directory.people[first];
  if (first === undefined || person === undefined || usedSeats(directory) >= limitOf(directory)) return directory;
  return promote(replace(directory, first, { ...person, waitingSince: null }));
}

function replace(directory: Directory, who: number, person: Person): Directory {
  const status = statusOf(person);
  const history = person.history.at(-1) === status ? person.history : [...person.history, status];
  return { ...directory, people: directory.people.toSpliced(who, 1, { ...person, history }) };
}
