/** Contract of storage/door-store.ts: record, person and organisation of a door's question, as stored at that moment. */
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import {
  type Badge,
  badges,
  deleted,
  held,
  hire,
  noon,
  openOrganization,
  type OpenStorage,
  things,
  update,
} from './contract-world.ts';

export function describeDoorStore(open: OpenStorage): void {
  describe('doors', () => {
    let storage: Storage;
    let organizationId: OrganizationId;
    let user: User;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    beforeEach(async () => {
      organizationId = await openOrganization(storage, null);
      user = await hire(storage, organizationId);
    });

    /** A stored badge of this person; answers its id. */
    async function give(value: Badge, of = organizationId, expiresAt?: number): Promise<string> {
      const id = randomUUID();
      const until = expiresAt === undefined ? {} : { expiresAt };
      await storage.records(badges).insert({ id, organizationId: of, value, ...until });
      return id;
    }
    const ask = (id: string, now = noon) => storage.doors.recordOfPerson({ kind: badges, id }, now);

    test('record, person and organisation come together, as the other ports tell them', async () => {
      const id = await give({ userId: user.id, colour: 'red' });
      expect(await ask(id)).toEqual({
        record: await storage.records(badges).get(id, noon),
        user: await storage.users.accessState(organizationId, user.id),
        organization: await storage.organizations.get(organizationId),
      });
    });

    test('every change is seen by the next question', async () => {
      const id = await give({ userId: user.id, colour: 'red' });
      await ask(id);
      await update(storage, user, { ...held(user, 'admin'), epoch: user.epoch + 1 }, { seat: 'giveBack' });
      expect((await ask(id))?.user).toMatchObject({ active: false, epoch: user.epoch + 1 });

      const organization = await storage.organizations.get(organizationId);
      if (organization === null) throw new Error('gone');
      await storage.organizations.replace({ ...organization, state: 'suspended' }, organization.revision, []);
      expect((await ask(id))?.organization?.state).toBe('suspended');

      const record = await storage.records(badges).get(id, noon);
      if (record === null) throw new Error('gone');
      await storage.records(badges).replace({ ...record, value: { userId: user.id, colour: 'blue' } });
      expect((await ask(id))?.record.value.colour).toBe('blue');
    });

    test('a person of another organisation is nobody here, and so is one who does not exist', async () => {
      const elsewhere = await openOrganization(storage, null);
      const foreign = await give({ userId: user.id, colour: 'red' }, elsewhere);
      expect(await ask(foreign)).toMatchObject({ user: null, organization: { id: elsewhere } });
      const unknown = await give({ userId: 'nobody' as UserId, colour: 'red' });
      expect(await ask(unknown)).toMatchObject({ user: null, organization: { id: organizationId } });
    });

    test('an organisation that does not exist is none', async () => {
      const nowhere = await give({ userId: user.id, colour: 'red' }, `org-${randomUUID()}` as OrganizationId);
      expect(await ask(nowhere)).toMatchObject({ user: null, organization: null });
    });

    test('what is unknown, expired or gone is not answered', async () => {
      const id = await give({ userId: user.id, colour: 'red' }, organizationId, noon + 1);
      expect(await ask(id)).not.toBeNull();
      expect(await ask(id, noon + 1)).toBeNull();
      expect(await ask(randomUUID())).toBeNull();
      await storage.records(badges).delete(id);
      expect(await ask(id)).toBeNull();
    });

    test('another record comes with it, as stored now, each without the other too', async () => {
      const id = await give({ userId: user.id, colour: 'red' });
      const other = { id: randomUUID(), organizationId, value: { colour: 'green' }, expiresAt: noon + 1 };
      await storage.records(things).insert(other);
      const askBoth = (badge: string, thing: string, now = noon) =>
        storage.doors.recordOfPersonBeside({ kind: badges, id: badge }, { kind: things, id: thing }, now);
      const ofPerson = await ask(id);
      expect(ofPerson).not.toBeNull();
      expect(await askBoth(id, other.id)).toEqual({ ofPerson, other: { colour: 'green' } });
      await storage.records(things).replace({ ...other, revision: 1, value: { colour: 'blue' } });
      expect(await askBoth(id, other.id)).toEqual({ ofPerson, other: { colour: 'blue' } });
      expect(await askBoth(randomUUID(), other.id)).toEqual({ ofPerson: null, other: { colour: 'blue' } });
      expect(await askBoth(id, id)).toEqual({ ofPerson, other: null });
      expect(await askBoth(id, other.id, noon + 1)).toEqual({ ofPerson, other: null });
      expect(await askBoth(other.id, id)).toEqual({ ofPerson: null, other: null });
    });

    test('a person in a deleted state is told as such', async () => {
      const id = await give({ userId: user.id, colour: 'red' });
      const gone = deleted(user);
      await update(storage, user, gone, { seat: 'giveBack' });
      expect(await ask(id)).toMatchObject({ user: { deletedAt: noon, active: false } });
    });
  });
}
