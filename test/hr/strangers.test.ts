// The HR door and strangers: another organisation's ids are as unknown ones (T01), and whatever is sent is answered in the door's own words (F03).

import fc from 'fast-check';
import { identifierNames } from '#hr/status-line.ts';
import { describeDoorsWithMongo } from '../harness/both-storages.ts';
import { watchLoopStall, withoutStall } from '../harness/loop-stall.ts';
import type { StorageKind } from '../harness/running-server.ts';
import { runs, runsOn } from '../harness/test-scale.ts';
import { openHrWorld, type HrWorld } from './hr-world.ts';

describe('on SQLite', () => {
  declareSuite('sqlite');
});
describeDoorsWithMongo('on MongoDB', () => {
  declareSuite('mongodb');
});

function declareSuite(kind: StorageKind): void {
  let world: HrWorld;
  beforeAll(async () => {
    world = await openHrWorld(kind);
  });
  afterAll(() => world.stop());

  test('T01 another organisation’s people, leaves and batches are answered like those that nobody has', async () => {
    await world.admin('POST', '/organizations', { id: 'other', name: 'Other', timeZone: 'UTC', licensed: null });
    const issued = await world.admin('POST', '/organizations/other/credentials', { kind: 'hr', name: 'HR' });
    const theirs = { authorization: `Bearer ${issued.body['secret']}`, 'x-request-id': 'the-same' };
    await world.hire('aoki');
    const made = await world.hr('POST', '/leaves', { person: { userName: 'aoki' }, from: '2027-02-01' });
    const { batch } = await world.report({ userName: 'aoki', status: 'terminated', effectiveAt: '2027-06-01' });
    const line = (userName: string) => [{ userName, status: 'terminated', effectiveAt: '2027-01-01' }];
    const asked = (leave: string, ofBatch: string, userName: string) =>
      [
        ['POST', '/status-changes', line(userName)],
        ['POST', '/status-changes?dryRun=true', line(userName)],
        ['POST', `/status-changes/${ofBatch}/undo`, undefined],
        ['POST', '/leaves', { person: { userName }, from: '2027-02-01' }],
        ['PUT', `/leaves/${leave}`, { until: null }],
        ['DELETE', `/leaves/${leave}`, undefined],
        ['GET', '/leaves', undefined],
      ] as const;
    const foreign = asked(String(made.body['id']), String(batch), 'aoki');
    const unknown = asked(String(made.body['id']).replace(/^\w{4}/, 'ffff'), `${batch}0`, 'nobody');
    for (const [n, [method, path, body]] of foreign.entries()) {
      const answer = await world.hr(method, path, body, theirs);
      const [, at, instead] = unknown[n] ?? foreign[0]!;
      const reference = await world.hr(method, at, instead, theirs);
      // Each real request has a batch of its own.
      const words = (text: object) => JSON.stringify({ ...text, batch: null });
      expect([path, answer.status, words(answer.body)]).toEqual([path, reference.status, words(reference.body)]);
    }
    expect((await world.user(made.body['person'].id)).leaves).toMatchObject([{ state: 'planned' }, { type: 'left' }]);
  });

  test('F03 any lines: an outcome for each or a refusal, no fault of ours, no standstill, no prototype touched', async () => {
    const id = await world.hire('baba', { externalId: 'b-1' });
    const before = Object.getOwnPropertyNames(Object.prototype).join();
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '\0', '__proto__', '{"$ne":1}', '*'));
    const date = fc.oneof(
      fc.constantFrom('2027-02-30', '2027-01-01', '2027-12-31', '9999-12-31', '0000-01-01', '2027-01-01T00:00:00Z'),
      fc.date({ noInvalidDate: true }).map((at) => at.toISOString()),
      text,
    );
    const odd = fc.anything({ withNullPrototype: false });
    const line = fc.record(
      {
        ...Object.fromEntries(
          identifierNames.map((name) => [name, fc.oneof(fc.constantFrom('baba', 'b-1'), text, odd)]),
        ),
        status: fc.oneof(fc.constantFrom('active', 'leave', 'terminated', 'starts'), text, odd),
        effectiveAt: fc.oneof({ weight: 4, arbitrary: date }, odd),
        until: fc.oneof(date, fc.constant(null), odd),
        type: fc.oneof(fc.constantFrom('leave', 'parental', 'left'), odd),
        note: fc.oneof(text, odd),
        sequence: fc.oneof(fc.integer(), fc.double(), odd),
      },
      { requiredKeys: [] },
    );
    const known = fc.record({
      userName: fc.constantFrom('baba', 'baba', 'nobody'),
      status: fc.constantFrom('active', 'leave', 'terminated', 'starts'),
      effectiveAt: fc.constantFrom('2026-12-01', '2027-01-10', '2027-02-01', '2027-03-01T10:00:00+09:00', '2027-04-01'),
      until: fc.constantFrom('2027-01-12', '2027-02-10', '2027-05-01', null),
    });
    const lines = fc.array(fc.oneof(line, known, odd), { maxLength: 8 });
    const seen = new Set<string>();
    const stall = watchLoopStall();
    await fc.assert(
      fc.asyncProperty(lines, async (sent) => {
        await withoutStall(stall, async () => {
          const body = JSON.stringify(sent);
          const answer = await world.hr('POST', '/status-changes', body);
          if (answer.status === 400) expect(answer.body['code']).toBe('malformedBody');
          else {
            expect([answer.status, answer.body['results']?.length]).toEqual([200, sent.length]);
            for (const { outcome, code = '' } of answer.body['results']) seen.add(`${outcome} ${code}`.trim());
          }
          expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before);
        });
      }),
      { numRuns: kind === 'sqlite' ? runs(150, 10_000) : runsOn(kind, 50, 10_000) },
    );
    stall.stop();
    const usual = ['changed', 'unchanged', 'failed invalidInput', 'failed invalidValue', 'failed userNotFound'];
    expect([...seen]).toEqual(expect.arrayContaining(usual));
    const { active, holds } = await world.user(id);
    expect(active).toBe(holds.length === 0);
  }, 900_000);
}
