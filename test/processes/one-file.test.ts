// One SQLite file: one server serves it, and commands work on it beside the server, which goes on answering.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  buildProgram,
  createProcessStore,
  endServerProcesses,
  newUser,
  openSessionOf,
  patchActive,
  startServerProcess,
  type ProcessStore,
  type ServerProcess,
} from '../harness/server-process.ts';

describe('one SQLite file', () => {
  let store: ProcessStore;
  let server: ServerProcess;
  beforeAll(async () => {
    buildProgram();
    store = createProcessStore('sqlite');
    server = await startServerProcess(store);
    await server.ready;
  }, 240_000);
  afterAll(async () => {
    await endServerProcesses();
    store.remove();
  });

  test('a second server is refused with exit code 2, and the first goes on', async () => {
    const other = await startServerProcess(store);
    other.ready.catch(() => undefined);
    expect(await other.program.ended).toBe(2);
    expect((await server.scim('GET', '/Users?count=1')).status).toBe(200);
  });

  /** How long the server's event loop stood still since it was last asked, in milliseconds. */
  const longestStall = async (): Promise<number> => {
    const page = await (await fetch(`${server.url}/metrics`)).text();
    const seconds = /^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(page)?.[1];
    return Number(seconds) * 1000;
  };

  test('commands beside a running server work, and never bring it to a standstill', async () => {
    const launcher = fileURLToPath(new URL('../../src/cli/furlough.mjs', import.meta.url));
    const command = async (...args: readonly string[]) => {
      const { PATH = '' } = process.env;
      const child = spawn(process.execPath, [launcher, ...args, '--json'], { env: { PATH, ...store.environment } });
      const output: Buffer[] = [];
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => output.push(piece));
      const [code] = (await once(child, 'close')) as [number];
      return { code, output: Buffer.concat(output).toString('utf8') };
    };
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) {
      ids.push((await server.scim('POST', '/Users', newUser(`beside-${n}@example.com`))).body['id'] as string);
    }
    const cookie = await inBeside(store, ids[0] ?? '');
    const { body: bystander } = await server.scim('POST', '/Users', newUser('bystander@example.com'));
    let over = false;
    let asked = 0;
    const asking = (async () => {
      while (!over) {
        expect((await server.scim('GET', `/Users/${ids[1] ?? ''}`)).status).toBe(200);
        // What the commands write is in the way of nobody's own writes.
        const { status, body } = await server.scim('PATCH', `/Users/${bystander['id']}`, patchTitle(`at ${asked}`));
        expect([status, body['title']]).toEqual([200, `at ${asked}`]);
        asked += 1;
      }
    })();
    await longestStall();
    const outcomes = await Promise.all(ids.map((id) => command('user', 'deactivate', id)));
    const during = asked;
    over = true;
    await asking;
    expect(outcomes.map(({ code, output }) => (code === 0 ? 0 : output))).toEqual([0, 0, 0, 0]);
    expect(during).toBeGreaterThan(20);
    // Four commands on two cores keep it from the processor now and then; whoever waits inside SQLite stands for seconds.
    const stall = await longestStall();
    expect(stall).toBeGreaterThan(0);
    expect(stall).toBeLessThan(1_000);
    expect(await server.doors(cookie)).toEqual({ session: 403, forwardAuth: 403 });
    expect((await server.admin('POST', '/seats/recount', {})).body).toMatchObject({ drift: 0, outcome: 'exact' });
  });
});

const patchTitle = (title: string) => ({
  ...patchActive(true),
  Operations: [{ op: 'replace', path: 'title', value: title }],
});

async function inBeside(store: ProcessStore, id: string): Promise<string> {
  const { house, server } = await store.openBeside();
  try {
    return await openSessionOf(house, id);
  } finally {
    await server.stop();
  }
}
