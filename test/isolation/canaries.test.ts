// T04: names, ids and secrets of one organisation are looked for in everything the other one gets: answers of every door, log lines at the lowest
// level, metrics, the audit trail and its export. Its own answers have them, secrets apart: those nobody gets twice.

import { listOperations } from '#admin/operations.ts';
import { createCli } from '../cli/cli-run.ts';
import { describeWithMongo } from '../harness/mongo-for-tests.ts';
import { adminCases, gateCases, scimCases, type Ids } from './foreign-id-cases.ts';
import { openTwoOrganizations, shared, USER, type Party, type TwoOrganizations } from './two-organizations.ts';

describe('T04 on SQLite', () => {
  declareSuite('sqlite');
});
describeWithMongo('T04 on MongoDB', () => {
  declareSuite('mongodb');
});

interface Told {
  readonly asked: string;
  /** Status, headers and body. */
  readonly text: string;
}

function declareSuite(kind: 'sqlite' | 'mongodb'): void {
  let world: TwoOrganizations;
  let toA: readonly Told[];
  let toB: readonly Told[];
  /** Written while only the first organisation asked. */
  let linesOfA: readonly string[];
  beforeAll(async () => {
    world = await openTwoOrganizations(kind);
    await world.settle();
    toB = await tour(world, world.b);
    const before = world.lines.length;
    toA = await tour(world, world.a);
    linesOfA = world.lines.slice(before);
  });
  afterAll(async () => {
    await world.stop();
  });

  const everything = (told: readonly Told[]): string => told.map(({ text }) => text).join('\n');

  test('T04 control: each organisation is told every name and id of its own', () => {
    for (const [party, told] of [
      [world.a, toA],
      [world.b, toB],
    ] as const) {
      const text = everything(told);
      expect(party.canaries.filter((canary) => !text.includes(canary))).toEqual([]);
    }
  });

  test('T04 no answer at any door tells one organisation anything of the other', () => {
    for (const [told, other, word] of [
      [toA, world.b, /nightjar/i],
      [toB, world.a, /kingfisher/i],
    ] as const) {
      for (const { asked, text } of told) {
        expect([asked, text]).toEqual([asked, expect.not.stringMatching(word)]);
        for (const canary of other.canaries)
          expect([asked, text]).toEqual([asked, expect.not.stringContaining(canary)]);
      }
    }
  });

  test('T04 whoever asks for the other’s names and ids is told no more than what was asked', async () => {
    const { a, b } = world;
    const [own, foreign] = [a, b].map((party): Ids => ({ ...party, organization: party.id })) as [Ids, Ids];
    for (const cases of [...Object.values(adminCases), ...Object.values(scimCases), ...Object.values(gateCases)]) {
      const listed = cases(foreign, own);
      if (typeof listed === 'string') continue;
      for (const { method, target, body, headers } of listed) {
        const asked = `${method} ${decodeURIComponent(target)} ${JSON.stringify(body)}`;
        const { text } = await ask(world, a, method, target, body, headers);
        for (const canary of b.canaries)
          if (!asked.includes(canary)) expect([asked, text]).toEqual([asked, expect.not.stringContaining(canary)]);
      }
    }
  });

  test('T04 no log line, at the lowest level, tells a name of anybody, what was asked for, nor an id of the other organisation', () => {
    expect(linesOfA.length).toBeGreaterThan(50);
    const all = world.lines.join('');
    expect(all).toContain(world.b.person);
    for (const party of [world.a, world.b])
      for (const name of [party.userName, party.email, party.displayName, party.externalId])
        expect(linesWith(world.lines, name)).toEqual([]);
    expect(linesWith(world.lines, askedFor)).toEqual([]);
    for (const canary of world.b.canaries) expect(linesWith(linesOfA, canary)).toEqual([]);
    expect(linesWith(linesOfA, 'nightjar')).toEqual([]);
  });

  test('T04 metrics tell counts, no name and no id of a person, and nothing that was asked', async () => {
    const { text } = await world.wire.send({ method: 'GET', target: '/metrics' });
    expect(text).toContain(`furlough_seats_used{organization="${world.b.id}"}`);
    for (const party of [world.a, world.b])
      for (const canary of [...party.canaries, ...party.secrets])
        expect([canary, text]).toEqual([canary, expect.not.stringContaining(canary)]);
  });

  test('T04 the export of one organisation’s audit trail has its own names and none of the other’s', async () => {
    const cli = createCli(world.environment);
    const exportOf = async (party: Party) => (await cli.run(`audit export --org ${party.id} --json`)).result;
    const [a, b] = [await exportOf(world.a), await exportOf(world.b)];
    expect([a, b]).toEqual([expect.stringMatching(/kingfisher/), expect.stringMatching(/nightjar/)]);
    expect([a, b]).toEqual([expect.not.stringMatching(/nightjar/), expect.not.stringMatching(/kingfisher/)]);
    for (const [text, other] of [
      [a, world.b],
      [b, world.a],
    ] as const)
      for (const canary of [...other.canaries, ...world.a.secrets, ...world.b.secrets])
        expect(text).not.toContain(canary);
  });

  test('T04 secrets are in no answer after the one that made them, and in no log line', () => {
    for (const party of [world.a, world.b]) {
      for (const secret of party.secrets) {
        for (const told of [toA, toB]) expect(everything(told)).not.toContain(secret);
        expect(linesWith(world.lines, secret)).toEqual([]);
      }
    }
  });

  // Last: from here on the first organisation has itself written the other's id.
  test('T04 a reference to a person of the other organisation is kept as text and shows nothing of that person', async () => {
    const { a, b } = world;
    const manager = { value: b.person };
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
    const { body, status } = await a.scim('POST', '/Users', {
      schemas: [USER, enterprise],
      userName: 'ref@people.test',
      [enterprise]: { manager },
    });
    expect(status).toBe(201);
    const seen = JSON.stringify([
      body,
      (await a.scim('GET', `/Users/${body['id']}`)).body,
      (await a.admin('GET', `/users/${body['id']}`)).body,
    ]);
    expect(seen).not.toMatch(/nightjar/i);
    await a.scim('DELETE', `/Users/${body['id']}`);
  });
}

/** Short enough that a log line would not leave it out for its length. */
const askedFor = 'asked@for.test';

function linesWith(lines: readonly string[], text: string): readonly string[] {
  return lines.filter((line) => line.includes(text));
}

async function ask(
  world: TwoOrganizations,
  party: Party,
  method: string,
  target: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const credential = target.startsWith('/api/')
    ? party.adminKey
    : target.startsWith('/scim/')
      ? party.scimSecret
      : null;
  const { status, rawHeaders, text } = await world.wire.send({
    method,
    target,
    headers: {
      'content-type': 'application/json',
      ...(credential === null
        ? { cookie: party.browser.cookieHeader(world.url) }
        : { authorization: `Bearer ${credential}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return { asked: `${method} ${target}`, text: `${status}\n${rawHeaders.join('\n')}\n${text}` };
}

/** Everything there is to read, and some refusals, as this organisation's administrator, client and browser. */
async function tour(world: TwoOrganizations, party: Party): Promise<readonly Told[]> {
  const told: Told[] = [];
  const see = async (...asked: [string, string, unknown?, Record<string, string>?]) =>
    void told.push(await ask(world, party, ...asked));
  const { person, connection, credential, signIn, logEntry, schema, department, import: imported } = party;
  const ids: Readonly<Record<string, string>> = {
    users: person,
    credentials: credential,
    departments: department,
    provisioningLog: logEntry,
    schemas: schema,
    imports: imported,
  };
  for (const { id, method, path, changes } of listOperations()) {
    if (changes && id !== 'seats.recount') continue;
    const one = ids[id.split('.', 1)[0] ?? ''] ?? connection;
    const filled = path.replace(':org', party.id).replace(':id', one).replace(':reference', signIn);
    await see(method.toUpperCase(), `/api/v1${filled}`);
    if (method === 'get') await see('GET', `/api/v1${filled}?limit=1`);
  }
  const org = `/api/v1/organizations/${party.id}`;
  for (const query of [
    `userName=${shared.userName}`,
    `email=${askedFor}`,
    'q=people',
    'status=inactive',
    `displayName=${encodeURIComponent(party.displayName)}`,
  ])
    await see('GET', `${org}/users?${query}`);
  await see('POST', `${org}/users/${person}/deactivate`, { reason: 1 });
  await see('POST', `${org}/connections`, { id: connection, kind: 'scim' });
  await see('POST', `${org}/credentials`, { kind: 'scim', name: 'x', connection: 'none' });
  await see('GET', '/api/v1/openapi.json');
  for (const target of [
    'Users',
    'Users?count=1',
    'Departments',
    'Users?sortBy=userName&sortOrder=descending',
    `Users/${person}`,
    'Users/none',
    'ServiceProviderConfig',
    'Schemas',
    'ResourceTypes',
  ])
    await see('GET', `/scim/v2/${target}`);
  for (const filter of [
    'userName pr',
    'userName sw "a" or active eq true',
    `userName eq "${shared.userName}"`,
    'meta.created gt "2020-01-01T00:00:00Z"',
  ])
    await see('GET', `/scim/v2/Users?filter=${encodeURIComponent(filter)}`);
  await see('POST', '/scim/v2/Users', { schemas: [USER], userName: party.userName, externalId: 'another' });
  const page = { accept: 'text/html' };
  await see('GET', `/sso/${party.id}/login`, undefined, page);
  await see('GET', `/sso/${party.id}/signed-in`, undefined, page);
  await see('GET', `/sso/${party.id}/${connection}/saml/metadata`);
  await see('GET', `/sso/${party.id}/${shared.connection}/oidc/callback?code=x`, undefined, page);
  await see('GET', '/sso/session');
  await see('GET', '/sso/sessions');
  await see('GET', '/sso/sessions', undefined, page);
  const proxied = {
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': party.appHost,
    'x-forwarded-uri': '/',
  };
  await see('GET', '/gate/forward-auth', undefined, proxied);
  await see('GET', '/gate/forward-auth', undefined, { ...proxied, cookie: party.appCookie });
  await see('GET', `/gate/${party.id}/jwks.json`);
  return told;
}
