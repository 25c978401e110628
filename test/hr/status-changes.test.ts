// The HR feed over HTTP, on both storages: what each status does, who may say it, what comes late or twice, dry runs and the way back.

import { Webhook } from 'standardwebhooks';
import { statusOf } from '#directory/user.ts';
import { describeDoorsWithMongo } from '../harness/both-storages.ts';
import type { StorageKind } from '../harness/running-server.ts';
import { midnight, openHrWorld, place, type HrWorld } from './hr-world.ts';

describe('on SQLite', () => {
  declareSuite('sqlite');
});
describeDoorsWithMongo('on MongoDB', () => {
  declareSuite('mongodb');
});

function declareSuite(kind: StorageKind): void {
  let world: HrWorld;
  let names = 0;
  beforeAll(async () => {
    world = await openHrWorld(kind);
  });
  afterAll(() => world.stop());
  beforeEach(() => {
    world.clock.now = midnight('2027-01-15');
  });
  const someone = async (more?: object) => {
    names += 1;
    const userName = `person${names}`;
    return { userName, id: await world.hire(userName, more) };
  };
  const status = async (id: string) => statusOf(await world.user(id));
  const leaves = async (id: string) => (await world.user(id)).leaves ?? [];

  test('terminated holds at once and deletes nobody; active lifts this feed’s hold and no other', async () => {
    const { id, userName } = await someone();
    const out = await world.report({ userName, status: 'terminated', effectiveAt: '2027-01-15', note: 'moved' });
    expect(out).toMatchObject({
      summary: { changed: 1 },
      people: { in: 0, out: 1, waiting: 0 },
      results: [{ index: 0, outcome: 'changed', user: { id, status: 'inactive', active: false, heldBy: ['hr'] } }],
    });
    expect((await world.user(id)).holds).toMatchObject([{ kind: 'hr', source: 'bamboo', note: 'moved' }]);
    await world.admin('POST', `${place}/users/${id}/deactivate`, { reason: 'Other' });
    const back = await world.report({ userName, status: 'active', effectiveAt: '2027-01-15' });
    expect(back.results).toMatchObject([{ outcome: 'changed', user: { active: false, heldBy: ['admin'] } }]);
    const again = await world.report({ userName, status: 'active', effectiveAt: '2027-01-15' });
    expect(again.summary).toMatchObject({ changed: 0, unchanged: 1 });
  });

  test('another feed’s hold is not lifted', async () => {
    const { id, userName } = await someone();
    const other = await world.feed('workday');
    const line = { userName, status: 'terminated', effectiveAt: '2027-01-10' };
    expect((await world.hr('POST', '/status-changes', [line], other)).status).toBe(200);
    await world.report({ ...line, status: 'active' });
    expect((await world.user(id)).holds).toMatchObject([{ kind: 'hr', source: 'workday' }]);
    await world.hr('POST', '/status-changes', [{ ...line, status: 'active' }], other);
    expect(await status(id)).toBe('active');
  });

  test('a leave ahead begins and ends on its days, in the organisation’s zone', async () => {
    const { id, userName } = await someone();
    const days = { effectiveAt: '2027-02-01', until: '2027-04-01' };
    const { results } = await world.report({ userName, status: 'leave', type: 'parental', ...days });
    expect(results).toMatchObject([{ outcome: 'changed', user: { status: 'scheduled', active: true } }]);
    expect(await leaves(id)).toMatchObject([{ type: 'parental', source: 'bamboo', startsAt: midnight('2027-02-01') }]);
    await world.pass('2027-01-31');
    expect(await status(id)).toBe('scheduled');
    await world.pass('2027-02-01');
    expect(await status(id)).toBe('onLeave');
    // A nightly report says the same again.
    const again = await world.report({ userName, status: 'leave', type: 'parental', effectiveAt: '2027-02-01' });
    expect(again.summary).toMatchObject({ unchanged: 1 });
    const longer = await world.report({ userName, status: 'leave', type: 'parental', ...days, until: '2027-05-01' });
    expect(longer.summary).toMatchObject({ changed: 1 });
    await world.pass('2027-04-01');
    expect(await status(id)).toBe('onLeave');
    await world.pass('2027-05-01');
    expect(await status(id)).toBe('active');
  });

  test('active ends leaves this feed made and no other; ahead it names the day of return', async () => {
    const [own, foreign] = [await someone(), await someone()];
    await world.admin('POST', `${place}/users/${foreign.id}/leaves`, { until: '2027-06-01' });
    await world.report({ userName: own.userName, status: 'leave', effectiveAt: '2027-01-10' });
    expect([await status(own.id), await status(foreign.id)]).toEqual(['onLeave', 'onLeave']);
    const returns = await world.report({ userName: own.userName, status: 'active', effectiveAt: '2027-03-01' });
    expect(returns.results).toMatchObject([{ outcome: 'changed', user: { status: 'onLeave' } }]);
    expect(await leaves(own.id)).toMatchObject([{ until: '2027-03-01', endsAt: midnight('2027-03-01') }]);
    const { results } = await world.report(
      { userName: own.userName, status: 'active', effectiveAt: '2027-01-15' },
      { userName: foreign.userName, status: 'active', effectiveAt: '2027-01-15' },
    );
    expect(results).toMatchObject([
      { outcome: 'changed', user: { status: 'active' } },
      { outcome: 'unchanged', user: { status: 'onLeave', heldBy: ['leave'] } },
    ]);
    const overlapping = { userName: foreign.userName, status: 'leave', effectiveAt: '2027-05-01' };
    expect((await world.report(overlapping)).results).toMatchObject([{ outcome: 'failed', code: 'leaveOverlaps' }]);
  });

  test('terminated ahead plans the end, moves with a correction, and is withdrawn by active of the same day', async () => {
    const { id, userName } = await someone();
    const end = { userName, status: 'terminated', effectiveAt: '2027-04-01' };
    expect((await world.report(end)).results).toMatchObject([{ user: { status: 'scheduled', active: true } }]);
    await world.report({ ...end, effectiveAt: '2027-03-01' });
    expect(await leaves(id)).toMatchObject([{ type: 'left', from: '2027-03-01', state: 'planned' }]);
    await world.report({ userName, status: 'active', effectiveAt: '2027-03-01' });
    expect(await leaves(id)).toMatchObject([{ state: 'cancelled' }]);
    await world.report({ ...end, effectiveAt: '2027-02-01T18:00:00+09:00' });
    await world.pass('2027-02-01');
    expect(await status(id)).toBe('scheduled');
    await world.pass('2027-02-02');
    expect((await world.user(id)).holds).toMatchObject([{ kind: 'hr', source: 'bamboo', reason: 'left' }]);
  });

  test('who leaves while on leave does not come back; a start is awaited', async () => {
    const [leaver, starter] = [await someone(), await someone()];
    await world.report(
      { userName: leaver.userName, status: 'leave', effectiveAt: '2027-01-10', until: '2027-03-01' },
      { userName: leaver.userName, status: 'terminated', effectiveAt: '2027-02-01' },
      { userName: starter.userName, status: 'starts', effectiveAt: '2027-02-01' },
    );
    expect(await status(starter.id)).toBe('starting');
    await world.pass('2027-02-01');
    expect([await status(leaver.id), await status(starter.id)]).toEqual(['inactive', 'active']);
    await world.pass('2027-03-01');
    expect(await status(leaver.id)).toBe('inactive');
    // Hired again.
    await world.report({ userName: leaver.userName, status: 'active', effectiveAt: '2027-04-01' });
    expect(await status(leaver.id)).toBe('starting');
    await world.pass('2027-04-01');
    expect(await status(leaver.id)).toBe('active');
  });

  test.each(['starts', 'active'])(
    'who leaves on a day and begins again on a later one (%s) is in until then, out between and in again, however often it is said',
    async (word) => {
      const { id, userName } = await someone();
      const lines = [
        { userName, status: 'active', effectiveAt: '2020-04-01' },
        { userName, status: 'terminated', effectiveAt: '2027-03-31' },
        { userName, status: word, effectiveAt: '2027-07-01' },
      ];
      const say = async () => {
        const { results } = await world.report(...lines);
        return results.map(({ outcome }: { outcome: string }) => outcome);
      };
      const { epoch } = await world.user(id);
      expect(await say()).toEqual(['unchanged', 'changed', 'changed']);
      expect(await leaves(id)).toMatchObject([
        { type: 'start', from: '2027-03-31', until: '2027-07-01', state: 'planned', source: 'bamboo' },
      ]);
      expect(await say()).toEqual(['unchanged', 'unchanged', 'unchanged']);
      await world.pass('2027-03-30');
      expect(await world.user(id)).toMatchObject({ active: true, epoch });
      await world.pass('2027-03-31');
      expect(await status(id)).toBe('starting');
      expect(await say()).toEqual(['late', 'unchanged', 'unchanged']);
      await world.pass('2027-06-30');
      expect(await status(id)).toBe('starting');
      await world.pass('2027-07-01');
      expect(await world.user(id)).toMatchObject({ active: true, holds: [], epoch: epoch + 1 });
      expect(await say()).toEqual(['unchanged', 'late', 'unchanged']);
      expect(await status(id)).toBe('active');
    },
  );

  test('both days move with a correction; an end behind the first day is another one; an end for now is one', async () => {
    const { id, userName } = await someone();
    const say = async (word: string, effectiveAt: string) => {
      const { results } = await world.report({ userName, status: word, effectiveAt });
      expect(results).toMatchObject([{ outcome: 'changed' }]);
    };
    const days = async () =>
      (await leaves(id)).filter(({ state }) => state === 'planned').map(({ type, from, until }) => [type, from, until]);
    await say('terminated', '2027-03-31');
    await say('starts', '2027-07-01');
    await say('terminated', '2027-04-15');
    await say('starts', '2027-08-01');
    await say('terminated', '2027-12-31');
    expect(await days()).toEqual([
      ['start', '2027-04-15', '2027-08-01'],
      ['left', '2027-12-31', undefined],
    ]);
    await world.pass('2027-04-15');
    expect(await status(id)).toBe('starting');
    await world.pass('2027-08-01');
    expect(await status(id)).toBe('scheduled');
    await world.pass('2027-12-31');
    expect((await world.user(id)).holds).toMatchObject([{ kind: 'hr', source: 'bamboo' }]);

    const gone = await someone();
    await world.report(
      { userName: gone.userName, status: 'terminated', effectiveAt: '2028-03-31' },
      { userName: gone.userName, status: 'starts', effectiveAt: '2028-07-01' },
      { userName: gone.userName, status: 'terminated', effectiveAt: '2027-12-30' },
    );
    expect(await status(gone.id)).toBe('inactive');
    await world.pass('2028-07-01');
    expect(await status(gone.id)).toBe('inactive');
  });

  test('who is on leave when they leave stays out until the first day; the same day again withdraws the end', async () => {
    const [away, stays, first] = [await someone(), await someone(), await someone()];
    const lines = [
      { userName: away.userName, status: 'leave', effectiveAt: '2027-02-01', until: '2027-05-01' },
      { userName: away.userName, status: 'terminated', effectiveAt: '2027-03-31' },
      { userName: away.userName, status: 'starts', effectiveAt: '2027-07-01' },
    ];
    expect((await world.report(...lines)).summary).toMatchObject({ changed: 3 });
    expect((await world.report(...lines)).summary).toMatchObject({ unchanged: 3 });
    await world.report(
      { userName: stays.userName, status: 'terminated', effectiveAt: '2027-03-31' },
      { userName: stays.userName, status: 'starts', effectiveAt: '2027-07-01' },
      { userName: stays.userName, status: 'active', effectiveAt: '2027-03-31' },
      { userName: first.userName, status: 'terminated', effectiveAt: '2027-09-30' },
      { userName: first.userName, status: 'starts', effectiveAt: '2027-04-01' },
    );
    expect(await leaves(stays.id)).toMatchObject([{ state: 'cancelled' }]);
    // Who begins before they leave has not begun yet.
    expect(await status(first.id)).toBe('starting');
    for (const day of ['2027-02-01', '2027-03-31', '2027-05-01', '2027-06-30']) {
      await world.pass(day);
      expect([(await world.user(away.id)).active, await status(stays.id)]).toEqual([false, 'active']);
    }
    await world.pass('2027-07-01');
    expect([await status(away.id), await status(first.id)]).toEqual(['active', 'scheduled']);
    await world.pass('2027-09-30');
    expect(await status(first.id)).toBe('inactive');
  });

  test('a batch that names the first day behind an end is taken back: the end stays', async () => {
    const { id, userName } = await someone();
    await world.report({ userName, status: 'terminated', effectiveAt: '2027-03-31' });
    const { batch } = await world.report({ userName, status: 'starts', effectiveAt: '2027-07-01' });
    await world.hr('POST', `/status-changes/${batch}/undo`);
    expect(await leaves(id)).toMatchObject([{ type: 'left', from: '2027-03-31', state: 'planned' }]);
  });

  test('a leave that is over brings nobody back who has left; one that runs does, on its day', async () => {
    const { id, userName } = await someone();
    const at = (sequence: number, line: object) => world.report({ userName, sequence, ...line });
    await at(1, { status: 'terminated', effectiveAt: '2027-01-01' });
    await at(2, { status: 'leave', effectiveAt: '2026-06-01', until: '2026-08-01' });
    expect([await status(id), await leaves(id)]).toMatchObject(['inactive', [{ state: 'ended' }]]);
    await at(3, { status: 'leave', effectiveAt: '2027-01-10', until: '2027-02-01' });
    expect(await status(id)).toBe('onLeave');
    await world.pass('2027-02-01');
    expect(await status(id)).toBe('active');
  });

  test('what comes late or twice is left alone', async () => {
    const { id, userName } = await someone();
    const at = (sequence: number, line: object) => ({ userName, effectiveAt: '2027-01-10', sequence, ...line });
    await world.report(at(5, { status: 'terminated' }));
    const late = await world.report(at(4, { status: 'active' }), at(5, { status: 'terminated' }));
    expect(late.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual(['late', 'repeated']);
    await world.admin('POST', `${place}/users/${id}/reactivate`, {});
    expect((await world.report(at(5, { status: 'terminated' }))).results).toMatchObject([{ outcome: 'repeated' }]);
    expect(await status(id)).toBe('active');

    const other = await someone();
    const report = (word: string, effectiveAt: string) =>
      world.report({ userName: other.userName, status: word, effectiveAt });
    await report('terminated', '2027-01-12');
    expect((await report('active', '2027-01-11')).results).toMatchObject([{ outcome: 'late' }]);
    expect(await status(other.id)).toBe('inactive');
    expect((await report('active', '2027-01-13')).results).toMatchObject([{ outcome: 'changed' }]);
  });

  test('what was planned and has come into force is not undone by an older line that is said again', async () => {
    const [leaver, away, both] = [await someone(), await someone(), await someone()];
    const say = async (userName: string, word: string, effectiveAt: string, more: object = {}) => {
      const { results } = await world.report({ userName, status: word, effectiveAt, ...more });
      return results[0].outcome as string;
    };
    for (const { userName } of [leaver, away, both])
      expect(await say(userName, 'active', '2020-04-01')).toBe('unchanged');
    await say(leaver.userName, 'terminated', '2027-02-01');
    await say(away.userName, 'leave', '2027-02-01');
    await say(both.userName, 'leave', '2027-01-10', { until: '2027-03-01' });
    await say(both.userName, 'terminated', '2027-02-01');
    // The day has come, the schedule has not.
    world.clock.now = midnight('2027-02-01');
    expect(await say(leaver.userName, 'active', '2020-04-01')).toBe('late');
    await world.pass('2027-02-01');
    for (const { userName } of [leaver, away]) expect(await say(userName, 'active', '2020-04-01')).toBe('late');
    expect(await say(both.userName, 'leave', '2027-01-10', { until: '2027-03-01' })).toBe('late');
    expect(await say(leaver.userName, 'terminated', '2027-02-01')).toBe('unchanged');
    expect(await say(away.userName, 'leave', '2027-02-01')).toBe('unchanged');
    expect(await say(away.userName, 'active', '2027-03-01')).toBe('changed');
    await world.pass('2027-03-01');
    expect(await say(away.userName, 'leave', '2027-02-01')).toBe('late');
    expect(await say(both.userName, 'active', '2020-04-01')).toBe('late');
    const states = await Promise.all([leaver, away, both].map(({ id }) => status(id)));
    expect(states).toEqual(['inactive', 'active', 'inactive']);
    expect(await say(leaver.userName, 'active', '2027-02-15')).toBe('changed');
    expect(await status(leaver.id)).toBe('active');
  });

  test('a leave that is over is noted once, however often it is said', async () => {
    const { id, userName } = await someone();
    const past = { userName, status: 'leave', effectiveAt: '2026-06-01', until: '2026-08-01' };
    for (const sequence of [1, 2, 3]) await world.report({ ...past, sequence });
    expect(await leaves(id)).toMatchObject([{ state: 'ended', from: '2026-06-01' }]);
  });

  test('a leave that begins on the day on which another one ends is another one, whatever the hour of the return', async () => {
    const { id, userName } = await someone();
    const first = { person: { userName }, from: '2027-02-01', until: '2027-04-01', returnHour: 9 };
    expect((await world.hr('POST', '/leaves', first)).status).toBe(201);
    const next = { userName, status: 'leave', effectiveAt: '2027-04-01', until: '2027-05-01' };
    expect((await world.report(next)).results).toMatchObject([{ outcome: 'changed' }]);
    expect(await leaves(id)).toMatchObject([
      { from: '2027-02-01', until: '2027-04-01', state: 'planned' },
      { from: '2027-04-01', until: '2027-05-01', state: 'planned' },
    ]);
  });

  test('people are found by each identifier; nobody, several and different ones are failures of their line only', async () => {
    const enterprise = {
      'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User': { employeeNumber: `E-${kind}` },
    };
    const { userName, id } = await someone({ externalId: `x-${kind}`, ...enterprise });
    const shared = { emails: [{ value: `shared@${kind}.test` }] };
    const [left] = [await someone(shared), await someone(shared)];
    const active = { status: 'active', effectiveAt: '2027-01-01' };
    const { results, summary } = await world.report(
      { employeeNumber: `E-${kind}`, ...active },
      { externalId: `x-${kind}`, ...active },
      { email: `${userName.toUpperCase()}@Example.com`, ...active },
      { userName: userName.toUpperCase(), employeeNumber: `E-${kind}`, ...active },
      { email: `shared@${kind}.test`, ...active },
      { userName: left.userName, externalId: `x-${kind}`, ...active },
      { userName: 'nobody', ...active },
      { userName, status: 'gone', effectiveAt: 'soon', extra: 1 },
      { ...active },
      ['text'],
      { userName, status: 'active', effectiveAt: '2027-02-30' },
      { userName, status: 'leave', effectiveAt: '2027-03-01', until: '2027-02-01' },
    );
    expect(results.slice(0, 4)).toMatchObject(Array(4).fill({ outcome: 'unchanged', user: { id } }));
    const codes = results.slice(4).map(({ code }: { code: string }) => code);
    const [input, value] = ['invalidInput', 'invalidValue'];
    expect(codes).toEqual(['severalUsers', 'identifiersDisagree', 'userNotFound', input, input, input, value, value]);
    expect(summary).toEqual({ changed: 0, unchanged: 4, repeated: 0, late: 0, failed: 8 });
    const pointers = results[7].errors.map(({ pointer }: { pointer: string }) => pointer);
    expect(pointers.toSorted()).toEqual(['/effectiveAt', '/extra', '/status']);
    expect(results[10].errors).toMatchObject([{ pointer: '/effectiveAt' }]);
  });

  test('a dry run tells the same and stores nothing', async () => {
    const { id, userName } = await someone();
    const lines = [
      { userName, status: 'terminated', effectiveAt: '2027-01-10', sequence: 1 },
      { userName, status: 'active', effectiveAt: '2027-01-10', sequence: 1 },
      { userName, status: 'leave', effectiveAt: '2027-01-12', sequence: 2 },
    ];
    const before = await world.user(id);
    const { body: dry } = await world.hr('POST', '/status-changes?dryRun=true', lines);
    expect(await world.user(id)).toEqual(before);
    const real = await world.report(...lines);
    const shown = ({ results }: typeof real) =>
      results.map(({ outcome, user }: { outcome: string; user: object }) => ({ outcome, user }));
    expect(shown(dry)).toEqual(shown(real));
    expect([dry.batch, dry.dryRun, dry.people]).toEqual([null, true, real.people]);
    expect((await world.hr('POST', '/status-changes?dryrun=true', lines)).status).toBe(400);
    expect((await world.hr('POST', '/status-changes?dryRun=yes', lines)).status).toBe(400);
  });

  test('a batch is undone once; what somebody else changed since stays', async () => {
    const [out, away, touched, ended] = [await someone(), await someone(), await someone(), await someone()];
    await world.report({ userName: ended.userName, status: 'leave', effectiveAt: '2027-01-10', until: '2027-05-01' });
    const { batch } = await world.report(
      { userName: out.userName, status: 'terminated', effectiveAt: '2027-01-15', sequence: 1 },
      { userName: away.userName, status: 'leave', effectiveAt: '2027-01-15' },
      { userName: touched.userName, status: 'leave', effectiveAt: '2027-02-01', until: '2027-03-01' },
      { userName: ended.userName, status: 'active', effectiveAt: '2027-01-15' },
    );
    const [leave] = await leaves(touched.id);
    await world.admin('PUT', `${place}/users/${touched.id}/leaves/${leave?.id}`, { until: '2027-04-01' });
    await world.admin('POST', `${place}/users/${out.id}/deactivate`, { reason: 'Other' });
    const undone = await world.hr('POST', `/status-changes/${batch}/undo`);
    expect(undone.body).toMatchObject({ lines: { gone: 0 } });
    expect((await world.user(out.id)).holds).toMatchObject([{ kind: 'admin' }]);
    expect([await status(away.id), await status(ended.id)]).toEqual(['active', 'onLeave']);
    expect(await leaves(ended.id)).toMatchObject([{ state: 'running', until: '2027-05-01' }]);
    expect(await leaves(touched.id)).toMatchObject([{ state: 'planned', until: '2027-04-01' }]);
    const again = await world.hr('POST', `/status-changes/${batch}/undo`);
    expect(again.body.lines).toEqual({ restored: 0, unchanged: 4, gone: 0 });
    // The feed may say it again.
    const repeated = { userName: out.userName, status: 'terminated', effectiveAt: '2027-01-15', sequence: 1 };
    expect((await world.report(repeated)).results).toMatchObject([{ outcome: 'changed' }]);
    const other = await world.feed('third');
    expect((await world.hr('POST', `/status-changes/${batch}/undo`, undefined, other)).status).toBe(404);
  });

  test('the same Idempotency-Key, and the same signed message, are carried out once', async () => {
    const { id, userName } = await someone();
    const line = [{ userName, status: 'terminated', effectiveAt: '2027-01-10' }];
    const key = { 'idempotency-key': `key-${kind}` };
    const first = await world.hr('POST', '/status-changes', line, key);
    await world.admin('POST', `${place}/users/${id}/reactivate`, {});
    const second = await world.hr('POST', '/status-changes', line, key);
    expect([second.body, second.headers.get('idempotency-replayed')]).toEqual([first.body, 'true']);
    expect(await status(id)).toBe('active');
    expect((await world.hr('POST', '/status-changes', [], key)).status).toBe(422);

    const body = JSON.stringify(line);
    const [moment, message] = [new Date(world.clock.now), `msg-${kind}`];
    const sign = (secret: string, at = moment) => new Webhook(secret).sign(message, at, body);
    const send = (signature: string, at = moment, credential = world.credential.id) =>
      fetch(`${world.url}/hr/v1/status-changes?organization=acme&credential=${credential}`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': message,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': signature,
        },
      });
    const old = new Date(world.clock.now - 301_000);
    const refused = [
      await send(sign(`whsec_${Buffer.from('another secret').toString('base64')}`)),
      await send(sign(world.credential.signingSecret, old), old),
      await send(sign(world.credential.signingSecret), moment, 'unknown'),
      await send(''),
    ];
    expect(refused.map((answer) => answer.status)).toEqual([401, 401, 401, 401]);
    expect((await send(sign(world.credential.signingSecret))).status).toBe(200);
    expect(await status(id)).toBe('inactive');
    await world.admin('POST', `${place}/users/${id}/reactivate`, {});
    const replayed = await send(sign(world.credential.signingSecret));
    expect([replayed.status, replayed.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(await status(id)).toBe('active');
  });

  test('other credentials, other methods and other bodies are refused in problem details', async () => {
    const { body: scim } = await world.admin('POST', `${place}/credentials`, { kind: 'scim', name: 'other kind' });
    const as = (token: string) => ({ authorization: `Bearer ${token}` });
    const asked = [
      await world.hr('POST', '/status-changes', [], as(scim['secret'])),
      await world.hr('POST', '/status-changes', [], { authorization: 'Basic x' }),
      await world.hr('GET', '/status-changes'),
      await world.hr('POST', '/status-changes', { lines: [] }),
      await world.hr('POST', '/status-changes', '[{'),
      await world.hr('POST', '/status-changes', '[]', { 'content-type': 'text/plain' }),
      await world.hr('POST', '/status-changes', Array(10_001).fill(0)),
      await world.hr('POST', '/nothing', []),
    ];
    expect(asked.map((answer) => answer.status)).toEqual([401, 401, 405, 400, 400, 415, 400, 404]);
    for (const answer of asked) {
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(typeof answer.body['code']).toBe('string');
    }
  });

  test('leaves one by one: planned, listed, changed, ended; another feed’s are not there', async () => {
    const { id, userName } = await someone();
    const made = await world.hr('POST', '/leaves', { person: { userName }, from: '2027-02-01', until: '2027-03-01' });
    expect([made.status, made.body]).toMatchObject([201, { person: { id, active: true }, state: 'planned' }]);
    const at = `/leaves/${made.body['id']}`;
    const { body: list } = await world.hr('GET', '/leaves');
    expect(list['items']).toContainEqual(expect.objectContaining({ id: made.body['id'] }));
    expect((await world.hr('PUT', at, { until: null })).body['until']).toBeUndefined();
    const other = await world.feed('fourth');
    expect((await world.hr('GET', '/leaves', undefined, other)).body['items']).toEqual([]);
    expect((await world.hr('PUT', at, {}, other)).status).toBe(404);
    expect((await world.hr('DELETE', at)).body).toMatchObject({ state: 'cancelled' });
    expect((await world.hr('DELETE', at)).status).toBe(404);
    const wrong = [
      { person: { userName: 'nobody' } },
      { person: {} },
      { from: 'x' },
      { person: { userName }, until: 5 },
    ];
    for (const body of wrong) expect([body, (await world.hr('POST', '/leaves', body)).status]).toEqual([body, 400]);
  });

  test('every line is in the provisioning log, every change in the audit trail', async () => {
    const { id, userName } = await someone();
    await world.report(
      { userName, status: 'terminated', effectiveAt: '2027-01-10' },
      { userName: 'nobody', status: 'active', effectiveAt: '2027-01-10' },
    );
    await world.settle();
    const { body: log } = await world.admin('GET', `${place}/provisioning-log?connection=bamboo&limit=200`);
    expect(log['items']).toContainEqual(
      expect.objectContaining({
        outcome: 'failure',
        operation: 1,
        code: 'userNotFound',
        why: ['Nobody has this userName.'],
      }),
    );
    const resource = expect.objectContaining({ id });
    expect(log['items']).toContainEqual(expect.objectContaining({ outcome: 'success', operation: 0, resource }));
    const { body: audit } = await world.admin('GET', `${place}/audit?limit=200`);
    const words = { action: 'user.deactivated', actor: 'connection:bamboo', mouth: 'hrFeed', reason: 'hr.terminated' };
    expect(audit['items']).toContainEqual(expect.objectContaining({ ...words, target: resource }));
  });
}
