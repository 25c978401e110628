// F04: senders that never come to an end, and bodies that are too much. Each is answered in the door's words where it can still be answered,
// its connection ends or goes on being useful, and nobody else waits for it. Real sockets; the server's own timeouts, made short.

import { createHttpServer, type HttpServer } from '#http/http-server.ts';
import { eventually } from '../harness/eventually.ts';
import { openHostileHouse, type HostileHouse } from './hostile-house.ts';
import { openRawConnection, type RawConnection } from './raw-connection.ts';

const timeouts = { headersMs: 300, requestMs: 600, checkMs: 50 };
let house: HostileHouse;
/** The same house behind a server with short timeouts. */
let hasty: HttpServer;
let port: number;
const open: RawConnection[] = [];

beforeAll(async () => {
  house = await openHostileHouse('sqlite');
  hasty = createHttpServer(house.server.app, timeouts);
  port = await hasty.listen(0, '127.0.0.1');
});
afterEach(() => {
  for (const connection of open.splice(0)) connection.destroy();
});
afterAll(async () => {
  await hasty.stop(1_000);
  await house.stop();
});

async function enter(at = port): Promise<RawConnection> {
  const connection = await openRawConnection(at);
  open.push(connection);
  return connection;
}

interface LargeDoor {
  readonly line: string;
  readonly headers: () => string;
  readonly form: RegExp;
  /** The gate refuses a form that is too large as it refuses any broken one. */
  readonly status?: number;
}

const doors: readonly (readonly [string, LargeDoor])[] = [
  [
    'SCIM',
    {
      line: 'POST /scim/v2/Users',
      headers: () => `Authorization: Bearer ${house.scimSecret}\r\nContent-Type: application/scim+json`,
      form: /^\{"schemas":\["urn:ietf:params:scim:api:messages:2\.0:Error"\],"status":"413"/,
    },
  ],
  [
    'the admin API',
    {
      line: 'PUT /api/v1/organizations/by-admin/seats',
      headers: () => `Authorization: Bearer ${house.adminKey}\r\nContent-Type: application/json`,
      form: /"status":413,.*"code":"bodyTooLarge"/,
    },
  ],
  [
    'the assertion consumer service',
    {
      line: 'POST /sso/by-gate/saml/saml/acs',
      headers: () => 'Content-Type: application/x-www-form-urlencoded',
      form: /<h1>/,
      status: 400,
    },
  ],
  [
    'the set-up link',
    {
      line: 'POST /console/set-up',
      headers: () => 'Content-Type: application/x-www-form-urlencoded',
      form: /"status":413,.*"code":"bodyTooLarge"/,
    },
  ],
];

const refusalOf = (door: LargeDoor): number => door.status ?? 413;
const startOf = (door: LargeDoor, framing: string): string =>
  `${door.line} HTTP/1.1\r\nHost: x\r\n${door.headers()}\r\n${framing}\r\n\r\n`;

test('F04 a body that only promises to be too large is refused at every door before it comes, and its connection is ended', async () => {
  await Promise.all(
    doors.map(async ([, door]) => {
      const connection = await enter();
      await connection.write(startOf(door, 'Content-Length: 9000000000000'));
      expect((await connection.answer()).status).toBe(refusalOf(door));
      await eventually(() => connection.ending() !== null);
    }),
  );
});

test('F04 a body that trickles is cut off with 408 at every door', async () => {
  await Promise.all(
    doors.map(async ([, door]) => {
      const connection = await enter();
      await connection.write(startOf(door, 'Content-Length: 4000'));
      await trickle(connection, 'a');
      expect(connection.received()).toMatch(/^HTTP\/1\.1 408 /);
    }),
  );
});

describe.each(doors)('F04 at %s', (_name, door) => {
  const expectedStatus = refusalOf(door);
  const start = (framing: string) => startOf(door, framing);

  test('a body over the limit is refused in the door’s words, all of it taken, and the connection serves the next request', async () => {
    // Behind the usual timeouts: how fast four megabytes are read is not what is asked here.
    const connection = await enter(Number(new URL(house.url).port));
    const size = 4_000_000;
    await connection.write(start(`Content-Length: ${size}`));
    await connection.write(Buffer.alloc(size, 'a'));
    const { status, body } = await connection.answer();
    expect([status, body]).toEqual([expectedStatus, expect.stringMatching(door.form)]);
    await connection.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await connection.answer()).status).toBe(200);
    expect(connection.ending()).toBeNull();
  });

  test('an endless chunked body is refused at the limit, and its connection is ended', async () => {
    const connection = await enter();
    await connection.write(start('Transfer-Encoding: chunked'));
    const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
    let answered: number | undefined;
    const reading = connection.answer().then(({ status }) => (answered = status));
    while (connection.ending() === null) await connection.write(chunk);
    await reading;
    expect(answered).toBe(expectedStatus);
  });
});

test('F04 headers that trickle, and a connection that says nothing, are cut off; meanwhile everybody else is served', async () => {
  const slow = await Promise.all(Array.from({ length: 100 }, () => enter()));
  const silent = slow.slice(50);
  const ending = Promise.all(
    slow.slice(0, 50).map(async (connection) => {
      await connection.write('GET /livez HTTP/1.1\r\nHost: x\r\n');
      await trickle(connection, 'X-A: b\r\n');
    }),
  );
  let served = 0;
  const honest = await enter();
  while (slow.some((connection) => connection.ending() === null)) {
    await honest.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await honest.answer()).status).toBe(200);
    served += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await ending;
  expect(served).toBeGreaterThan(3);
  for (const connection of silent) expect(connection.received()).toMatch(/^HTTP\/1\.1 408 /);
  // Whoever was writing as the answer came may be told of a reset in its place, by their own system.
  for (const connection of slow) expect(connection.received()).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
});

test('F04 whoever is slow but in time is served', async () => {
  const connection = await enter();
  const body = JSON.stringify({ licensed: 7 });
  await connection.write(
    `PUT /api/v1/organizations/by-admin/seats HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${house.adminKey}\r\nContent-Type: application/json\r\n`,
  );
  await new Promise((resolve) => setTimeout(resolve, 40));
  await connection.write(`Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`);
  await new Promise((resolve) => setTimeout(resolve, 40));
  await connection.write(body.slice(5));
  expect(await connection.answer()).toMatchObject({ status: 200, body: expect.stringContaining('"licensed":7') });
});

test('F04 without a credential no body is waited for, and one without end is ended', async () => {
  const connection = await enter();
  await connection.write('POST /scim/v2/Users HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
  expect((await connection.answer()).status).toBe(401);
  const chunk = `10000\r\n${'a'.repeat(65_536)}\r\n`;
  while (connection.ending() === null) await connection.write(chunk);
});

test('F04 bytes that are no HTTP are refused with 400 and the connection ends', async () => {
  for (const bytes of [
    '\0\0\0\0\r\n\r\n',
    'GET /\xff HTTP/1.1\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    'GET / HTTP/1.1\r\nA B: c\r\n\r\n',
  ]) {
    const connection = await enter();
    await connection.write(Buffer.from(bytes, 'latin1'));
    await eventually(() => connection.ending() !== null);
    expect([bytes, connection.received()]).toEqual([bytes, expect.stringMatching(/^HTTP\/1\.1 400 /)]);
  }
});

test('F04 a hundred thousand levels are refused in each door’s words; of equal keys the last one counts', async () => {
  const deep = (letter: string) => `{"a":${letter.repeat(200_000)}`;
  const scim = (body: string) => house.scim(house.scimSecret, 'POST', '/Users', body);
  const seats = '/organizations/by-admin/seats';
  for (const body of [deep('['), deep('{'), `${'['.repeat(100_000)}${']'.repeat(100_000)}`]) {
    expect((await scim(body)).body).toMatchObject({ status: '400', scimType: 'invalidSyntax' });
    expect((await house.admin('PUT', seats, body)).status).toBe(400);
  }
  expect((await house.admin('PUT', seats, '{"licensed":3,"licensed":9}')).body['licensed']).toBe(9);
  const twice = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"first@x.test","userName":"last@x.test"}`;
  expect((await scim(twice)).body['userName']).toBe('last@x.test');
});

/** Writes a little again and again until the other side ends the connection. */
async function trickle(connection: RawConnection, piece: string): Promise<void> {
  while (connection.ending() === null) {
    await connection.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
