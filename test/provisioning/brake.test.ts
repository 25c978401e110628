// The brake for mass change on the write side: never more than the limit, also asked for by many at once on two servers; and who is never braked.

import type { BrakeSetting } from '#directory/brake.ts';
import { decideBrake, givePermitsBack, takePermits, type BrakeState } from '#directory/brake.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { placeHold } from '#directory/hold.ts';
import type { User } from '#directory/user.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import { brakeRecordId, brakeRecords } from '#storage/brake-records.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, byOkta, createWriteSide, okta, type WriteSide } from './write-side.ts';

const hold = (atMost: number): BrakeSetting => ({ mode: 'hold', atMost, perMinutes: 60 });
const braked = (brake: BrakeSetting): ChangeContext => ({ ...byOkta, brake });
const minute = 60_000;

function deactivate(way: Provisioning, user: User, by: ChangeContext) {
  const placed = { kind: 'idp', source: okta, since: 0, by: 'okta' } as const;
  return way.changeUser(acme, user.id, ({ holds }) => ({ holds: placeHold(holds, placed) }), by);
}

/** `out`, or the code of the refusal. */
async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'out';
  } catch (error) {
    if (error instanceof DirectoryError) return error.code;
    throw error;
  }
}

async function addMany(side: WriteSide, count: number): Promise<readonly User[]> {
  const users: User[] = [];
  for (let n = 0; n < count; n += 1) users.push(await side.add(`user${n}`));
  return users;
}

async function activeOf(side: WriteSide, users: readonly User[]): Promise<number> {
  const now = await Promise.all(users.map(({ id }) => side.user(id)));
  return now.filter(({ active, deletedAt }) => active && deletedAt === undefined).length;
}

describe('the count', () => {
  const empty: BrakeState = { connection: okta, spent: [] };
  const now = Date.parse('2027-01-12T01:00:00Z');

  test('what is over the limit is refused from then on, also when the window is past', () => {
    const first = takePermits(empty, hold(3), 2, now);
    const second = takePermits(first.state, hold(3), 2, now + minute);
    expect([first.granted, first.tells, second.granted, second.tells]).toEqual([2, null, 1, 'brakeHolds']);
    const later = takePermits(second.state, hold(3), 1, now + 600 * minute);
    expect([later.granted, later.tells, later.state]).toEqual([0, null, second.state]);
  });

  test('a window slides: never more than the limit in any of its length, and room again behind it', () => {
    const at = (state: BrakeState, minutes: number) => takePermits(state, hold(2), 1, now + minutes * minute);
    const second = at(at(empty, 0).state, 40);
    expect(second.granted).toBe(1);
    expect(at(second.state, 59).granted).toBe(0);
    // What counts is kept in pieces of three minutes, each of which counts until its end.
    const third = at(second.state, 63);
    expect(third.granted).toBe(1);
    expect(at(third.state, 99).granted).toBe(0);
  });

  test('a warning is given once in a window and refuses nothing', () => {
    const warn: BrakeSetting = { mode: 'warn', atMost: 1, perMinutes: 60 };
    const first = takePermits(empty, warn, 5, now);
    const again = takePermits(first.state, warn, 5, now + minute);
    const later = takePermits(again.state, warn, 5, now + 61 * minute);
    expect([first, again, later].map(({ granted, tells }) => [granted, tells])).toEqual([
      [5, 'brakeWarns'],
      [5, null],
      [5, 'brakeWarns'],
    ]);
  });

  test('a release lets through for its time or its number, and then it counts anew', () => {
    const { state } = takePermits(empty, hold(0), 1, now);
    const free = decideBrake(state, { decision: 'release', until: now + 10 * minute }, now, 'sato');
    expect(takePermits(free, hold(0), 9, now + 9 * minute).granted).toBe(9);
    expect(takePermits(free, hold(0), 9, now + 10 * minute)).toMatchObject({ granted: 0, tells: 'brakeHolds' });
    const some = decideBrake(state, { decision: 'release', until: now + 10 * minute, atMost: 4 }, now, 'sato');
    expect(takePermits(some, hold(1), 6, now)).toMatchObject({ granted: 5, tells: 'brakeHolds' });
  });

  test('what did not happen is given back', () => {
    const { state } = takePermits(empty, hold(2), 2, now);
    expect(takePermits(givePermitsBack(state, 1), hold(2), 1, now)).toMatchObject({ granted: 1, tells: null });
  });
});

describeOnBothStorages('the brake', (open) => {
  test('of many at once, through two servers, exactly as many as allowed get through, and owners are told once', async () => {
    const side = await createWriteSide(await open(), null);
    const other = side.on(side.storage);
    const users = await addMany(side, 12);
    const outcomes = await Promise.all(
      users.map((user, n) => outcomeOf(deactivate(n % 2 === 0 ? side : other, user, braked(hold(5))))),
    );
    expect(outcomes.filter((outcome) => outcome === 'out')).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === 'brakeHolds')).toHaveLength(7);
    expect(await activeOf(side, users)).toBe(7);
    const told = await noticesOf(side);
    expect(told).toEqual([
      {
        code: 'brakeHolds',
        level: 'important',
        roles: ['owner'],
        values: { connection: 'okta', count: '5', minutes: '60' },
        about: { kind: 'connection', id: 'okta' },
      },
    ]);
  });

  test('held: deletions too, while activations, updates, people and other connections go on', async () => {
    const side = await createWriteSide(await open(), null);
    const users = await addMany(side, 5);
    const [first, second, third, fourth, fifth] = users as [User, User, User, User, User];
    const by = braked(hold(1));
    await deactivate(side, first, by);
    expect(await outcomeOf(side.removeUser(acme, second.id, by))).toBe('brakeHolds');
    expect(await side.wasDeleted(acme, { userName: second.profile.userName, connection: okta })).toBe(false);
    expect(await outcomeOf(deactivate(side, third, by))).toBe('brakeHolds');
    expect(await side.user(third.id)).toEqual(third);

    const renamed = await side.changeUser(
      acme,
      second.id,
      ({ profile }) => ({ profile: { ...profile, title: 'x' } }),
      by,
    );
    expect(renamed.changed).toBe(true);
    const back = await side.changeUser(acme, first.id, () => ({ holds: [] }), by);
    expect(back.user.active).toBe(true);
    await side.deactivateUser(acme, third.id, {}, byAdministrator);
    await side.holdForSecurity(acme, fourth.id, 'accountDisabled', { ...by, mouth: 'securitySignal' });
    const elsewhere: ChangeContext = { ...by, actor: { kind: 'connection', connection: 'entra' as typeof okta } };
    await deactivate(side, fifth, elsewhere);
    expect((await Promise.all(users.map(({ id }) => side.user(id)))).map(({ active }) => active)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('a decision is one call: released, they go on; kept, they do not', async () => {
    const side = await createWriteSide(await open(), null);
    const users = await addMany(side, 3);
    const [first, second, third] = users as [User, User, User];
    const by = braked(hold(0));
    const connection = { id: okta, name: 'Okta' };
    const decide = (decision: 'release' | 'keep', atMost?: number) =>
      side.decideAboutBrake(
        acme,
        connection,
        { decision, minutes: 10, ...(atMost === undefined ? {} : { atMost }) },
        byAdministrator,
      );
    expect(await decide('keep')).toBeNull();
    expect(await outcomeOf(deactivate(side, first, by))).toBe('brakeHolds');
    expect((await decide('keep'))?.state.decided).toMatchObject({ decision: 'keep', by: 'administrator:sato' });
    expect(await outcomeOf(deactivate(side, first, by))).toBe('brakeHolds');
    await decide('release', 2);
    expect(await outcomeOf(deactivate(side, first, by))).toBe('out');
    expect(await outcomeOf(side.removeUser(acme, second.id, by))).toBe('out');
    expect(await outcomeOf(deactivate(side, third, by))).toBe('brakeHolds');
  });

  test('whoever is out already is no deactivation, and a refused change does not count', async () => {
    const side = await createWriteSide(await open(), null);
    const away = await side.add('away', { active: false });
    const by = braked(hold(1));
    await deactivate(side, away, by);
    const [first, second] = (await addMany(side, 2)) as [User, User];
    const nobody = () => {
      throw new DirectoryError('revisionMismatch', 'no');
    };
    expect(await outcomeOf(side.removeUser(acme, first.id, by, { precondition: nobody }))).toBe('revisionMismatch');
    // Another node takes the name's turn: the commit fails for good behind the count.
    const full = { ...by };
    const refused = side.changeUser(
      acme,
      first.id,
      () => ({ holds: [{ kind: 'idp', source: okta, since: 0, by: 'x' }] }),
      full,
      {
        prepare: () => Promise.reject(new DirectoryError('notSupported', 'no')),
      },
    );
    expect(await outcomeOf(refused)).toBe('notSupported');
    expect(await outcomeOf(deactivate(side, second, by))).toBe('out');
    expect(await outcomeOf(deactivate(side, first, by))).toBe('brakeHolds');
  });

  test('without a brake, and where nobody loses access, nothing of it is read or written', async () => {
    const side = await createWriteSide(await open(), null);
    const [user] = (await addMany(side, 1)) as [User];
    const way = side.on({
      ...side.storage,
      records(kind) {
        if (kind.name === brakeRecords.name) throw new Error('the brake was asked');
        return side.storage.records(kind);
      },
    });
    const title = ({ profile }: User) => ({ profile: { ...profile, title: 'x' } });
    await way.changeUser(acme, user.id, title, braked(hold(0)));
    await deactivate(way, user, byOkta);
    expect(await side.storage.records(brakeRecords).get(brakeRecordId(acme, okta), side.clock.now)).toBeNull();
  });
});

/** What was stored for owners with the count. */
async function noticesOf(side: WriteSide): Promise<readonly object[]> {
  const claimed = await side.storage.effects.claimDue(1_000, 60_000);
  return claimed.flatMap(({ effects }) => effects).flatMap(({ body }) => (body.kind === 'notice' ? [body.notice] : []));
}
