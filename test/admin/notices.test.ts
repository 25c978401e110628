// Notices at the admin API: in the reader's language, page by page, read per reader; and the mails of them, by a real mail server.

import type { Notice } from '#directory/notice.ts';
import { noticeCodes } from '#directory/notice.ts';
import { tellOnce } from '#notices/tell-once.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { bodyOf, headerOf, startMailServer, type MailServer } from '../notices/mail-server.ts';
import { acme, openAdminHouse, other, type AdminHouse } from './admin-house.ts';

const base = '/organizations/acme/notices';

describeAtDoors('notices', (open) => {
  let house: AdminHouse;
  let server: MailServer;
  beforeEach(async () => {
    server = await startMailServer();
    const environment = { FURLOUGH_MAIL_URL: server.url, FURLOUGH_MAIL_FROM: 'Furlough <furlough@example.com>' };
    house = await openAdminHouse(await open(), 10, environment);
  });
  afterEach(async () => {
    await house.stop();
    await server.close();
  });

  const tell = async (what: string, parts: Partial<Notice> = {}, organization = acme) => {
    house.clock.now += 1_000;
    const values = { name: what, type: 'parental', date: '2027-04-01', days: '7', needed: '11', licensed: '10' };
    const notice: Notice = { code: 'returnWithoutSeat', level: 'warning', values, roles: ['owner'], ...parts };
    await tellOnce(house.context, organization, what, notice, house.clock.now + 1e9);
  };
  const list = async (query = '', key?: string) => (await house.call('get', `${base}${query}`, undefined, key)).body;
  const namesOf = (body: { items: { values: { name: string } }[] }) => body.items.map(({ values }) => values.name);

  test('newest first, in the language that is asked for, of one organisation only', async () => {
    await tell('Aoki');
    await tell('Baba');
    await tell('Foreign', {}, other);
    const answer = await house.call('get', base);
    expect([answer.status, answer.headers['content-language']]).toEqual([200, 'en']);
    expect(answer.body).toMatchObject({ next: null, unread: 2 });
    expect(namesOf(answer.body)).toEqual(['Baba', 'Aoki']);
    expect(answer.body.items[1]).toMatchObject({
      code: 'returnWithoutSeat',
      level: 'warning',
      title: 'Aoki returns on 1 April 2027, and no seat will be free',
      text: expect.stringMatching(/^In 7 days, on 1 April 2027, Aoki returns from leave\..* Aoki waits for one\.$/),
      read: false,
      roles: ['owner'],
    });
    const japanese = await house.call('get', base).set('Accept-Language', 'fr, ja;q=0.8, en;q=0.2');
    expect(japanese.headers['content-language']).toBe('ja');
    expect(japanese.body.items[1].title).toBe('2027年4月1日(木)にAokiさんが復職しますが、空きがありません');
  });

  test('every code has its words in both languages', async () => {
    for (const code of noticeCodes) await tell(`x${code}`, { code, values: allValues });
    for (const language of ['en', 'ja']) {
      const { body } = await house.call('get', `${base}?limit=200`).set('Accept-Language', language);
      expect(body.items).toHaveLength(noticeCodes.length);
      for (const { code, title, text } of body.items) {
        expect(title).not.toBe(code);
        expect(title).not.toMatch(/undefined|[{}]/);
        expect(text).not.toMatch(/undefined|[{}]/);
      }
    }
  });

  test('one of another version, which has not the values its words name, is shown and hides no other', async () => {
    await tell('Aoki');
    await tell('odd', { code: 'brakeHolds', values: { name: 'Okta' } });
    const { body } = await house.call('get', base);
    expect(body.items).toMatchObject([{ title: 'brakeHolds', text: 'Okta' }, { values: { name: 'Aoki' } }]);
  });

  test('page by page, and narrowed by code and level', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await tell(name, name === 'c' ? { level: 'important' } : {});
    const first = await list('?limit=2');
    expect([namesOf(first), first.unread]).toEqual([['e', 'd'], 5]);
    const second = await list(`?limit=2&cursor=${first.next}`);
    expect(namesOf(second)).toEqual(['c', 'b']);
    expect(namesOf(await list(`?limit=2&cursor=${second.next}`))).toEqual(['a']);
    expect(namesOf(await list('?level=important'))).toEqual(['c']);
    expect(namesOf(await list('?code=returnWithoutSeat&level=warning'))).toEqual(['e', 'd', 'b', 'a']);
    expect(namesOf(await list('?code=seatShortage'))).toEqual([]);
  });

  test('read by one reader they stay unread for the others; a credential that may only read has marks of its own', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await tell(name);
    const [d, , b] = (await list()).items;
    const read = (body: object, key?: string) => house.call('post', `${base}/read`, body, key);
    expect((await read({ ids: [d.id] })).body).toEqual({ unread: 3 });
    expect((await read({ ids: [d.id] })).body).toEqual({ unread: 3 });
    expect((await read({ upTo: b.id }, house.keys.acmeRead)).body).toEqual({ unread: 2 });
    expect(namesOf(await list('?unread=true'))).toEqual(['c', 'b', 'a']);
    expect(namesOf(await list('?unread=true&limit=1'))).toEqual(['c']);
    expect(namesOf(await list('?unread=false'))).toEqual(['d']);
    expect(namesOf(await list('?unread=true', house.keys.acmeRead))).toEqual(['d', 'c']);
    expect(namesOf(await list('?unread=false', house.keys.acmeRead))).toEqual(['b', 'a']);
    expect((await read({ upTo: d.id })).body).toEqual({ unread: 0 });
    expect((await read({ upTo: b.id })).body).toEqual({ unread: 0 });
    expect((await list('?unread=true')).items).toEqual([]);
    await tell('e');
    expect(await list('?unread=true')).toMatchObject({ unread: 1, items: [{ values: { name: 'e' } }] });
  });

  test.each([
    ['a level there is not', 'get', '?level=loud', undefined, 400, 'invalidInput'],
    ['a code there is not', 'get', '?code=nothing', undefined, 400, 'invalidValue'],
    ['a cursor of somebody else', 'get', '?cursor=zzz', undefined, 400, 'invalidCursor'],
    ['both ways of marking', 'post', '/read', { ids: ['x'], upTo: 'x' }, 400, 'invalidInput'],
    ['neither', 'post', '/read', {}, 400, 'invalidInput'],
    ['an unknown notice', 'post', '/read', { ids: ['x'] }, 404, 'noticeNotFound'],
    ['an unknown place', 'post', '/read', { upTo: 'x/../y' }, 404, 'noticeNotFound'],
    ['a mail to nobody', 'post', '/test', { user: 'nobody' }, 404, 'userNotFound'],
    ['a mail to an address', 'post', '/test', { to: 'a@example.com' }, 400, 'invalidInput'],
  ] as const)('%s is refused', async (_what, method, path, body, status, code) => {
    const answer = await house.call(method, `${base}${path}`, body);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test('a notice of another organisation is unknown, and nobody else gets in', async () => {
    await tell('Foreign', {}, other);
    const foreign = await house.call('get', '/organizations/other/notices', undefined, house.keys.other);
    const read = await house.call('post', `${base}/read`, { ids: [foreign.body.items[0].id] });
    expect([read.status, read.body.code]).toEqual([404, 'noticeNotFound']);
    expect((await house.call('get', base, undefined, house.keys.other)).status).toBe(404);
    expect((await house.call('get', base, undefined, null)).status).toBe(401);
    expect((await house.call('post', `${base}/test`, { user: 'x' }, house.keys.acmeRead)).status).toBe(403);
  });

  test('a notice is mailed, and the mail is seen', async () => {
    const owner = await house.add('sato');
    await house.call('put', `/organizations/acme/users/${owner.id}/roles`, { roles: ['owner'] });
    await tell('Aoki');
    await list();
    await house.runJobs();
    const [mail] = server.taken;
    if (mail === undefined) throw new Error('nothing came');
    expect([mail.to, headerOf(mail, 'Subject')]).toEqual([
      ['sato@example.com'],
      'Aoki returns on 1 April 2027, and no seat will be free',
    ]);
    const { body } = await house.call('get', `/organizations/acme/mails?user=${owner.id}&state=sent`);
    expect(body.items).toMatchObject([{ user: owner.id, code: 'returnWithoutSeat', state: 'sent', attempts: 1 }]);
    const again = await house.call('post', `/organizations/acme/mails/${body.items[0].id}/retry`);
    expect([again.status, again.body.state]).toEqual([200, 'sent']);
    expect((await house.call('post', '/organizations/acme/mails/nothing/retry')).body.code).toBe('mailNotFound');
  });

  test('a mail to try the settings out goes to an active user, and the answer says what the mail server said', async () => {
    const sato = await house.add('sato');
    const test_ = () => house.call('post', `${base}/test`, { user: sato.id });
    expect((await test_()).body).toEqual({ outcome: 'sent', to: 'sato@example.com' });
    expect(bodyOf(server.taken[0] ?? { from: '', to: [], source: '' })).toMatch(/mails of notices arrive/);
    server.answerRecipients(550);
    expect((await test_()).body).toMatchObject({
      outcome: 'failed',
      error: expect.stringContaining('No such mailbox'),
    });
    await house.call('post', `/organizations/acme/users/${sato.id}/deactivate`, {});
    const inactive = await test_();
    expect([inactive.status, inactive.body.code]).toEqual([400, 'invalidValue']);
  });

  test('two administrators change different alerts at once: both changes are kept', async () => {
    const at = '/organizations/acme';
    for (let days = 1; days <= 10; days += 1) {
      await Promise.all([
        house.call('put', at, { alerts: { thresholds: [days] } }).expect(200),
        house.call('put', at, { alerts: { shortageDays: days } }).expect(200),
      ]);
      expect((await house.call('get', at)).body.alerts).toEqual({ thresholds: [days], shortageDays: days });
    }
  });

  test('what is told is a setting of the organisation: shown with what is usual, changed in parts, faults refused', async () => {
    const at = '/organizations/acme';
    const usual = {
      alerts: { thresholds: [80, 90, 100], shortageDays: 30 },
      noticeDays: [14, 7, 1, 0],
      language: 'en',
    };
    expect((await house.call('get', at)).body).toMatchObject(usual);
    const change = { alerts: { thresholds: [100, 50] }, noticeDays: [0, 30], dormancy: { afterDays: 90, warnDays: 7 } };
    const changed = await house.call('put', at, { ...change, language: 'ja' });
    const now = { alerts: { thresholds: [50, 100], shortageDays: 30 }, noticeDays: [30, 0], language: 'ja' };
    expect(changed.body.organization).toMatchObject({ ...now, dormancy: change.dormancy });
    expect((await house.call('get', at)).body).toMatchObject({ ...now, dormancy: change.dormancy });
    expect((await house.call('put', at, { dormancy: null })).body.organization.dormancy).toBeUndefined();
    for (const wrong of [
      { alerts: { thresholds: [0] } },
      { alerts: { thresholds: [101] } },
      { alerts: { thresholds: [80, 80] } },
      { alerts: { shortageDays: -1 } },
      { noticeDays: [91] },
      { noticeDays: 'soon' },
      { dormancy: { afterDays: 90 } },
      { dormancy: { afterDays: 7, warnDays: 7 } },
      { dormancy: { afterDays: 1, warnDays: 0 } },
      { language: 'fr' },
    ]) {
      const answer = await house.call('put', at, wrong);
      expect([wrong, answer.status, answer.body.code]).toEqual([wrong, 400, 'invalidInput']);
    }
  });
});

const allValues = {
  name: 'Aoki',
  type: 'left',
  date: '2027-04-01',
  days: '0',
  short: '2',
  over: '2',
  needed: '12',
  licensed: '10',
  used: '9',
  threshold: '90',
  held: '0',
  warned: '1',
  afterDays: '90',
  warnDays: '7',
  connection: 'Okta',
  count: '20',
  minutes: '60',
  error: 'not reached',
};
