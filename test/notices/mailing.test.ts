// The queue of mails on both stores: everybody who is to hear of something once, whatever node dies and however the mail server behaves.

import { toEffects } from '#directory/effect.ts';
import type { Notice } from '#directory/notice.ts';
import type { Role, User } from '#directory/user.ts';
import { deliverMails, type MailPlace } from '#notices/deliver-mails.ts';
import { keepNotice } from '#notices/keep-notice.ts';
import { listMails, queueMail, retryMail, type MailState } from '#notices/mail-records.ts';
import { mailDueRecords } from '#notices/mail-due.ts';
import { MailError, type Mail, type Mailer } from '#notices/mailer.ts';
import { randomBytes } from 'node:crypto';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide, type WriteSide } from '../provisioning/write-side.ts';

const minute = 60_000;
const day = 86_400_000;

class Post implements Mailer {
  readonly sent: Mail[] = [];
  failure: MailError | null = null;
  tries = 0;

  async send(mail: Mail): Promise<void> {
    this.tries += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failure !== null) throw this.failure;
    this.sent.push(mail);
  }
}

describeOnBothStorages('mails of notices', (open) => {
  let side: WriteSide;
  let post: Post;
  let outcomes: string[];
  const place = (): MailPlace => ({
    storage: side.storage,
    now: () => side.clock.now,
    mailer: post,
    baseUrl: 'https://people.example.com',
    note: (outcome) => outcomes.push(outcome),
    reportTrouble: (_message, error) => side.troubles.push(error),
  });
  beforeEach(async () => {
    side = await createWriteSide(await open(), null);
    post = new Post();
    outcomes = [];
  });

  async function add(name: string, roles: readonly Role[], profile: object = {}): Promise<User> {
    const { id } = await side.add(name);
    const emails = [{ value: `${name}@example.com`, type: 'work' }];
    const edit = (user: User) => ({ profile: { ...user.profile, emails, ...profile }, roles });
    return (await side.changeUser(acme, id, edit, byAdministrator)).user;
  }

  async function tell(parts: Partial<Notice> = {}): Promise<string> {
    const values = { date: '2027-04-01', short: '1', needed: '11', licensed: '10' };
    const notice: Notice = { code: 'seatShortage', level: 'warning', values, roles: ['owner', 'billing'], ...parts };
    const context = { now: () => side.clock.now, randomBytes };
    const [effect] = toEffects(context, acme, [{ kind: 'notice', notice }]);
    if (effect === undefined) throw new Error('no effect');
    await keepNotice(side.storage, effect, true);
    // Carried out twice, as after a crash of the relay.
    await keepNotice(side.storage, effect, true);
    return effect.id;
  }

  const states = async () =>
    (await listMails(side.storage, side.clock.now, acme, { limit: 100 })).map(({ value }) => value);
  const inState = async (state: MailState) =>
    (await listMails(side.storage, side.clock.now, acme, { state, limit: 100 })).length;

  test('one to everybody active with one of the roles and an address, in their language', async () => {
    await add('sato', ['owner', 'billing'], { preferredLanguage: 'ja-JP' });
    await add('smith', ['billing'], {
      emails: [{ value: 'other@example.com' }, { value: 'smith@example.com', primary: true }],
    });
    await add('nobody', ['owner'], { emails: [] });
    await add('broken', ['owner'], { emails: [{ value: 'a@example.com, b@example.com' }] });
    await add('auditor', ['auditor']);
    const gone = await add('gone', ['owner']);
    await side.deactivateUser(acme, gone.id, {}, byAdministrator);
    await tell();
    await deliverMails(place());
    expect(post.sent.map(({ to, language }) => [to.address, language])).toEqual([
      ['sato@example.com', 'ja'],
      ['smith@example.com', 'en'],
    ]);
    const [first, second] = post.sent;
    expect(first?.subject).toBe('2027年4月1日(木)から1名分の空きが不足します');
    expect(second?.subject).toBe('From 1 April 2027 you are short of one seat');
    expect(second?.text).toMatch(/11 people need a seat on 1 April 2027[\s\S]*Furlough, for Acme: https:\/\/people/);
    expect((await states()).map(({ state, error }) => error ?? state).toSorted()).toEqual([
      'no e-mail address',
      'no e-mail address',
      'sent',
      'sent',
    ]);
    await deliverMails(place());
    expect(post.sent).toHaveLength(2);
    expect(
      await side.storage.records(mailDueRecords).list('*send' as typeof acme, { limit: 10 }, side.clock.now),
    ).toEqual([]);
  });

  test('the organisation’s language is that of people who chose none, or one that is not spoken here', async () => {
    await side.changeOrganization(acme, { language: 'ja' }, byAdministrator);
    await add('a', ['owner']);
    await add('b', ['owner'], { preferredLanguage: 'fr', locale: 'fr-FR' });
    await add('c', ['owner'], { preferredLanguage: 'fr, en;q=0.5' });
    await add('d', ['owner'], { locale: 'en_US' });
    await tell();
    await deliverMails(place());
    expect(post.sent.map(({ language }) => language)).toEqual(['ja', 'ja', 'en', 'en']);
  });

  test('of several nodes at once, each mail is sent by one', async () => {
    for (let n = 0; n < 6; n += 1) await add(`owner${n}`, ['owner']);
    await tell();
    await Promise.all([deliverMails(place()), deliverMails(place()), deliverMails(place())]);
    await deliverMails(place());
    expect(post.sent.map(({ to }) => to.address).toSorted()).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => `owner${n}@example.com`),
    );
  });

  test('a node that dies while it sends leaves the mail to the others, once its time is over', async () => {
    await add('sato', ['owner']);
    await tell();
    post.failure = new Error('died') as MailError;
    await expect(deliverMails(place())).rejects.toThrow('died');
    post.failure = null;
    await deliverMails(place());
    expect(post.sent).toEqual([]);
    side.clock.now += 4 * minute;
    await deliverMails(place());
    expect(post.sent).toHaveLength(1);
  });

  test('while the mail server is away one try is enough, and the mails wait, later and later, for three days', async () => {
    for (const name of ['a', 'b', 'c']) await add(name, ['owner']);
    await tell();
    post.failure = new MailError('away', 'Connection refused');
    await deliverMails(place());
    expect(post.tries).toBe(1);
    await deliverMails(place());
    await deliverMails(place());
    await deliverMails(place());
    expect(post.tries).toBe(3);
    side.clock.now += minute;
    await deliverMails(place());
    expect(post.tries).toBe(4);
    expect((await states()).map(({ state, attempts }) => `${state} ${attempts}`).toSorted()).toEqual([
      'waiting 1',
      'waiting 1',
      'waiting 2',
    ]);
    post.failure = null;
    side.clock.now += 60 * minute;
    await deliverMails(place());
    expect(await inState('sent')).toBe(3);
  });

  test('what was given up is seen, and tried again by hand; what was sent is not', async () => {
    await add('a', ['owner']);
    await tell();
    post.failure = new MailError('postponed', 'Greylisted');
    await deliverMails(place());
    side.clock.now += 3 * day;
    await deliverMails(place());
    const [dead] = await listMails(side.storage, side.clock.now, acme, { state: 'dead', limit: 10 });
    expect(dead?.value).toMatchObject({ state: 'dead', attempts: 2, error: 'Greylisted' });
    expect(outcomes).toEqual(['failed', 'dead']);
    post.failure = null;
    await retryMail(side.storage, side.clock.now, acme, dead?.id ?? '');
    await deliverMails(place());
    expect(await inState('sent')).toBe(1);
    await retryMail(side.storage, side.clock.now, acme, dead?.id ?? '');
    await deliverMails(place());
    expect(post.sent).toHaveLength(1);
    expect(await retryMail(side.storage, side.clock.now, 'other' as typeof acme, dead?.id ?? '')).toBeNull();
  });

  test('refused by the mail server for good: given up at once, and the others are sent', async () => {
    await add('a', ['owner']);
    await tell();
    post.failure = new MailError('refused', '550 No such mailbox');
    await deliverMails(place());
    expect(await inState('dead')).toBe(1);
    post.failure = null;
    await add('b', ['owner']);
    await tell();
    await deliverMails(place());
    expect(post.sent.map(({ to }) => to.address)).toEqual(['a@example.com', 'b@example.com']);
  });

  test('who became inactive or lost the role before it is sent gets none', async () => {
    const a = await add('a', ['owner']);
    const b = await add('b', ['owner']);
    await add('c', ['owner']);
    await tell();
    post.failure = new MailError('postponed', 'Later');
    await deliverMails(place());
    post.failure = null;
    await side.deactivateUser(acme, a.id, {}, byAdministrator);
    await side.assignRoles(acme, b.id, ['auditor'], byAdministrator);
    side.clock.now += 10 * minute;
    await deliverMails(place());
    expect(post.sent.map(({ to }) => to.address)).toEqual(['c@example.com']);
    expect(await inState('dropped')).toBe(2);
  });

  test('a mail to one person is queued once under its id, whatever roles they have', async () => {
    const aoki = await add('aoki', []);
    const mail = { id: 'dormancy.1', organizationId: acme, user: aoki.id, code: 'dormancyWarning', roles: [] } as const;
    for (let n = 0; n < 2; n += 1)
      await queueMail(side.storage, side.clock.now, { ...mail, values: { warnDays: '7' } });
    await deliverMails(place());
    expect(post.sent.map(({ text }) => text)).toEqual([expect.stringContaining('within 7 days')]);
  });
});
