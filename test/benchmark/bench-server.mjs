// The measured process: Furlough as `npm start` runs it (compiled), a bare node:http handler, or a bare express route. It is told what to
// do over IPC: fill the store without going through HTTP, open sessions, say how much memory it holds. Driven by server-process.ts.

import { randomBytes } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import { DatabaseSync } from '@photostructure/sqlite';

const dist = new URL('../../dist/', import.meta.url);
/** What the bare ones answer: about as long as a SCIM user. */
const answer = { id: '0'.repeat(36), userName: 'someone@example.com', active: true, more: 'x'.repeat(500) };

const starters = { furlough: startFurlough, node: startNode, express: startExpress };
const { port, tasks } = await starters[process.argv[2]]();
tasks.memory = ({ collected }) => {
  if (collected) globalThis.gc();
  return process.memoryUsage.rss();
};
process.on('message', async ({ task, options }) => {
  try {
    process.send({ done: await tasks[task](options) });
  } catch (error) {
    process.send({ failed: String(error?.stack ?? error) });
  }
});
process.send({ done: port });

async function startNode() {
  const server = createHttpServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  return { port: await listen(server), tasks: {} };
}

async function startExpress() {
  const { default: express } = await import('express');
  const app = express();
  app.all('/bare', (_request, response) => void response.json(answer));
  return { port: await listen(createHttpServer(app)), tasks: {} };
}

function listen(server) {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

async function startFurlough() {
  const { createServer, loadConfig } = await import(new URL('server.js', dist).href);
  const { openSession } = await import(new URL('gate/sessions/session.js', dist).href);
  const { createTimeOrderedId } = await import(new URL('directory/identifiers.js', dist).href);
  const { keepHeapSmall } = await import(new URL('cli/heap-growth.js', dist).href);
  keepHeapSmall();
  const server = createServer(loadConfig(process.env));
  const { port, house } = await server.start();
  process.once('disconnect', () => process.exit(0));
  return {
    port,
    tasks: {
      addUsers,
      addGroup,
      insertRows,
      openSessions,
      openAppCookies,
      settle: () => house.relay.drain(),
      stop: () => server.stop(),
    },
  };

  /** People as a SCIM client would have left them; answers their ids. Many at once, so that they share the flushes to the disk. */
  async function addUsers({ organization, count, active, provisionedBy = ['default'] }) {
    const ids = [];
    while (ids.length < count) {
      const users = Array.from({ length: Math.min(200, count - ids.length) }, (_, n) =>
        makeUser(organization, ids.length + n, active, provisionedBy),
      );
      const seat = active ? 'take' : 'keep';
      const commits = users.map((user) =>
        house.storage.users.commit({ user, expectedRevision: null, seat, effects: [] }),
      );
      for (const { kind } of await Promise.all(commits)) if (kind !== 'committed') throw new Error(kind);
      ids.push(...users.map(({ id }) => id));
    }
    // What filling leaves behind is no memory of the server.
    setImmediate(() => globalThis.gc());
    return ids;
  }

  function makeUser(organization, n, active, provisionedBy = ['default']) {
    const now = Date.now();
    const userName = `person-${n}@example.com`;
    return {
      id: createTimeOrderedId(now, (size) => randomBytes(size)),
      organizationId: organization,
      revision: 1,
      epoch: 0,
      profile: {
        userName,
        externalId: `external-${n}`,
        displayName: `Person ${n}`,
        name: { givenName: 'Person', familyName: String(n) },
        emails: [{ value: userName, type: 'work', primary: true }],
        enterprise: { department: 'Sales', employeeNumber: String(n) },
      },
      holds: active ? [] : [{ kind: 'idp', source: 'default', since: now, by: 'scim' }],
      active,
      seat: 'none',
      roles: [],
      createdAt: now,
      modifiedAt: now,
      lastWrittenBy: 'default',
      provisionedBy,
    };
  }

  async function addGroup({ organization, members }) {
    const now = Date.now();
    const id = createTimeOrderedId(now, (size) => randomBytes(size));
    const group = {
      id,
      organizationId: organization,
      profile: { displayName: 'Everybody' },
      createdAt: now,
      modifiedAt: now,
    };
    for (let from = 0; from < members.length; from += 1_000) {
      const revision = from / 1_000;
      const add = members.slice(from, from + 1_000).map((member) => ({ kind: 'user', id: member }));
      const commit = { group: { ...group, revision: revision + 1 }, add, remove: [], effects: [] };
      const outcome = await house.storage.groups.commit({
        ...commit,
        expectedRevision: revision === 0 ? null : revision,
      });
      if (outcome !== 'committed') throw new Error(outcome);
    }
    return id;
  }

  /** As durable as ours, one unique name each; answers the milliseconds of each transaction. */
  async function insertRows({ path, count, perTransaction }) {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('CREATE TABLE person (id TEXT PRIMARY KEY, name TEXT UNIQUE, body TEXT) STRICT, WITHOUT ROWID');
    const insert = database.prepare('INSERT INTO person VALUES (?, ?, ?)');
    const times = [];
    for (let made = 0; made < count; made += perTransaction) {
      const begun = performance.now();
      database.exec('BEGIN IMMEDIATE');
      for (let n = made; n < made + perTransaction; n += 1) {
        const { id, profile, ...rest } = makeUser('rows', n, true);
        insert.run(id, profile.userName, JSON.stringify({ profile, ...rest }));
      }
      database.exec('COMMIT');
      times.push(performance.now() - begun);
    }
    database.close();
    return times;
  }

  /** Registers an app at `host`; answers what browsers with these sessions have there. */
  async function openAppCookies({ organization, host, cookies }) {
    const { addApp } = await import(new URL('admin/app-changes.js', dist).href);
    const { createAppCookie } = await import(new URL('gate/forward-auth/app-cookie.js', dist).href);
    const { idOfToken } = await import(new URL('gate/opaque-token.js', dist).href);
    const wiki = { id: 'wiki', name: 'Wiki', forwardAuth: { hosts: [host], rules: [] } };
    const { app } = await addApp(house.admin, organization, wiki, { actor: { kind: 'cli' }, mouth: 'cli' });
    // Made once for an organisation; what follows is what is measured.
    await house.admin.signingKeys.keysOf(organization);
    return cookies.map((cookie) => {
      const session = idOfToken(cookie.slice('furlough-session='.length));
      return `__Host-furlough-app=${createAppCookie(house.admin.gate, { app, host }, session)}`;
    });
  }

  /** One session each; answers the cookies. */
  async function openSessions({ organization, ids }) {
    const cookies = [];
    for (const userId of ids) {
      const session = { organizationId: organization, userId, epoch: 0, connection: 'default' };
      cookies.push(`furlough-session=${await openSession(house.admin.gate, session)}`);
    }
    return cookies;
  }
}
