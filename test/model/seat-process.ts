// The processes of the model: each runs one operation as a row of requests, exactly as storage/mongo sends them. A process is plain data, so that
// the explorer can copy it; `next` says what it sends, `receive` what it becomes by an answer, or by `lost` when none came.

import type { Flaw, Intent, ModelUser, Reply, Request } from './seat-protocol.ts';

export type Operation =
  | { readonly kind: 'take'; readonly user: number; readonly to?: number }
  | { readonly kind: 'transfer'; readonly user: number; readonly to: number }
  | { readonly kind: 'lockOut'; readonly user: number }
  | { readonly kind: 'sweep'; readonly user: number }
  | { readonly kind: 'recount' };

type At =
  | 'start'
  | 'taking'
  | 'activating'
  | 'transferring'
  | 'charging'
  | 'conceding'
  | 'closing'
  | 'lockingOut'
  | 'announcing'
  | 'givingUp'
  | 'fencing'
  | 'reading'
  | 'counting'
  | 'setting'
  | 'done'
  | 'dead';

export interface Process {
  readonly operation: Operation;
  readonly at: At;
  readonly revision: number;
  /** The process's own intent; 0: none yet. */
  readonly id: number;
  /** The budget that the user was charged to when it was read. */
  readonly charge: number | null;
  /** The intent being settled or conceded, and what became of the user's step. */
  readonly settling: Intent | null;
  readonly applied: boolean;
  /** Where to go on after closing. */
  readonly then: 'done' | 'release';
  readonly version: number;
  readonly counted: readonly number[];
  /** Releases begun so far; after `maximumRounds` the rest is left to the sweep, as in storage/mongo. */
  readonly rounds: number;
}

const maximumRounds = 2;

export function createProcess(operation: Operation): Process {
  return {
    operation,
    at: 'start',
    revision: 0,
    id: 0,
    charge: null,
    settling: null,
    applied: false,
    then: 'done',
    version: 0,
    counted: [],
    rounds: 0,
  };
}

export function isOver({ at }: Process): boolean {
  return at === 'done' || at === 'dead';
}

/** What the process sends next; `freshId` for an intent that begins now. */
export function next(process: Process, freshId: number, flaws: ReadonlySet<Flaw>): readonly [Process, Request] {
  const user = 'user' in process.operation ? process.operation.user : 0;
  const own = (): Process => ({ ...process, id: freshId });
  switch (process.at) {
    case 'start':
      return [process, process.operation.kind === 'recount' ? { do: 'readLedger' } : { do: 'readUser', user }];
    case 'taking': {
      const begun = own();
      return [begun, { do: 'takeSeat', user, id: begun.id, to: goalOf(process) }];
    }
    case 'activating':
      return [process, { do: 'activate', user, revision: process.revision, intent: ownIntent(process, 'take') }];
    case 'transferring': {
      const begun = own();
      return [begun, { do: 'transfer', user, intent: ownIntent(begun, 'transfer') }];
    }
    case 'charging':
      return [process, { do: 'charge', user, revision: process.revision, intent: ownIntent(process, 'transfer') }];
    case 'conceding':
    case 'reading':
      return [process, { do: 'readUser', user }];
    case 'closing':
      return [process, { do: 'close', user, id: process.settling?.id ?? process.id, applied: process.applied }];
    case 'lockingOut':
      return [process, { do: 'lockOut', user, revision: process.revision }];
    case 'announcing': {
      const begun = own();
      return [begun, { do: 'announce', user, id: begun.id, from: process.charge }];
    }
    case 'givingUp':
      return [process, { do: 'giveUp', user, revision: process.revision, id: process.id }];
    case 'fencing':
      return [process, flaws.has('readBeforeFence') ? { do: 'readUser', user } : { do: 'fence', user }];
    case 'counting':
      return [process, { do: 'countHolders' }];
    case 'setting':
      return [process, { do: 'setUsed', version: process.version, used: process.revision, charged: process.counted }];
    default:
      throw new RangeError(`a process that is ${process.at} sends nothing`);
  }
}

/** The process after the answer. */
export function receive(process: Process, reply: Reply, flaws: ReadonlySet<Flaw>): Process {
  const done: Process = { ...process, at: 'done' };
  switch (process.at) {
    case 'start':
      if (reply.kind === 'ledger') return reply.moving ? done : { ...process, at: 'counting', version: reply.version };
      return reply.kind === 'user' ? begin(process, reply.user) : done;
    case 'taking':
      if (reply.kind === 'busy') return settle(process, reply.intent, 'done');
      return reply.kind === 'ok' ? { ...process, at: 'activating' } : done;
    case 'activating':
      if (reply.kind === 'user') return close(process, ownIntent(process, 'take'), true, 'done');
      // A revision that has passed never comes again, a name may become free: only the first is an answer for good.
      if (reply.kind === 'nameTaken' && !flaws.has('takenNameIsConceded'))
        return settle(process, ownIntent(process, 'take'), 'done');
      return concede(process, ownIntent(process, 'take'), 'done');
    case 'transferring':
      if (reply.kind === 'busy') return settle(process, reply.intent, 'done');
      return reply.kind === 'ok' ? { ...process, at: 'charging' } : done;
    case 'charging':
      if (reply.kind === 'user') return close(process, ownIntent(process, 'transfer'), true, 'done');
      return concede(process, ownIntent(process, 'transfer'), 'done');
    case 'lockingOut':
      return reply.kind === 'user' ? announceAfter(process, reply.user) : done;
    case 'announcing':
      if (reply.kind === 'busy') return settle(process, reply.intent, 'release');
      return { ...process, at: 'givingUp' };
    case 'givingUp':
      if (reply.kind === 'user') return close(process, ownIntent(process, 'giveBack'), true, 'done');
      return concede(process, ownIntent(process, 'giveBack'), 'release');
    case 'conceding':
    case 'fencing':
      return reply.kind === 'user' ? judge(process, reply.user) : done;
    case 'closing':
      return process.then === 'release' && process.rounds < maximumRounds
        ? { ...process, at: 'reading', settling: null, rounds: process.rounds + 1 }
        : done;
    case 'reading':
      return reply.kind === 'user' && reply.user.seat === 'releasing' ? announceAfter(process, reply.user) : done;
    case 'counting':
      return reply.kind === 'holders'
        ? { ...process, at: 'setting', revision: reply.count, counted: reply.charged }
        : done;
    default:
      return done;
  }
}

/** No answer came: the request may have been applied, may never be, or may be applied later. */
export function lose(process: Process, flaws: ReadonlySet<Flaw>): Process {
  if (process.at === 'charging') return settle(process, ownIntent(process, 'transfer'), 'done');
  if (process.at === 'activating') {
    if (flaws.has('lostIsConceded')) return concede(process, ownIntent(process, 'take'), 'done');
    return flaws.has('lostMeansNotApplied')
      ? close(process, ownIntent(process, 'take'), false, 'done')
      : settle(process, ownIntent(process, 'take'), 'done');
  }
  if (process.at === 'givingUp') return settle(process, ownIntent(process, 'giveBack'), 'release');
  // Everything else is left to whoever meets it: an error to the caller, and the sweep.
  return { ...process, at: 'done' };
}

function begin(process: Process, user: ModelUser): Process {
  const read: Process = { ...process, revision: user.revision, charge: user.charge };
  const over: Process = { ...process, at: 'done' };
  switch (process.operation.kind) {
    case 'take':
      if (user.active || user.tombstone) return over;
      return user.seat === 'releasing' ? { ...read, at: 'announcing' } : { ...read, at: 'taking' };
    case 'transfer':
      return user.seat === 'held' ? { ...read, at: 'transferring' } : over;
    case 'lockOut':
      return user.active ? { ...read, at: 'lockingOut' } : over;
    case 'sweep':
      return user.seat === 'releasing' ? { ...read, at: 'announcing' } : over;
    default:
      return over;
  }
}

function settle(process: Process, intent: Intent, then: Process['then']): Process {
  return { ...process, at: 'fencing', settling: intent, then };
}

/** The step is over for good: reading without a fence is enough. */
function concede(process: Process, intent: Intent, then: Process['then']): Process {
  return { ...process, at: 'conceding', settling: intent, then };
}

function judge(process: Process, user: ModelUser): Process {
  const intent = process.settling ?? ownIntent(process, 'take');
  return close(process, intent, user.stamp === intent.id, process.then);
}

function close(process: Process, intent: Intent, applied: boolean, then: Process['then']): Process {
  return { ...process, at: 'closing', settling: intent, applied, then };
}

function announceAfter(process: Process, { revision, charge }: ModelUser): Process {
  return { ...process, at: 'announcing', settling: null, revision, charge };
}

function ownIntent(process: Process, kind: Intent['kind']): Intent {
  const from = kind === 'take' ? null : process.charge;
  return { id: process.id, kind, from, to: kind === 'giveBack' ? null : goalOf(process) };
}

function goalOf({ operation }: Process): number | null {
  return 'to' in operation ? (operation.to ?? null) : null;
}
