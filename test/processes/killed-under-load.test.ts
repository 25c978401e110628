// K01 for the whole server: killed at any moment under load and started again, it has lost nothing it acknowledged, lets nobody in it locked
// out, carries out each effect once, and its seats add up.

import type { AuditEntry } from '#storage/audit-store.ts';
import { eventually } from '../harness/eventually.ts';
import { describeWithMongo } from '../harness/mongo-for-tests.ts';
import type { StorageKind } from '../harness/running-server.ts';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  newUser,
  openSessionOf,
  organization,
  patchActive,
  startServerProcess,
  type ProcessStore,
  type ServerProcess,
} from '../harness/server-process.ts';
import { runsOn } from '../harness/test-scale.ts';

const licensed = 6;
const people = 8;

/** What the test knows of one person: the last state a 2xx acknowledged, and what may have come true besides. */
interface Known {
  readonly id: string;
  active: boolean;
  /** A request whose answer never came: it may have happened. */
  unsure: boolean | undefined;
  deleted: boolean;
  /** Cookies that are dead for good, for an acknowledged deactivation came after them. */
  readonly dead: string[];
  /** Acknowledged changes, by their audit action. */
  readonly acknowledged: Record<string, number>;
}

describe('on SQLite', () => {
  suite('sqlite');
});
describeWithMongo('on MongoDB', () => {
  suite('mongodb');
});

function suite(kind: StorageKind): void {
  let store: ProcessStore;
  let server: ServerProcess;
  beforeAll(async () => {
    buildProgram();
    store = createProcessStore(kind);
    server = await startServerProcess(store);
    await server.ready;
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    store.remove();
  });

  const rounds = runsOn(kind, kind === 'sqlite' ? 2 : 1, 100);
  test(
    `K01 killed ${rounds} times under load: nothing acknowledged is lost, nobody comes back in, each effect once, seats exact`,
    async () => {
      expect((await server.admin('PUT', '/seats', { licensed })).status).toBe(200);
      const known: Known[] = [];
      for (let n = 0; n < people; n += 1) known.push(await hire(server, `kill-${n}@example.com`));
      for (let round = 0; round < rounds; round += 1) {
        await signInEverybody(store, known);
        const stopped = { now: false };
        const load = known.slice(0, people).map((person, n) => work(server, person, n, stopped));
        const newcomers = hireUntil(server, stopped, `round-${round}`);
        await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 300));
        await server.kill();
        stopped.now = true;
        await Promise.all(load);
        known.push(...(await newcomers));
        server = await startServerProcess(store);
        await server.ready;
        await check(server, known);
        // A few are enough to go on with; the others are checked at the end.
        for (const person of known.slice(people)) await dismiss(server, person);
      }
      await checkTrail(server, store, known);
    },
    240_000 + rounds * 15_000,
  );
}

async function hire(server: ServerProcess, userName: string): Promise<Known> {
  const { status, body } = await server.scim('POST', '/Users', newUser(userName));
  expect(status).toBe(201);
  const active = body['active'] === true;
  return { id: body['id'], active, unsure: undefined, deleted: false, dead: [], acknowledged: { 'user.created': 1 } };
}

/** Newcomers, one after the other, until the server is gone; those whose 201 came are known. */
async function hireUntil(server: ServerProcess, stopped: { readonly now: boolean }, prefix: string): Promise<Known[]> {
  const hired: Known[] = [];
  for (let n = 0; !stopped.now && n < 3; n += 1) {
    const person = await hire(server, `${prefix}-${n}@example.com`).catch(() => undefined);
    if (person === undefined) break;
    hired.push(person);
  }
  return hired;
}

async function signInEverybody(store: ProcessStore, known: readonly Known[]): Promise<void> {
  const beside = await store.openBeside();
  try {
    for (const person of known.slice(0, people)) {
      if (person.active && !person.deleted) person.dead.push(await openSessionOf(beside.house, person.id));
    }
  } finally {
    await beside.server.stop();
  }
}

/** Switches one person off and on as fast as answers come. The cookie opened before is dead from the first acknowledged `false` on. */
async function work(
  server: ServerProcess,
  person: Known,
  turn: number,
  stopped: { readonly now: boolean },
): Promise<void> {
  let active = turn % 2 === 0 ? !person.active : person.active;
  while (!stopped.now) {
    person.unsure = active;
    try {
      const { status, body } = await server.scim('PATCH', `/Users/${person.id}`, patchActive(active));
      expect(status).toBe(200);
      person.unsure = undefined;
      if (body['active'] !== person.active) note(person, body['active'] === true);
    } catch (error) {
      if (!isGone(error)) throw error;
      return;
    }
    active = !active;
  }
}

function note(person: Known, active: boolean): void {
  person.active = active;
  const action = active ? 'user.reactivated' : 'user.deactivated';
  person.acknowledged[action] = (person.acknowledged[action] ?? 0) + 1;
}

/** The connection ended before the answer: the only failure a killed server may cause. */
function isGone(error: unknown): boolean {
  return /fetch failed|terminated/.test(String((error as Error).message));
}

async function check(server: ServerProcess, known: readonly Known[]): Promise<void> {
  for (const person of known) {
    if (person.deleted) continue;
    const { status, body } = await server.scim('GET', `/Users/${person.id}`);
    expect(status).toBe(200);
    const active = body['active'] === true;
    const waits = body['urn:ietf:params:scim:schemas:extension:furlough:2.0:User']?.['status'] === 'waiting';
    // A person who waits for a seat is written as active, and shown as not.
    if (person.unsure === undefined && !waits && active !== person.active) {
      // Whoever waited may have been promoted by the seat somebody else gave back: true is then the truth, false never.
      expect([person.id, active]).toEqual([person.id, true]);
    }
    if (person.unsure !== undefined && active !== person.active) note(person, active);
    person.active = active;
    person.unsure = undefined;
  }
  // A movement that the dead server left is finished by the sweep, and what its relay had claimed is due when the claim ends.
  await eventually(async () => {
    const { body } = await server.admin('POST', '/seats/recount', {});
    expect(body['drift']).toBe(0);
    return body['outcome'] === 'exact';
  }, 60_000);
  const { body } = await server.admin('GET', '/seats');
  expect(body['used']).toBeLessThanOrEqual(licensed);
}

async function dismiss(server: ServerProcess, person: Known): Promise<void> {
  if (person.deleted) return;
  expect((await server.scim('DELETE', `/Users/${person.id}`)).status).toBe(204);
  person.deleted = true;
}

/** Sessions that ended stay ended, the chain is whole, and each acknowledged change stands in it once. */
async function checkTrail(server: ServerProcess, store: ProcessStore, known: readonly Known[]): Promise<void> {
  for (const person of known.filter(({ deleted }) => !deleted)) {
    if (!person.active) continue;
    const { status, body } = await server.scim('PATCH', `/Users/${person.id}`, patchActive(false));
    expect([status, body['active']]).toEqual([200, false]);
    note(person, false);
  }
  for (const person of known) {
    for (const cookie of person.dead) {
      const { session, forwardAuth } = await server.doors(cookie);
      expect([401, 403]).toContain(session);
      expect([401, 403]).toContain(forwardAuth);
    }
  }
  const beside = await store.openBeside();
  try {
    const { storage, audit, relay } = beside.house;
    await eventually(async () => {
      await relay.drain();
      return (await storage.effects.backlog()) === 0;
    }, 90_000);
    expect(await audit.verify(organization)).toMatchObject({ intact: true });
    const entries: AuditEntry[] = [];
    for (;;) {
      const page = await storage.audit.list(organization, { after: entries.length, limit: 500 });
      if (page.length === 0) break;
      entries.push(...page);
    }
    expect(new Set(entries.map(({ eventId }) => eventId)).size).toBe(entries.length);
    for (const { id, acknowledged } of known) {
      const actions = entries.filter(({ event }) => event.target.id === id).map(({ event }) => event.action);
      for (const [action, count] of Object.entries(acknowledged)) {
        // Whoever found no seat was created waiting, whatever came of it before the answer.
        const told = actions.filter((each) => each === action || each.startsWith(`${action}.`)).length;
        expect([id, action, told >= count]).toEqual([id, action, true]);
      }
      // No change is told twice: after a deactivation comes something else before the next one.
      const switches = actions.filter((each) => each === 'user.deactivated' || each === 'user.reactivated');
      expect(switches.filter((each, n) => each === 'user.deactivated' && switches[n - 1] === each)).toEqual([]);
    }
  } finally {
    await beside.server.stop();
  }
}
