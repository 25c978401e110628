// Walks through every state the model can reach: every order of steps, every crash, every lost answer, every late request.

import { createProcess, isOver, lose, next, receive, type Operation, type Process } from './seat-process.ts';
import { apply, countHolders, type Documents, type Flaw, type Request } from './seat-protocol.ts';

export interface Scene {
  readonly licensed: number;
  /** `true`: exists and is inactive; `active`: active with a seat; `new`: not inserted yet. */
  readonly users: readonly ('inactive' | 'active' | 'new')[];
  readonly operations: readonly Operation[];
  /** The limit of each budget; whoever is active at first is charged to the first one. */
  readonly budgets?: readonly number[];
  /** How many crashes, lost answers and late requests may happen in one history. */
  readonly mishaps: number;
  readonly flaws?: readonly Flaw[];
}

export interface Exploration {
  readonly states: number;
  /** The first state that breaks a rule, with the steps that lead there; null when none does. */
  readonly violation: { readonly rule: string; readonly history: readonly string[] } | null;
}

interface State {
  readonly documents: Documents;
  readonly processes: readonly Process[];
  readonly late: readonly Request[];
  readonly mishaps: number;
  readonly ids: number;
}

interface Visited {
  readonly state: State;
  readonly from: Visited | null;
  readonly step: string;
}

export function explore(scene: Scene): Exploration {
  const flaws = new Set(scene.flaws ?? []);
  const first: Visited = { state: openingState(scene), from: null, step: 'start' };
  const seen = new Set([JSON.stringify(first.state)]);
  const open: Visited[] = [first];
  for (let visited = open.pop(); visited !== undefined; visited = open.pop()) {
    if (seen.size > 5_000_000) throw new RangeError('too many states');
    const rule = brokenRule(visited.state, scene, flaws);
    if (rule !== null) return { states: seen.size, violation: { rule, history: historyOf(visited) } };
    for (const [step, state] of successors(visited.state, flaws)) {
      const key = JSON.stringify(state);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push({ state, from: visited, step });
    }
  }
  return { states: seen.size, violation: null };
}

function openingState({ licensed, users, operations, mishaps, budgets = [] }: Scene): State {
  const used = users.filter((user) => user === 'active').length;
  return {
    documents: {
      used,
      free: licensed - used,
      charged: budgets.map((_limit, budget) => (budget === 0 ? used : 0)),
      limits: budgets,
      version: 0,
      intents: users.map(() => null),
      users: users.map((user) => ({
        revision: 1,
        active: user === 'active',
        seat: user === 'active' ? 'held' : 'none',
        stamp: 0,
        charge: user === 'active' && budgets.length > 0 ? 0 : null,
        exists: user !== 'new',
        tombstone: false,
      })),
    },
    processes: operations.map(createProcess),
    late: [],
    mishaps,
    ids: 0,
  };
}

function* successors(state: State, flaws: ReadonlySet<Flaw>): Generator<readonly [string, State]> {
  for (const [at, process] of state.processes.entries()) {
    if (isOver(process)) continue;
    const [sending, request] = next(process, state.ids + 1, flaws);
    const sent: State = { ...state, ids: Math.max(state.ids, sending.id) };
    const [documents, reply] = apply(state.documents, request, flaws);
    const name = `${at}:${request.do}`;
    yield [name, { ...sent, documents, processes: replace(state, at, receive(sending, reply, flaws)) }];
    const refused = request.do === 'activate' ? receive(sending, { kind: 'nameTaken' }, flaws) : null;
    if (refused !== null) yield [`${name}, name taken`, { ...sent, processes: replace(state, at, refused) }];
    if (state.mishaps === 0) continue;
    const worse: State = { ...sent, mishaps: state.mishaps - 1 };
    const dead: Process = { ...sending, at: 'dead' };
    const lost = lose(sending, flaws);
    yield [`${name} applied, answer lost`, { ...worse, documents, processes: replace(state, at, lost) }];
    yield [`${name} applied, sender dies`, { ...worse, documents, processes: replace(state, at, dead) }];
    yield [`${name} dies before`, { ...worse, processes: replace(state, at, dead) }];
    if (request.do === 'readUser' || request.do === 'readLedger' || request.do === 'countHolders') continue;
    const late = [...state.late, request];
    yield [`${name} under way, sender gives up`, { ...worse, late, processes: replace(state, at, lost) }];
    yield [`${name} under way, sender dies`, { ...worse, late, processes: replace(state, at, dead) }];
    if (refused !== null)
      yield [`${name} under way, sent again, name taken`, { ...worse, late, processes: replace(state, at, refused) }];
  }
  for (const [at, request] of state.late.entries()) {
    const [documents] = apply(state.documents, request, flaws);
    yield [`late ${request.do}`, { ...state, documents, late: state.late.toSpliced(at, 1) }];
  }
}

function replace(state: State, at: number, process: Process): readonly Process[] {
  return state.processes.map((present, index) => (index === at ? process : present));
}

/** model.md: active <= holders <= used <= licensed at every moment, and holders == used once nothing is under way and the sweep has run. */
function brokenRule(state: State, { licensed, operations }: Scene, flaws: ReadonlySet<Flaw>): string | null {
  const { documents } = state;
  const active = documents.users.filter((user) => user.active).length;
  const { count: holders, charged } = countHolders(documents);
  if (documents.users.some((user) => user.active && user.seat !== 'held')) return 'an active user holds a seat';
  if (documents.used + documents.free !== licensed) return 'used and free add up';
  if (!(active <= holders && holders <= documents.used && documents.used <= licensed))
    return 'active <= holders <= used <= licensed';
  if (charged.some((number, budget) => number > (documents.charged[budget] ?? 0))) return 'charged <= counted';
  const mayPass = operations.some(({ kind }) => kind === 'transfer');
  if (!mayPass && documents.charged.some((number, budget) => number > (documents.limits[budget] ?? 0)))
    return 'no take passes the limit of a budget';
  if (!state.processes.every(isOver) || state.late.length > 0) return null;
  const swept = sweep(state, flaws);
  const left = countHolders(swept);
  if (JSON.stringify(left.charged) !== JSON.stringify(swept.charged))
    return 'charged == counted once nothing is under way';
  if (left.count !== swept.used) return 'holders == used once nothing is under way';
  return swept.intents.every((intent) => intent === null) ? null : 'no intent is left';
}

/** The sweep, undisturbed: settles every intent, then finishes every release. */
function sweep(state: State, flaws: ReadonlySet<Flaw>): Documents {
  let { documents } = state;
  let ids = state.ids;
  const run = (process: Process): void => {
    let running = process;
    for (let steps = 0; !isOver(running) && steps < 100; steps += 1) {
      const [sending, request] = next(running, ids + 1, flaws);
      ids = Math.max(ids, sending.id);
      const [after, reply] = apply(documents, request, flaws);
      documents = after;
      running = receive(sending, reply, flaws);
    }
  };
  for (const user of documents.users.keys()) {
    const intent = documents.intents[user] ?? null;
    const idle = createProcess({ kind: 'sweep', user });
    if (intent !== null) run({ ...idle, at: 'fencing', settling: intent, then: 'release' });
    run(idle);
  }
  return documents;
}

function historyOf(visited: Visited): readonly string[] {
  const steps: string[] = [];
  for (let at: Visited | null = visited; at !== null; at = at.from) steps.push(at.step);
  return steps.reverse();
}
