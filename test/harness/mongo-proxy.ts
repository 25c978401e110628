/**
 * A TCP proxy in front of a MongoDB-compatible server that makes the network misbehave on request: cut, drop, hold,
 * delay, refuse, pause, one command at a time. Leaves reading the wire to mongo-wire.ts and knows nothing of Furlough.
 * Design: "A MongoDB for tests"; the faults stand in for mongod's failCommand.
 */
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { parseMongoUri, throughHost, withDatabase } from './mongo-uri.ts';
import { createFrameReader, readCommand, type WireCommand, type WireMessage } from './mongo-wire.ts';

/** Which command a fault waits for: counted from the moment the fault is set, over all connections. */
export type CommandMatch = {
  /** Command name as on the wire (`find`, `update`, `insert`, `findAndModify`, …); absent: any but the handshake's. */
  readonly command?: string | readonly string[];
  readonly collection?: string;
  /** The n-th match is hit; 1 if absent. */
  readonly nth?: number;
  /** How many matches in a row are hit from there; 1 if absent, Infinity for all. */
  readonly times?: number;
};

/** A fault that has been set. It stops by itself after `times` hits. */
export type Fault = {
  /** Resolves when the fault first strikes: "before" faults while the server has not seen the command, "after" faults when it has answered. */
  readonly struck: Promise<void>;
  readonly hits: number;
  cancel(): void;
};

/** A fault that keeps the command back until `release()`. */
export type Hold = Fault & { release(): void };

export type MongoProxy = AsyncDisposable & {
  readonly port: number;
  /** Commands that came from clients, in the order of arrival, without the handshake's. */
  readonly commands: readonly WireCommand[];
  /** The target's connection string through the proxy, with another database if one is named. */
  uri(database?: string): string;
  /** Cuts the connection instead of handing the command on: the server never sees it. */
  cutBefore(match: CommandMatch): Fault;
  /** Hands the command on, waits for the server's answer, and cuts the connection instead of passing it back. */
  cutAfter(match: CommandMatch): Fault;
  /** Hands the command on and swallows the answer; the connection stays open and silent. */
  dropAnswer(match: CommandMatch): Fault;
  /** Keeps the command back until released; other connections go on. */
  hold(match: CommandMatch): Hold;
  /** Keeps the answer back until released: the server has carried the command out, nobody knows. */
  holdAnswer(match: CommandMatch): Hold;
  /** Hands the command on after a while, in milliseconds. */
  delay(match: CommandMatch, milliseconds: number): Fault;
  /** Refuses new connections; `cutPresent` also ends those there are. */
  refuse(options?: { readonly cutPresent?: boolean }): void;
  /** Takes new connections again. */
  accept(): void;
  /** Lets nothing through in either direction, connections stay open. */
  pause(): void;
  resume(): void;
  /** Cancels every fault, releases every hold, accepts and resumes. */
  heal(): void;
  close(): Promise<void>;
};

type Strike = {
  readonly before?: (connection: Connection) => Promise<boolean> | boolean;
  readonly after?: (connection: Connection) => Promise<boolean> | boolean;
};
type Rule = { readonly match: CommandMatch; readonly strike: Strike; seen: number; hits: number; onStrike: () => void };
type Pending = { readonly strikes: readonly Rule[]; readonly done: () => void };
type Connection = { readonly client: Socket; readonly server: Socket; readonly pending: Map<number, Pending> };

const handshake = new Set(['hello', 'isMaster', 'ismaster', 'ping', 'endSessions']);

/**
 * Listens on a loopback port and forwards to the (first) host of the connection string `target`.
 * @param options.oneAtATime lets one command through, answer included, before the next: for servers whose updates are not atomic.
 */
export async function startMongoProxy(
  target: string,
  options: { readonly oneAtATime?: boolean } = {},
): Promise<MongoProxy> {
  const [host] = parseMongoUri(target).hosts;
  if (!host) throw new Error('the connection string names no host');
  const rules = new Set<Rule>();
  const holds = new Set<() => void>();
  const connections = new Set<Connection>();
  const commands: WireCommand[] = [];
  let refusing = false;
  let gate: { readonly open: Promise<void>; readonly release: () => void } | undefined;
  let turn: Promise<void> = Promise.resolve();

  const listener = createServer((client) => {
    if (refusing) {
      client.on('error', () => {}).resetAndDestroy();
      return;
    }
    const server = connect(host);
    const connection: Connection = { client, server, pending: new Map() };
    connections.add(connection);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {}).on('close', () => cut(connection));
    }
    forward(client, (message) => sendOn(connection, message));
    forward(server, (message) => sendBack(connection, message));
  });

  function cut(connection: Connection): false {
    connection.client.destroy();
    connection.server.destroy();
    connections.delete(connection);
    for (const { done } of connection.pending.values()) done();
    connection.pending.clear();
    return false;
  }

  /** Messages of one direction are handled strictly one after the other, as TCP would deliver them. */
  function forward(source: Socket, handle: (message: WireMessage) => Promise<void>): void {
    const read = createFrameReader();
    let last: Promise<void> = Promise.resolve();
    source.on('data', (chunk: Buffer) => {
      for (const message of read(chunk)) last = last.then(() => handle(message));
    });
  }

  async function sendOn(connection: Connection, message: WireMessage): Promise<void> {
    const command = readCommand(message);
    const isHandshake = handshake.has(command.name);
    if (!isHandshake) commands.push(command);
    const struck = [...rules].filter((rule) => hitsNow(rule, command, isHandshake));
    for (const rule of struck) {
      if (!rule.strike.before) continue;
      rule.onStrike();
      if (!(await rule.strike.before(connection))) return;
    }
    let done = (): void => {};
    if (options.oneAtATime && !isHandshake) {
      const previous = turn;
      turn = new Promise((resolve) => (done = resolve));
      await previous;
    }
    await gate?.open;
    if (connection.client.destroyed) return done();
    connection.pending.set(message.requestId, { strikes: struck, done });
    connection.server.write(message.bytes);
  }

  async function sendBack(connection: Connection, message: WireMessage): Promise<void> {
    const pending = connection.pending.get(message.responseTo);
    connection.pending.delete(message.responseTo);
    pending?.done();
    for (const rule of pending?.strikes ?? []) {
      if (!rule.strike.after) continue;
      rule.onStrike();
      if (!(await rule.strike.after(connection))) return;
    }
    await gate?.open;
    if (!connection.client.destroyed) connection.client.write(message.bytes);
  }

  function set(match: CommandMatch, strike: Strike): Fault {
    let onStrike = (): void => {};
    const struck = new Promise<void>((resolve) => (onStrike = resolve));
    const rule: Rule = { match, strike, seen: 0, hits: 0, onStrike };
    rules.add(rule);
    return {
      struck,
      get hits() {
        return rule.hits;
      },
      cancel: () => void rules.delete(rule),
    };
  }

  function setHold(match: CommandMatch, when: 'before' | 'after'): Hold {
    let open = (): void => {};
    const released = new Promise<void>((resolve) => (open = resolve));
    const release = (): void => {
      holds.delete(release);
      open();
    };
    holds.add(release);
    const fault = set(match, { [when]: () => released.then(() => true) });
    return Object.defineProperties({ release } as Hold, Object.getOwnPropertyDescriptors(fault));
  }

  const proxy: Omit<MongoProxy, 'port' | 'uri'> = {
    commands,
    cutBefore: (match) => set(match, { before: cut }),
    cutAfter: (match) => set(match, { after: cut }),
    dropAnswer: (match) => set(match, { after: () => false }),
    hold: (match) => setHold(match, 'before'),
    holdAnswer: (match) => setHold(match, 'after'),
    delay: (match, milliseconds) => set(match, { before: () => wait(milliseconds, true) }),
    refuse({ cutPresent = false } = {}) {
      refusing = true;
      if (cutPresent) for (const connection of connections) cut(connection);
    },
    accept() {
      refusing = false;
    },
    pause() {
      if (gate) return;
      let release = (): void => {};
      const open = new Promise<void>((resolve) => (release = resolve));
      gate = { open, release };
    },
    resume() {
      gate?.release();
      gate = undefined;
    },
    heal() {
      rules.clear();
      for (const release of holds) release();
      proxy.accept();
      proxy.resume();
    },
    async close() {
      proxy.heal();
      for (const connection of connections) cut(connection);
      await new Promise<void>((resolve) => listener.close(() => resolve()));
    },
    [Symbol.asyncDispose]: () => proxy.close(),
  };

  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  const { port } = address;
  return Object.assign(proxy, {
    port,
    uri: (database?: string) =>
      throughHost(database === undefined ? target : withDatabase(target, database), '127.0.0.1', port),
  });
}

function hitsNow(rule: Rule, command: WireCommand, isHandshake: boolean): boolean {
  const { command: names, collection, nth = 1, times = 1 } = rule.match;
  if (names === undefined ? isHandshake : ![names].flat().includes(command.name)) return false;
  if (collection !== undefined && collection !== command.collection) return false;
  rule.seen += 1;
  if (rule.seen < nth || rule.seen >= nth + times) return false;
  rule.hits += 1;
  return true;
}
