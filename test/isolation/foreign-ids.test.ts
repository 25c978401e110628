// T01 and T02: whatever belongs to another organisation is answered byte for byte like what does not exist, at every route there is; and which
// organisation a request is about is said by its credential or session, never by the request.

import { listOperations } from '#admin/operations.ts';
import { createGate } from '#gate/gate.ts';
import { scimRoutes } from '#scim/scim-routes.ts';
import { departmentRecords } from '#storage/department-records.ts';
import { customSchemaRecords } from '#storage/custom-schema-records.ts';
import { describeDoorsWithMongo } from '../harness/both-storages.ts';
import type { WireAnswer } from '../hostile/wire.ts';
import { adminCases, gateCases, scimCases, type ForeignIdCase, type Ids } from './foreign-id-cases.ts';
import { openTwoOrganizations, USER, type Party, type TwoOrganizations } from './two-organizations.ts';

describe('T01 T02 on SQLite', () => {
  declareSuite('sqlite');
});
describeDoorsWithMongo('T01 T02 on MongoDB', () => {
  declareSuite('mongodb');
});

function declareSuite(kind: 'sqlite' | 'mongodb'): void {
  let world: TwoOrganizations;
  beforeAll(async () => {
    world = await openTwoOrganizations(kind);
  });
  afterAll(async () => {
    await world.stop();
  });

  const idsOf = (party: Party): Ids => ({ ...party, organization: party.id });

  /** Asks as this organisation's administrator, client or browser. */
  function ask(party: Party, { method, target, body, headers }: ForeignIdCase): Promise<WireAnswer> {
    const secret = target.startsWith('/api/') ? party.adminKey : party.scimSecret;
    const authorization =
      target.startsWith('/sso/') || target.startsWith('/gate/') ? {} : { authorization: `Bearer ${secret}` };
    return world.wire.send({
      method,
      target,
      headers: {
        'x-request-id': 'the-same',
        'content-type': target.startsWith('/scim/') ? 'application/scim+json' : 'application/json',
        cookie: party.browser.cookieHeader(world.url),
        ...authorization,
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  async function assertLikeUnknown(casesOf: (ids: Ids, own: Ids) => readonly ForeignIdCase[] | string): Promise<void> {
    const { a, b } = world;
    const [own, foreign] = [idsOf(a), idsOf(b)];
    const unknown = unknownLike(foreign);
    const cases = casesOf(foreign, own);
    if (typeof cases === 'string') return;
    const unknownCases = casesOf(unknown, own) as readonly ForeignIdCase[];
    const before = await everythingOf(world, b);
    for (const [at, foreignCase] of cases.entries()) {
      const label = `${foreignCase.method} ${foreignCase.target}`;
      const answer = await ask(a, foreignCase);
      const reference = await ask(a, unknownCases[at]!);
      expect([label, sameBytes(answer, foreign)]).toEqual([label, sameBytes(reference, unknown)]);
      expect(answer.status).toBeLessThan(500);
    }
    expect(await everythingOf(world, b)).toEqual(before);
  }

  describe('T01 every operation of the admin API with an id of another organisation answers as with one nobody has', () => {
    test.each(listOperations().map(({ id }) => id))('%s', async (id) => {
      const cases = adminCases[id];
      if (cases === undefined) throw new Error(`no case for ${id} in foreign-id-cases.ts`);
      await assertLikeUnknown(cases);
    });
  });

  describe('T01 every SCIM route with an id of another organisation answers as with one nobody has', () => {
    test.each(scimRoutes.map(({ path }) => path.join('/')))('%s', async (path) => {
      const cases = scimCases[path];
      if (cases === undefined) throw new Error(`no case for ${path} in foreign-id-cases.ts`);
      const listed = cases(idsOf(world.b), idsOf(world.a));
      const route = scimRoutes.find((one) => one.path.join('/') === path);
      // A route is only said to have no case where it does nothing at all.
      if (typeof listed === 'string' && route?.discover === undefined)
        expect((await ask(world.a, { method: 'GET', target: `/scim/v2/${path}` })).status).toBe(501);
      if (typeof listed !== 'string')
        expect([...new Set(listed.map(({ method }) => method))]).toEqual(
          expect.arrayContaining(Object.keys(route?.operations ?? {})),
        );
      await assertLikeUnknown(cases);
    });
  });

  test('T01 every route of the gate with an id of another organisation answers as with one nobody has', async () => {
    const gate = createGate(world.house.admin.gate);
    const stack = gate.router.stack as readonly { readonly route?: { readonly path: string | readonly string[] } }[];
    const paths = new Set(stack.flatMap(({ route }) => (route === undefined ? [] : [route.path].flat())));
    await gate.close();
    expect([...paths].toSorted()).toEqual(Object.keys(gateCases).toSorted());
    for (const cases of Object.values(gateCases)) await assertLikeUnknown(cases);
  });

  test('T01 the same ids are answered to the organisation that has them: what was refused was refused for whose it is', async () => {
    const { b } = world;
    const own = idsOf(b);
    for (const cases of [...Object.values(adminCases), ...Object.values(scimCases), ...Object.values(gateCases)]) {
      const listed = cases(own, own);
      if (typeof listed === 'string') continue;
      for (const one of listed) {
        if (one.control === undefined) continue;
        const label = `${one.method} ${one.target}`;
        const answer = await ask(b, one);
        expect([label, answer.status]).toEqual([label, one.control]);
        // A filter of its own must find something, or that others find nothing proves nothing.
        if (/filter/.test(one.target) || /search/.test(one.target))
          expect([label, JSON.stringify(one.body), /"totalResults":0/.test(answer.text)]).toEqual([
            label,
            JSON.stringify(one.body),
            false,
          ]);
      }
    }
  });

  test('T02 SCIM: what a request says about its organisation changes nothing', async () => {
    const { a, b } = world;
    const elsewhere = {
      'x-organization': b.id,
      'x-tenant-id': b.id,
      host: `${b.id}.people.test`,
      'x-forwarded-host': `${b.id}.test`,
    };
    const body = {
      schemas: [USER],
      userName: 't02@people.test',
      organizationId: b.id,
      tenant: b.id,
      meta: { location: `/organizations/${b.id}` },
    };
    const created = await ask(a, {
      method: 'POST',
      target: `/scim/v2/Users?organization=${b.id}`,
      body,
      headers: elsewhere,
    });
    const { id } = JSON.parse(created.text);
    expect(created.status).toBe(201);
    expect(created.text).not.toContain(`"${b.id}"`);
    expect((await a.scim('GET', `/Users/${id}`)).status).toBe(200);
    expect((await b.scim('GET', `/Users/${id}`)).status).toBe(404);
    const read = await ask(a, {
      method: 'GET',
      target: `/scim/v2/Users/${b.person}?organization=${b.id}`,
      headers: elsewhere,
    });
    expect(read.status).toBe(404);
    for (const path of [`/scim/v2/${b.id}/Users`, `/scim/v2/organizations/${b.id}/Users`])
      expect((await ask(a, { method: 'GET', target: path })).status).toBe(404);
    await a.scim('DELETE', `/Users/${id}`);
  });

  test('T02 admin API: another organisation in path, body or query is refused, in a header ignored', async () => {
    const { a, b } = world;
    const path = `/api/v1/organizations/${a.id}/seats`;
    const seats = (request: Partial<ForeignIdCase>) =>
      ask(a, { method: 'PUT', target: path, body: { licensed: 40 }, ...request });
    expect((await seats({})).status).toBe(200);
    expect((await seats({ target: path.replace(a.id, b.id) })).status).toBe(404);
    expect((await seats({ body: { licensed: 40, organization: b.id } })).status).toBe(400);
    expect((await seats({ target: `${path}?organization=${b.id}` })).status).toBe(400);
    expect((await seats({ body: { licensed: 39 }, headers: { 'x-organization': b.id } })).status).toBe(200);
    expect((await b.admin('GET', '/seats')).body['licensed']).toBe(50);
    expect((await a.admin('GET', '/seats')).body['licensed']).toBe(39);
    const create = await ask(a, { method: 'POST', target: '/api/v1/organizations', body: { id: 'cc', name: 'C' } });
    expect(create.status).toBe(403);
  });

  test('T02 gate: a session opens its own organisation’s apps and pages, whatever host, path or header names another', async () => {
    const { a, b, wire, url } = world;
    const at = (party: Party, cookie: string | undefined, more: Record<string, string> = {}) =>
      wire.send({
        method: 'GET',
        target: '/gate/forward-auth',
        headers: {
          'x-request-id': 'the-same',
          'x-forwarded-method': 'GET',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': party.appHost,
          'x-forwarded-uri': '/',
          ...(cookie === undefined ? {} : { cookie }),
          ...more,
        },
      });
    /** The gate's own cookie, which counts at no app's host, and the app's. */
    const cookiesOf = (party: Party): string => `${party.browser.cookieHeader(url)}; ${party.appCookie}`;
    const cookie = cookiesOf(a);
    expect((await at(a, cookie)).status).toBe(200);
    expect((await at(a, a.browser.cookieHeader(url))).status).toBe(401);
    const foreign = await at(b, cookie);
    expect(foreign.status).toBe(401);
    expect(sameBytes(foreign, idsOf(a))).toEqual(sameBytes(await at(b, undefined), idsOf(a)));
    expect((await at(b, cookie, { 'x-organization': a.id })).status).toBe(401);
    expect((await at(b, cookiesOf(b))).status).toBe(200);
    for (const [browser, id, status] of [
      [a.browser, a.id, 200],
      [a.browser, b.id, 401],
      [b.browser, b.id, 200],
    ] as const)
      expect((await browser.go(`${url}/sso/${id}/signed-in`)).status).toBe(status);
  });
}

/** An id of the same form and length that nobody has. */
function unknownLike(ids: Ids): Ids {
  const swap = (text: string): string => text.replaceAll('nightjar', 'nightcat').replaceAll('bb', 'zz');
  const last = (text: string): string => `${text.slice(0, -4)}${text.endsWith('0000') ? '1111' : '0000'}`;
  return {
    organization: 'zz',
    person: last(ids.person),
    group: last(ids.group),
    groupName: swap(ids.groupName),
    groupExternalId: swap(ids.groupExternalId),
    department: last(ids.department),
    departmentName: swap(ids.departmentName),
    departmentCode: swap(ids.departmentCode),
    schema: swap(ids.schema),
    app: swap(ids.app),
    badge: swap(ids.badge),
    connection: swap(ids.connection),
    domain: swap(ids.domain),
    credential: last(ids.credential),
    signIn: last(ids.signIn),
    logEntry: ids.logEntry.replace(/....\./, '0000.'),
    session: last(ids.session),
    leave: last(ids.leave),
    import: last(ids.import),
    userName: swap(ids.userName),
    externalId: swap(ids.externalId),
    email: swap(ids.email),
    displayName: swap(ids.displayName),
    appHost: swap(ids.appHost),
  };
}

/** The answer but for the time and for the id that was asked about, where it is told back. */
function sameBytes({ status, rawHeaders, text }: WireAnswer, ids: Ids): unknown {
  const headers = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 && name.toLowerCase() !== 'date' ? [`${name}: ${rawHeaders[at + 1]}`] : [],
  );
  const withoutIds = (told: string): string =>
    Object.entries(ids).reduce((rest, [name, id]) => (id.length > 2 ? rest.replaceAll(id, `<${name}>`) : rest), told);
  // Told to the minute, and of one's own key: between two questions a minute may end.
  const withoutMinute = (told: string): string => told.replaceAll(/("lastUsedAt":")[^"]+/g, '$1<minute>');
  return { status, headers: headers.map(withoutIds), text: withoutMinute(withoutIds(text)) };
}

/** What the other organisation has: none of it may have moved. */
async function everythingOf({ house: { storage } }: TwoOrganizations, { id }: Party): Promise<unknown> {
  const organization = id as never;
  return {
    organization: await storage.organizations.get(organization),
    seats: await storage.seats.read(organization),
    users: await storage.users.list(organization, { limit: 1_000 }),
    groups: await storage.groups.list(organization, { limit: 1_000 }),
    departments: await storage.records(departmentRecords).list(organization, { limit: 1_000 }, 0),
    schemas: await storage.records(customSchemaRecords).get(id, Date.now()),
  };
}
