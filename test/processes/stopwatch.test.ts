// L02, the stopwatch: while people are switched off one after the other, every door of every node is asked about them without a pause. No request
// that started after the answer to the deactivation is admitted; how soon the first refusal came at each door is measured and printed.

import { openDoors, type OpenDoor } from '../harness/lock-out-doors.ts';
import { describeWithMongo, requireTestMongo } from '../harness/mongo-for-tests.ts';
import { findFreePort, type StorageKind } from '../harness/running-server.ts';
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

/** Requests at each door of each node that must have started after the answer, and been refused, before the next person's turn. */
const refusalsAfter = 3;

interface WatchedPerson {
  readonly id: string;
  /** At each door, what this person shows there. */
  readonly shows: ReadonlyMap<OpenDoor, string>;
}

interface Tally {
  admittedBefore: number;
  refusedAfter: number;
  admittedAfter: number;
  /** Milliseconds from the start of the deactivating call to the first refusal, one per person and node. */
  readonly firstRefusals: number[];
}

const suites: readonly [StorageKind, number][] = [
  ['sqlite', 1],
  ['mongodb', 3],
];

for (const [kind, count] of suites) {
  const declare = kind === 'mongodb' ? describeWithMongo : describe;
  declare(`stopwatch: ${count} server${count === 1 ? '' : 's'} on ${kind}`, () => {
    let store: ProcessStore;
    let nodes: readonly ServerProcess[];
    beforeAll(async () => {
      buildProgram();
      store = createProcessStore(kind, kind === 'mongodb' ? requireTestMongo().freshDatabaseUri() : undefined);
      const port = await findFreePort();
      // One public address, that of the first, as behind a load balancer.
      const environment = { FURLOUGH_BASE_URL: `http://127.0.0.1:${port}` };
      const first = await startServerProcess(store, { environment, port });
      await first.ready;
      const others = await Promise.all(
        Array.from({ length: count - 1 }, () => startServerProcess(store, { environment })),
      );
      await Promise.all(others.map((node) => node.ready));
      nodes = [first, ...others];
    }, 240_000);
    afterAll(async () => {
      await endServerProcesses();
      store.remove();
    });

    const people = runsOn(kind, 6, 100);
    test(`L02 ${people} people are switched off: nothing that starts after the answer is admitted`, async () => {
      const { doors, hired } = await prepare(store, nodes, people + 1);
      const [stays, ...leavers] = hired;
      if (stays === undefined) throw new Error('nobody was hired');
      const tallies = new Map<string, Tally>();
      let asked = 0;
      const began = performance.now();
      for (const [turn, person] of leavers.entries()) {
        const call = { began: Number.POSITIVE_INFINITY, answered: Number.POSITIVE_INFINITY };
        const seenBefore = new Set<string>();
        const loops = nodes.flatMap((node, at) =>
          [...doors].map(async ([name, door]) => {
            const tally = tallies.get(name) ?? {
              admittedBefore: 0,
              refusedAfter: 0,
              admittedAfter: 0,
              firstRefusals: [],
            };
            tallies.set(name, tally);
            let firstRefusal: number | undefined;
            for (let after = 0; after < refusalsAfter; ) {
              const startedAt = performance.now();
              const admitted = await isAdmitted(door, node, person);
              asked += 1;
              if (admitted && startedAt > call.answered) tally.admittedAfter += 1;
              if (!admitted && firstRefusal === undefined) firstRefusal = performance.now() - call.began;
              if (admitted && startedAt < call.began) {
                tally.admittedBefore += 1;
                seenBefore.add(`${at} ${name}`);
              }
              if (startedAt > call.answered) after += 1;
              if (!admitted && startedAt > call.answered) tally.refusedAfter += 1;
            }
            if (firstRefusal !== undefined) tally.firstRefusals.push(firstRefusal);
          }),
        );
        // Everyone was in at every door of every node first.
        while (seenBefore.size < nodes.length * doors.size) await new Promise((resolve) => setTimeout(resolve, 1));
        call.began = performance.now();
        const { status } =
          (await nodes[turn % nodes.length]?.scim('PATCH', `/Users/${person.id}`, patchActive(false))) ?? {};
        call.answered = performance.now();
        expect(status).toBe(200);
        await Promise.all(loops);
        for (const node of nodes) {
          for (const door of doors.values()) expect(await isAdmitted(door, node, stays)).toBe(true);
        }
      }
      const perSecond = Math.round((asked / (performance.now() - began)) * 1_000);
      console.info(
        [
          `L02 on ${kind}, ${nodes.length} server(s), ${leavers.length} people, ${perSecond} requests/s; first refusal after the call began:`,
          ...[...tallies].map(([name, tally]) => `  ${name}: ${describeTimes(tally.firstRefusals)}`),
        ].join('\n'),
      );
      for (const [name, tally] of tallies) {
        const { admittedAfter, refusedAfter, admittedBefore, firstRefusals } = tally;
        const each = leavers.length * nodes.length;
        expect([name, admittedAfter, refusedAfter]).toEqual([name, 0, each * refusalsAfter]);
        expect(admittedBefore).toBeGreaterThanOrEqual(each);
        expect(firstRefusals).toHaveLength(each);
      }
    }, 600_000);
  });
}

/** Opens the doors, and hires people who have all they need to show there. */
async function prepare(store: ProcessStore, nodes: readonly ServerProcess[], count: number) {
  const { house, server } = await store.openBeside();
  try {
    const doors = await openDoors({ house, organization, nodes });
    const hired: WatchedPerson[] = [];
    for (let n = 0; n < count; n += 1) {
      const made = await nodes[0]?.scim('POST', '/Users', newUser(`watched-${n}@example.com`));
      const id = made?.body['id'] as string;
      const session = await openSessionOf(house, id);
      const shows = new Map<OpenDoor, string>();
      for (const door of doors.values()) shows.set(door, await door.prepare(session));
      hired.push({ id, shows });
    }
    return { doors, hired };
  } finally {
    await server.stop();
  }
}

function isAdmitted(door: OpenDoor, node: ServerProcess, person: WatchedPerson): Promise<boolean> {
  return door.isAdmitted(node, person.shows.get(door) ?? '');
}

function describeTimes(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`;
}
