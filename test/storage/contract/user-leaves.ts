/** Contract of storage/user-store.ts, what is read of people's leaves. */
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Leave, LeaveId } from '#directory/leave.ts';
import { openLeaveKey, type User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import {
  committed,
  deleted,
  held,
  hire,
  insert,
  makeUser,
  noon,
  openOrganization,
  type OpenStorage,
  update,
} from './contract-world.ts';

const plannedLeave = (startsAt: number, parts: Partial<Leave> = {}): Leave => ({
  id: `leave ${startsAt}` as LeaveId,
  type: 'leave',
  from: '2026-05-01',
  zone: 'Asia/Tokyo',
  returnHour: 0,
  startsAt,
  seat: 'release',
  by: 'cli',
  source: '',
  state: 'planned',
  ...parts,
});

export function describeUserLeaves(open: OpenStorage): void {
  describe('users, their leaves', () => {
    let storage: Storage;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organization = await openOrganization(storage, null);
    });
    const store = (user: User): Promise<User> => committed(insert(storage, user));

    test('those whose leaves ask for something are found, the longest due first, and leaves come back as they were', async () => {
      const due = async (now: number, limit = 10) =>
        (await storage.users.dueTransitions(now, limit)).filter((user) => user.organizationId === organization);
      const later = await hire(storage, organization, { leaves: [plannedLeave(noon + 20)] });
      const sooner = await hire(storage, organization, {
        leaves: [plannedLeave(noon + 10, { endsAt: noon + 30, note: '$a.b' })],
      });
      const away = await store(
        held(
          makeUser(organization, { leaves: [plannedLeave(1, { state: 'running', endsAt: noon + 15 })] }),
          'leave',
          noon,
        ),
      );
      await hire(storage, organization, { leaves: [plannedLeave(1, { state: 'ended' })] });
      await hire(storage, organization);
      const gone = await hire(storage, organization, { leaves: [plannedLeave(noon)] });
      await committed(update(storage, gone, deleted(gone)));
      expect(await due(noon + 9)).toEqual([]);
      const asDue = (user: User, dueAt: number) => ({ id: user.id, organizationId: organization, dueAt });
      expect(await due(noon + 100)).toEqual([
        asDue(sooner, noon + 10),
        asDue(away, noon + 15),
        asDue(later, noon + 20),
      ]);
      const handedOver = await hire(storage, organization, { leaves: [plannedLeave(noon + 15)] });
      // Of those due at one instant who is active comes first: a seat is free before the return needs it.
      expect((await due(noon + 100)).map(({ id }) => id)).toEqual([sooner.id, handedOver.id, away.id, later.id]);
      expect(await storage.users.dueTransitions(noon + 100, 0)).toEqual([]);
      const stored = await storage.users.get(organization, sooner.id);
      expect(stored?.leaves).toEqual(sooner.leaves);
      const open = await storage.users.list(organization, { key: openLeaveKey, limit: 10 });
      expect(open.map(({ id }) => id).toSorted()).toEqual([later.id, sooner.id, away.id, handedOver.id].toSorted());
      const [named] = await storage.users.findByKey(organization, { kind: 'leave', value: `leave ${noon + 10}` });
      expect(named?.id).toBe(sooner.id);
      await committed(update(storage, sooner, { ...sooner, leaves: [] }));
      expect((await due(noon + 100)).map(({ id }) => id)).toEqual([handedOver.id, away.id, later.id]);
    });

    test('who has leaves ahead is listed by id, page by page, with what a forecast needs and no more', async () => {
      const ahead = plannedLeave(noon + 10, { endsAt: noon + 30, note: '$a.b' });
      const over = plannedLeave(1, { state: 'ended' });
      const planned = await hire(storage, organization, {
        leaves: [over, ahead],
        profile: {
          userName: 'a',
          displayName: 'Aoki "青木"',
          name: { givenName: 'Hana' },
          emails: [{ value: 'a@b.c' }],
        },
      });
      const kept = held(
        makeUser(organization, { leaves: [plannedLeave(1, { state: 'running', endsAt: noon + 50 })] }),
        'leave',
        noon,
      );
      const nameless = { userName: 'b', name: { givenName: 'Taro', familyName: 'Sato' } };
      const away = await store({ ...kept, profile: nameless });
      const login = await hire(storage, organization, { leaves: [ahead], profile: { userName: 'c' } });
      await hire(storage, organization, { leaves: [over] });
      // Away until somebody says otherwise.
      const endless = plannedLeave(1, { state: 'running' });
      await hire(storage, organization, { leaves: [endless] });
      await hire(storage, organization);
      const gone = await hire(storage, organization, { leaves: [ahead] });
      await committed(update(storage, gone, deleted(gone)));
      await hire(storage, await openOrganization(storage, 1), { leaves: [ahead] });

      const list = (after: UserId | undefined, limit: number) =>
        storage.users.leavesAhead(organization, { limit, ...(after === undefined ? {} : { after }) });
      const seen = ({ id, holds, leaves, seat }: User, name: string) => ({ id, holds, leaves, seat, name });
      const all = [seen(planned, 'Aoki "青木"'), seen(away, 'Taro Sato'), seen(login, 'c')];
      all.sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(await list(undefined, 10)).toEqual(all);
      expect(await list(undefined, 2)).toEqual(all.slice(0, 2));
      expect(await list(all[1]?.id, 2)).toEqual(all.slice(2));
      expect(await list(undefined, 0)).toEqual([]);
    });
  });
}
