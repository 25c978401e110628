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

/** A request to switch somebody off or on, with a title of its own by which it is known again. */
interface Switch {
  readonly title: string;
  readonly active: boolean;
}

/** What the test knows of one person. */
interface Known {
  readonly id: string;
  /** The last one that a 2xx acknowledged, or that was seen to have come true. */
  last: Switch | undefined;
  /** Its answer never came: it may have happened. */
  unsure: Switch | undefined;
  deleted: boolean;
  /** Of a session that was opened since the last deactivation. */
  cookies: string[];
  /** Cookies that are dead for good: a deactivation that was acknowledged, or seen, came after them. */
  readonly dead: string[];
  /** Titles that must be told of once. */
  readonly done: string[];
  /** Titles of requests that did not happen. */
  readonly undone: string[];
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
        await signInEverybody(server, store, known);
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
  return {
    id: body['id'],
    last: undefined,
    unsure: undefined,
    deleted: false,
    cookies: [],
    dead: [],
    done: [],
    undone: [],
  };
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

/** Whoever is active now has a session from now on. */
async function signInEverybody(server: ServerProcess, store: ProcessStore, known: readonly Known[]): Promise<void> {
  const beside = await store.openBeside();
  try {
    for (const person of known.slice(0, people)) {
      const { body } = await server.scim('GET', `/Users/${person.id}`);
      if (body['active'] === true) person.cookies.push(await openSessionOf(beside.house, person.id));
    }
  } finally {
    await beside.server.stop();
  }
}

/** Switches one person off and on as fast as answers come. */
async function work(
  server: ServerProcess,
  person: Known,
  turn: number,
  stopped: { readonly now: boolean },
): Promise<void> {
  let active = turn % 2 === 0 ? person.last?.active === false : person.last?.active !== false;
  while (!stopped.now) {
    const asked = { title: `step ${(steps += 1)}`, active };
    person.unsure = asked;
    try {
      const { status } = await server.scim('PATCH', `/Users/${person.id}`, patchOf(asked));
      expect(status).toBe(200);
      note(person, asked);
    } catch (error) {
      if (!isGone(error)) throw error;
      return;
    }
    active = !active;
  }
}

let steps = 0;

function patchOf({ title, active }: Switch) {
  const { schemas, Operations } = patchActive(active);
  return { schemas, Operations: [...Operations, { op: 'replace', path: 'title', value: title }] };
}

/** It has happened: whoever was signed in before a deactivation is out for good. */
function note(person: Known, asked: Switch): void {
  person.last = asked;
  person.unsure = undefined;
  person.done.push(asked.title);
  if (asked.active) return;
  person.dead.push(...person.cookies);
  person.cookies = [];
}

/** The connection ended before the answer: the only failure a killed server may cause. */
function isGone(error: unknown): boolean {
  return /fetch failed|terminated/.test(String((error as Error).message));
}

const deadBefore = new WeakMap<Known, number>();

/** The last word that was acknowledged counts, or the one whose answer is missing; who was signed in before a deactivation is out. */
async function check(server: ServerProcess, known: readonly Known[]): Promise<void> {
  for (const person of known) {
    if (person.deleted) continue;
    const { status, body } = await server.scim('GET', `/Users/${person.id}`);
    expect(status).toBe(200);
    const { unsure } = person;
    if (unsure !== undefined && body['title'] === unsure.title) note(person, unsure);
    else if (unsure !== undefined) person.undone.push(unsure.title);
    person.unsure = undefined;
    expect([person.id, body['title']]).toEqual([person.id, person.last?.title]);
    // Whoever is switched on is active or waits for a seat; whoever is switched off is neither.
    const word = body['urn:ietf:params:scim:schemas:extension:furlough:2.0:User']?.['status'];
    const isOn = person.last?.active !== false;
    expect([person.id, isOn ? ['active', 'waiting'] : ['inactive']]).toEqual([
      person.id,
      expect.arrayContaining([word]),
    ]);
    expect([person.id, body['active']]).toEqual([person.id, word === 'active']);
    await expectOut(server, person, deadBefore.get(person) ?? 0, word === 'active');
    deadBefore.set(person, person.dead.length);
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

/** A cookie from before is nobody’s any more; of somebody who is held the doors say why. */
async function expectOut(server: ServerProcess, { id, dead }: Known, from: number, isActive: boolean): Promise<void> {
  for (const cookie of dead.slice(from)) {
    const { session, forwardAuth } = await server.doors(cookie);
    expect([id, isActive ? [401] : [401, 403]]).toEqual([id, expect.arrayContaining([session])]);
    expect([401, 403]).toContain(forwardAuth);
  }
}

/** Sessions that ended stay ended though everybody is back, the chain is whole, and each change that happened stands in it once. */
async function checkTrail(server: ServerProcess, store: ProcessStore, known: readonly Known[]): Promise<void> {
  expect((await server.admin('PUT', '/seats', { licensed: null })).status).toBe(200);
  for (const person of known.filter(({ deleted }) => !deleted)) {
    const asked = { title: `step ${(steps += 1)}`, active: true };
    const { status, body } = await server.scim('PATCH', `/Users/${person.id}`, patchOf(asked));
    expect([status, body['active']]).toEqual([200, true]);
    note(person, asked);
  }
  for (const person of known) await expectOut(server, person, 0, !person.deleted);
  expect(known.some(({ dead }) => dead.length > 0)).toBe(true);
  const beside = await store.openBeside();
  try {
    const { storage, audit, relay } = beside.house;
    // The door lets in whom nothing keeps out.
    const cookie = await openSessionOf(beside.house, known[0]?.id ?? '');
    expect((await server.doors(cookie)).session).toBe(200);
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
    for (const { id, done, undone } of known) {
      const own = entries.filter(({ event }) => event.target.id === id).map(({ event }) => event);
      // Whoever found no seat was created waiting, whatever came of it before the answer.
      expect([id, own.filter(({ action }) => /^user\.created(\.|$)/.test(action)).length]).toEqual([id, 1]);
      const titles = own.flatMap(({ after }) => (typeof after?.['title'] === 'string' ? [after['title']] : []));
      expect([id, titles]).toEqual([id, done]);
      expect(titles.filter((title) => undone.includes(title))).toEqual([]);
      // After a deactivation comes something else before the next one.
      const switches = own
        .map(({ action }) => action)
        .filter((each) => each === 'user.deactivated' || each === 'user.reactivated');
      expect(switches.filter((each, n) => each === 'user.deactivated' && switches[n - 1] === each)).toEqual([]);
    }
  } finally {
    await beside.server.stop();
  }
}
