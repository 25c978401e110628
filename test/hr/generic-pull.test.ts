// Fetching from any HR system that answers JSON: mapping, paging, what is asked since when, and where its secret may go.

import nock from 'nock';
import { connectionRecords } from '#storage/connection-records.ts';
import { acme } from '../admin/admin-house.ts';
import { describeAtDoors, type OpenStorage } from '../harness/both-storages.ts';
import { connections, openPullHouse, type PullHouse } from './pull-house.ts';
import { reachNothingOutside } from './nothing-outside.ts';

const origin = 'https://hr.example.com';
const mapping = {
  employeeNumber: 'person.number',
  status: 'state',
  statuses: { W: 'active', L: 'leave', X: 'terminated' },
  effectiveAt: 'since',
  until: 'to',
  untilIs: 'lastDayOff',
  type: 'why',
  types: { K: 'parental' },
  sequence: 'version',
};
const generic = {
  kind: 'generic',
  url: `${origin}/people?active=all`,
  headers: { Authorization: 'Bearer planted-secret', 'X-Tenant': '7' },
  itemsAt: 'data.items',
  mapping,
};
const item = (number: string, state: string, more: object = {}) => ({ person: { number }, state, ...more });
const page = (items: readonly unknown[], more: object = {}) => ({ data: { items }, ...more });

let house: PullHouse;

async function open(openStorage: OpenStorage, parts: object = {}): Promise<void> {
  house = await openPullHouse(await openStorage(), { pull: { ...generic, ...parts } });
}

reachNothingOutside();
afterEach(async () => {
  expect(nock.pendingMocks()).toEqual([]);
  nock.cleanAll();
  await house.stop();
});

describeAtDoors('fetching from any HR system', (openStorage) => {
  test('their names and values become lines of the feed; what is none of ours is passed over', async () => {
    await open(openStorage);
    const [left, away, works] = await Promise.all(['n1', 'n2', 'n3'].map(house.hire));
    nock(origin, { reqheaders: { authorization: 'Bearer planted-secret', 'x-tenant': '7' } })
      .get('/people?active=all')
      .reply(
        200,
        page([
          item('n1', 'X', { since: '2027-01-10' }),
          item('n2', 'L', { since: '2027-01-10', to: '2027-03-31', why: 'K', version: '7' }),
          item('n3', 'W'),
          item('n3', 'applicant'),
          item('n9', 'X'),
          item('n3', 'L', { since: '10.01.2027' }),
          'rubbish',
        ]),
      );
    const report = await house.pull();
    expect(report).toMatchObject({
      outcome: 'done',
      counts: { read: 7, changed: 2, unchanged: 1, failed: 1, unknown: 1 },
    });
    expect(report['results'][4]).toMatchObject({ outcome: 'failed', errors: [{ pointer: '/effectiveAt' }] });
    expect((await house.user(left!)).holds).toMatchObject([{ kind: 'hr', source: 'bamboo' }]);
    expect(await house.user(away!)).toMatchObject({
      leaves: [{ type: 'parental', from: '2027-01-10', until: '2027-04-01' }],
      feeds: { bamboo: { sequence: 7 } },
    });
    expect((await house.user(works!)).active).toBe(true);
  });

  test('pages by their next address, also after a crash between two', async () => {
    await open(openStorage, { paging: { kind: 'next', at: 'links.next' } });
    const [first, second] = await Promise.all(['n1', 'n2'].map(house.hire));
    nock(origin)
      .get('/people?active=all')
      .reply(200, page([item('n1', 'X')], { links: { next: '/people?after=1' } }));
    nock(origin).get('/people?after=1').reply(500);
    expect(await house.pull()).toMatchObject({ outcome: 'failed', counts: { changed: 1 } });
    expect((await house.user(second!)).active).toBe(true);
    nock(origin)
      .get('/people?after=1')
      .reply(200, page([item('n2', 'X')], { links: {} }));
    expect(await house.pull()).toMatchObject({ outcome: 'done', counts: { changed: 2 } });
    expect([(await house.user(first!)).active, (await house.user(second!)).active]).toEqual([false, false]);
  });

  test('pages by number until one is empty; the second run asks since the first', async () => {
    await open(openStorage, { paging: { kind: 'page', parameter: 'p' }, sinceParameter: 'changedSince' });
    await house.hire('n1');
    const get = (query: string, items: readonly object[]) =>
      nock(origin).get(`/people?active=all&${query}`).reply(200, page(items));
    get('p=1', [item('n1', 'W')]);
    get('p=2', []);
    await house.pull();
    house.clock.now += 3_600_000;
    get('changedSince=2027-01-15T02%3A55%3A00.000Z&p=1', []);
    expect(await house.pull()).toMatchObject({ outcome: 'done', counts: { read: 0 } });
  });

  test('a next page at another host is not fetched', async () => {
    await open(openStorage, { paging: { kind: 'next', at: 'next' } });
    nock(origin)
      .get('/people?active=all')
      .reply(200, page([], { next: 'https://evil.example.com/' }));
    expect(await house.pull()).toMatchObject({
      outcome: 'failed',
      error: 'The next page is at another host, https://evil.example.com.',
    });
  });

  test.each([
    ['https://127.0.0.1:9/', '127.0.0.1 has a loopback address.'],
    ['https://169.254.169.254/latest', '169.254.169.254 has a reserved address.'],
    ['https://10.0.0.7/', '10.0.0.7 has a private address.'],
  ])('%s is not asked', async (url, error) => {
    await open(openStorage, { url });
    expect(await house.pull()).toMatchObject({ outcome: 'failed', error });
  });

  test('secrets are in no answer, no log and no audit entry; one that is left out stays with its host only', async () => {
    await open(openStorage);
    const { headers: _headers, ...without } = generic;
    const put = (pull: object) => house.call('put', `${connections}/bamboo`, { name: 'B', kind: 'hr', pull });
    const kept = await put({ ...without, url: `${origin}/v2` });
    expect(kept.body.connection.provisioning.pull).toMatchObject({
      url: `${origin}/v2`,
      headerNames: ['Authorization', 'X-Tenant'],
      hasSecret: true,
    });
    nock(origin, { reqheaders: { authorization: 'Bearer planted-secret' } })
      .get('/v2')
      .reply(200, page([]));
    expect(await house.pull()).toMatchObject({ outcome: 'done' });
    const moved = await put({ ...without, url: 'https://evil.example.com/' });
    expect(moved.body.connection.provisioning.pull).toMatchObject({ headerNames: [], hasSecret: false });
    await house.context.settleEffects();
    const audit = await house.call('get', `/organizations/${acme}/audit`);
    const shown = [kept.text, moved.text, audit.text, (await house.call('get', connections)).text, ...house.lines].join(
      '\n',
    );
    expect(shown).toContain('connection.changed');
    expect(shown).not.toMatch(/planted-secret|sealedHeaders|seal1\./);
  });

  test('a secret that cannot be opened any more is told, and nothing is asked', async () => {
    await open(openStorage);
    const records = house.context.storage.records(connectionRecords);
    const record = (await records.get(`${acme}/bamboo`, house.clock.now))!;
    const { pull } = record.value.provisioning as { pull: object };
    const provisioning = { kind: 'hr', pull: { ...pull, sealedHeaders: 'seal1.a.b.c' } } as never;
    await records.replace({ ...record, value: { ...record.value, provisioning } });
    expect(await house.pull()).toMatchObject({ outcome: 'failed', error: expect.stringContaining('cannot be opened') });
  });

  test('a connection that is removed while it fetches changes nobody any more', async () => {
    await open(openStorage, { paging: { kind: 'page', parameter: 'p' } });
    const user = await house.hire('n1');
    let removedFirst = (): void => undefined;
    const isRemoved = new Promise<void>((resolve) => (removedFirst = resolve));
    const asked = new Promise<void>((resolve) => {
      nock(origin)
        .get('/people?active=all&p=1')
        .reply(200, async () => {
          resolve();
          await isRemoved;
          return page([item('n1', 'X')]);
        });
    });
    const [ran, removed] = await Promise.all([
      house.call('post', `${connections}/bamboo/pull`),
      asked
        .then(() => house.call('delete', `${connections}/bamboo`))
        .then((answer) => {
          removedFirst();
          return answer;
        }),
    ]);
    expect([ran.status, removed.status]).toEqual([409, 200]);
    expect((await house.user(user)).active).toBe(true);
  });

  test.each([
    [{ ...generic, url: 'http://hr.example.com/' }, 'pull.url'],
    [{ ...generic, mapping: { status: 'state', statuses: {} } }, 'pull.mapping'],
    [{ kind: 'bamboohr', subdomain: 'acme' }, 'pull.apiKey'],
  ])('%j is refused, and nothing is stored', async (pull, field) => {
    await open(openStorage);
    const answer = await house.call('post', connections, { id: 'other', name: 'B', kind: 'hr', pull });
    expect([answer.status, answer.body.code, answer.body.field]).toEqual([400, 'invalidValue', field]);
    expect((await house.call('get', `${connections}/other`)).status).toBe(404);
  });

  test.each([
    { ...generic, everyMinutes: 1 },
    { ...generic, headers: { 'bad name': 'x' } },
    { ...generic, headers: { Good: 'two\r\nlines' } },
    { ...generic, mapping: { ...mapping, statuses: { A: 'fired' } } },
    { kind: 'bamboohr', subdomain: 'acme.evil.example.com/', apiKey: 'x' },
    { kind: 'workday' },
  ])('%j is told as bad input', async (pull) => {
    await open(openStorage);
    const answer = await house.call('post', connections, { id: 'other', name: 'B', kind: 'hr', pull });
    expect([answer.status, answer.body.code]).toEqual([400, 'invalidInput']);
    expect(answer.body.errors[0].pointer).toMatch(/^\/pull/);
  });

  test('a connection that fetches nothing, and one of another organisation, are told apart from running ones', async () => {
    await open(openStorage);
    await house.call('post', connections, { id: 'waits', name: 'Waits', kind: 'hr' });
    const codes = async (path: string, key?: string | null) => {
      const { status, body } = await house.call('post', path, undefined, key);
      return [status, body.code];
    };
    expect(await codes(`${connections}/waits/pull`)).toEqual([422, 'notSupported']);
    expect(await codes(`${connections}/none/pull`)).toEqual([404, 'connectionNotFound']);
    expect(await codes(`${connections}/bamboo/pull`, house.keys.other)).toEqual([404, 'organizationNotFound']);
    expect(await codes(`${connections}/bamboo/pull`, house.keys.acmeRead)).toEqual([403, 'notAllowed']);
    expect(await codes(`${connections}/bamboo/pull`, null)).toEqual([401, 'unauthenticated']);
    expect(await codes(`${connections}/bamboo/pull?dryrun=true`)).toEqual([400, 'invalidInput']);
    expect(await codes(`${connections}/waits/brake`)).toEqual([400, 'invalidInput']);
  });
});
