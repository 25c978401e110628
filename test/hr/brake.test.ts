// The brake at the HR door, and an administrator's part in it.

import { openHrWorld, place, type HrWorld } from './hr-world.ts';
import { noticeRecords } from '#notices/notice-records.ts';
import type { OrganizationId } from '#directory/identifiers.ts';

describe('the brake at the HR door', () => {
  let world: HrWorld;
  beforeEach(async () => {
    world = await openHrWorld('sqlite');
    const brake = { mode: 'hold', atMost: 1, perMinutes: 60 };
    await world.admin('PUT', `${place}/connections/bamboo`, { name: 'Bamboo', provisioning: { kind: 'hr', brake } });
  });
  afterEach(() => world.stop());

  const line = (userName: string, status: string, more: object = {}) => ({
    userName,
    status,
    effectiveAt: '2027-01-15',
    ...more,
  });
  const codes = (
    { results }: Record<string, any>, // oxlint-disable-line no-explicit-any
  ) => results.map(({ outcome, code }: { outcome: string; code?: string }) => code ?? outcome);
  const decide = (body: object) => world.admin('POST', `${place}/connections/bamboo/brake`, body);
  const shown = async () => (await world.admin('GET', `${place}/connections/bamboo`)).body['brake'];

  test('ends and leaves, also those that are only planned, fail line by line; the rest goes on', async () => {
    const ids = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => world.hire(name)));
    const report = await world.report(
      line('a', 'terminated'),
      line('b', 'leave', { until: '2027-03-01' }),
      line('c', 'terminated', { effectiveAt: '2027-01-16' }),
      line('d', 'leave', { effectiveAt: '2027-01-16' }),
      line('e', 'active'),
    );
    // Which of them was first is chance.
    expect(codes(report).toSorted()).toEqual(['brakeHolds', 'brakeHolds', 'brakeHolds', 'changed', 'unchanged']);
    const left = await Promise.all(
      ids.map(async (id) => (await world.user(id)).leaves ?? (await world.user(id)).holds),
    );
    expect(left.filter((parts) => parts.length > 0)).toHaveLength(1);
    expect(codes(await world.report(line('a', 'active'))).at(0)).not.toBe('brakeHolds');

    const refused = await world.hr('POST', '/leaves', {
      person: { userName: 'e' },
      from: '2027-02-01',
      until: '2027-03-01',
    });
    expect([refused.status, refused.body['code'], refused.headers.get('retry-after')]).toEqual([
      429,
      'brakeHolds',
      '900',
    ]);
  });

  test('a dry run says what the brake would refuse, and counts nothing', async () => {
    await Promise.all(['a', 'b', 'c'].map((name) => world.hire(name)));
    const lines = [line('a', 'terminated'), line('b', 'terminated'), line('c', 'active')];
    const preview = async () => (await world.hr('POST', '/status-changes?dryRun=true', lines)).body;
    // One of the two, whichever comes first.
    expect(codes(await preview()).toSorted()).toEqual(['brakeHolds', 'changed', 'unchanged']);
    expect(codes(await preview()).toSorted()).toEqual(['brakeHolds', 'changed', 'unchanged']);
    expect(await shown()).toMatchObject({ state: 'open', counted: 0 });
    await world.report(line('a', 'terminated'));
    expect(codes(await preview())).toEqual(['unchanged', 'brakeHolds', 'unchanged']);
    await decide({ decision: 'release' });
    expect(codes(await preview())).toEqual(['unchanged', 'changed', 'unchanged']);
  });

  test('owners are told at once, everybody sees where it stands, and one call decides', async () => {
    await Promise.all(['a', 'b', 'c'].map((name) => world.hire(name)));
    expect(await shown()).toEqual({ mode: 'hold', atMost: 1, perMinutes: 60, state: 'open', counted: 0 });
    await world.report(line('a', 'terminated'));
    await world.report(line('b', 'terminated'));
    await world.settle();
    const now = world.clock.now;
    const acme = 'acme' as OrganizationId;
    const notices = await world.house.storage.records(noticeRecords).list(acme, { limit: 10 }, now);
    expect(notices.map(({ value }) => value)).toMatchObject([{ code: 'brakeHolds', roles: ['owner'], at: now }]);
    expect(await shown()).toMatchObject({ state: 'holding', counted: 1, heldSince: new Date(now).toISOString() });

    expect((await decide({ decision: 'keep' })).body['brake']).toMatchObject({
      state: 'holding',
      decided: { decision: 'keep' },
    });
    expect(codes(await world.report(line('b', 'terminated')))).toEqual(['brakeHolds']);
    const released = await decide({ decision: 'release', minutes: 30 });
    expect([released.status, released.body['brake']]).toMatchObject([
      200,
      { state: 'released', counted: 0, releasedUntil: new Date(now + 1_800_000).toISOString() },
    ]);
    expect(codes(await world.report(line('b', 'terminated'), line('c', 'terminated')))).toEqual(['changed', 'changed']);
    await world.settle();
    const audit = await world.admin('GET', `${place}/audit?limit=200`);
    const actions = audit.body['items'].map(({ action }: { action: string }) => action);
    expect(actions.filter((action: string) => action.startsWith('connection.brake')).toSorted()).toEqual([
      'connection.brakeHolds',
      'connection.brakeKept',
      'connection.brakeReleased',
    ]);
    const page = await (await fetch(`${world.url}/metrics`)).text();
    expect(page).toContain('furlough_brake_total{connection="bamboo",outcome="brakeHolds"} 1');
    expect(page).toContain('furlough_brake_total{connection="bamboo",outcome="held"} 2');
  });

  test('people are never braked, and a bad decision is told', async () => {
    const id = await world.hire('a');
    const brake = { mode: 'hold', atMost: 0, perMinutes: 60 };
    await world.admin('PUT', `${place}/connections/bamboo`, { name: 'Bamboo', provisioning: { kind: 'hr', brake } });
    expect(codes(await world.report(line('a', 'terminated')))).toEqual(['brakeHolds']);
    expect((await world.admin('POST', `${place}/users/${id}/deactivate`, {})).status).toBe(200);
    for (const bad of [
      {},
      { decision: 'maybe' },
      { decision: 'keep', minutes: 5 },
      { decision: 'release', minutes: 0 },
    ])
      expect((await decide(bad)).status).toBe(400);
    const none = await world.admin('POST', `${place}/connections/default/brake`, { decision: 'release' });
    expect([none.status, none.body['code']]).toEqual([422, 'notSupported']);
  });
});
