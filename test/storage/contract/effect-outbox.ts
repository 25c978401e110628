/** Contract of storage/effect-outbox.ts: what a commit left to do is found, once at a time, until it is done. */
import type { Effect } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import type { ClaimedEffects } from '#storage/effect-outbox.ts';
import type { Storage } from '#storage/storage.ts';
import { randomUUID } from 'node:crypto';
import { eventually } from '../../harness/eventually.ts';
import {
  atOnce,
  committed,
  hire,
  makeEffect,
  makeOrganization,
  openOrganization,
  type OpenStorage,
  things,
  update,
} from './contract-world.ts';
import { makeGroup } from './group-store.ts';

const minute = 60_000;
const idsOf = (effects: readonly Effect[]): string[] => effects.map((effect) => effect.id);

export function describeEffectOutbox(open: OpenStorage): void {
  describe('effects', () => {
    let storage: Storage;
    let organization: OrganizationId;
    beforeAll(async () => {
      storage = await open();
    });
    afterAll(() => storage.close());
    const finish = (claim: ClaimedEffects): Promise<void> => storage.effects.complete(claim, idsOf(claim.effects));
    const claimDue = (limit = 100, leaseMs = minute) => storage.effects.claimDue(limit, leaseMs);
    const claimOne = async (leaseMs = minute): Promise<ClaimedEffects> => {
      const [claim, ...rest] = await claimDue(100, leaseMs);
      if (claim === undefined || rest.length > 0) throw new Error('expected one document with effects');
      return claim;
    };
    const hireWith = (...effects: Effect[]): Promise<User> =>
      hire(storage, organization).then((user) => committed(update(storage, user, user, { effects })));
    const addTo = (user: User, ...effects: Effect[]): Promise<User> =>
      committed(update(storage, user, user, { effects }));
    beforeEach(async () => {
      organization = await openOrganization(storage, null);
    });
    afterEach(async () => {
      const users = await storage.users.list(organization, { limit: 100 });
      for (const { id } of users) {
        const claim = await storage.effects.claimOfUser(organization, id, minute);
        if (claim !== null) await finish(claim);
      }
      expect(await storage.effects.backlog()).toBe(0);
    });

    test('where nothing waits, nothing is claimed', async () => {
      const user = await hire(storage, organization);
      expect(await claimDue()).toEqual([]);
      expect(await storage.effects.claimOfUser(organization, user.id, minute)).toBeNull();
      expect(await storage.effects.claimOfUser(organization, 'nobody', minute)).toBeNull();
      expect(await storage.effects.backlog()).toBe(0);
    });

    test('a commit leaves its effects whole and in their order', async () => {
      const effects: Effect[] = [makeEffect(organization, 'first 🍜'), makeEffect(organization)];
      const user = await hireWith(...effects);
      effects.push({
        ...makeEffect(organization),
        body: { kind: 'endSessions', userId: user.id, epoch: 3, cause: 'idp' },
      });
      await addTo(user, ...effects.slice(2));
      expect(await storage.effects.backlog()).toBe(1);
      const claim = await claimOne();
      expect(claim).toMatchObject({ organizationId: organization, effects });
      expect(claim.effects).toHaveLength(3);
      await finish(claim);
      expect(await storage.effects.backlog()).toBe(0);
      expect(await claimDue()).toEqual([]);
    });

    test('effects of organisations, contracts and records are found beside those of users', async () => {
      const made = makeOrganization();
      const effects = Array.from({ length: 5 }, () => makeEffect(made.id));
      const at = (n: number): Effect[] => effects.slice(n, n + 1);
      await storage.organizations.insert(made, 5, at(0));
      await storage.organizations.replace({ ...made, revision: 2 }, 1, at(1));
      await storage.seats.changeContract(made.id, { licensed: 6 }, () => at(2));
      const record = { id: made.id, organizationId: made.id, value: { colour: 'red' } };
      await storage.records(things).insert(record, at(3));
      const user = await hire(storage, made.id);
      await addTo(user, ...at(4));
      const claims = await claimDue();
      expect(claims.every((claim) => claim.organizationId === made.id)).toBe(true);
      expect(claims.flatMap((claim) => idsOf(claim.effects)).sort()).toEqual(idsOf(effects).sort());
      for (const claim of claims) await finish(claim);
      expect(await claimDue()).toEqual([]);
      expect(await storage.organizations.get(made.id)).toEqual({ ...made, revision: 2 });
    });

    test('what is claimed nobody else gets', async () => {
      await hireWith(makeEffect(organization));
      await hireWith(makeEffect(organization));
      expect(await claimDue(1)).toHaveLength(1);
      expect(await claimDue(1)).toHaveLength(1);
      expect(await claimDue(1)).toEqual([]);
      expect(await storage.effects.backlog()).toBe(2);
    });

    test('a look where this program wrote finds all it wrote, of people, groups, records, organisations and seats', async () => {
      const look = (limit = 100) => storage.effects.claimDue(limit, minute, 'whereWritten');
      await look(1_000);
      const effects = Array.from({ length: 7 }, () => makeEffect(organization));
      for (const effect of effects) await hireWith(effect);
      // Fewer at a time than there are: the next look goes on.
      const claims = [...(await look(3)), ...(await look(3)), ...(await look(3))];
      expect(claims.flatMap((claim) => idsOf(claim.effects)).sort()).toEqual(idsOf(effects).sort());
      expect(await look()).toEqual([]);

      const [ofRecord, ofRecordAgain, ofRecordOnce, ofOrganization, ofContract, ofGroup] = Array.from(
        { length: 6 },
        () => makeEffect(organization),
      );
      if (!ofRecord || !ofRecordAgain || !ofRecordOnce || !ofOrganization || !ofContract || !ofGroup)
        throw new Error('unreachable');
      const found = async (): Promise<string[]> => {
        const claimed = await look();
        for (const claim of claimed) await finish(claim);
        return claimed.flatMap((claim) => idsOf(claim.effects));
      };
      const record = { id: randomUUID(), organizationId: organization, value: { colour: 'red' } };
      await storage.records(things).insert(record, [ofRecord]);
      expect(await found()).toEqual([ofRecord.id]);
      await storage.records(things).replace({ ...record, revision: 1 }, [ofRecordAgain]);
      expect(await found()).toEqual([ofRecordAgain.id]);
      const once = { ...record, id: randomUUID() };
      await storage.records(things).insertOnce(once, [ofRecordOnce]);
      expect(await found()).toEqual([ofRecordOnce.id]);
      const stored = await storage.organizations.get(organization);
      if (stored === null) throw new Error('no organisation');
      await storage.organizations.replace(stored, stored.revision, [ofOrganization]);
      expect(await found()).toEqual([ofOrganization.id]);
      await storage.seats.changeContract(organization, { licensed: 100 }, () => [ofContract]);
      expect(await found()).toEqual([ofContract.id]);
      const group = makeGroup(organization);
      await storage.groups.commit({ group, expectedRevision: null, add: [], remove: [], effects: [ofGroup] });
      expect(await found()).toEqual([ofGroup.id]);
    });

    test('10 who claim at once share the documents, none twice', async () => {
      const effects = Array.from({ length: 20 }, () => makeEffect(organization));
      await Promise.all(effects.map((effect) => hireWith(effect)));
      const claims = (await atOnce(10, () => claimDue(5))).flat();
      const rest = await claimDue();
      expect([...claims, ...rest].flatMap((claim) => idsOf(claim.effects)).sort()).toEqual(idsOf(effects).sort());
    });

    test('when the claimant dies the lease passes, and someone else finds everything', async () => {
      const effects = [makeEffect(organization), makeEffect(organization)];
      await hireWith(...effects);
      const dead = await claimOne(1);
      const claim = await eventually(async () => (await claimDue())[0] ?? null);
      expect(idsOf(claim.effects)).toEqual(idsOf(effects));
      expect(claim.source).toBe(dead.source);
      expect(claim.claim).not.toBe(dead.claim);
    });

    test('a claimant who lost the claim cannot postpone or free what someone else holds', async () => {
      const user = await hireWith(makeEffect(organization));
      const lost = await claimOne(1);
      await eventually(async () => (await claimDue())[0] ?? null);
      await storage.effects.postpone(lost, idsOf(lost.effects), 0);
      expect(await claimDue()).toEqual([]);
      const claim = await storage.effects.claimOfUser(organization, user.id, minute);
      expect(claim?.effects.map((effect) => effect.attempts)).toEqual([0]);
    });

    test('completing some leaves the others, and those added meanwhile are due at once', async () => {
      const effects = [makeEffect(organization), makeEffect(organization)];
      const user = await hireWith(...effects);
      const claim = await claimOne();
      const meanwhile = makeEffect(organization, 'meanwhile');
      const later = await addTo(user, meanwhile);
      await finish(claim);
      const next = await claimOne();
      expect(idsOf(next.effects)).toEqual([meanwhile.id]);
      await addTo(later, ...effects);
      await storage.effects.complete(next, [meanwhile.id]);
      const both = await claimOne();
      await storage.effects.complete(both, idsOf(effects.slice(0, 1)));
      expect(await storage.effects.backlog()).toBe(1);
      const rest = await storage.effects.claimOfUser(organization, user.id, minute);
      expect(idsOf(rest?.effects ?? [])).toEqual(idsOf(effects.slice(1)));
    });

    test('completing all of several leaves what was added to one of them meanwhile', async () => {
      const [first, second] = [await hireWith(makeEffect(organization)), await hireWith(makeEffect(organization))];
      const claims = await claimDue();
      const meanwhile = makeEffect(organization, 'meanwhile');
      await addTo(second, meanwhile);
      await storage.effects.completeAll(claims);
      const left = await claimOne();
      expect(idsOf(left.effects)).toEqual([meanwhile.id]);
      await storage.effects.completeAll([left, ...claims]);
      await storage.effects.completeAll([]);
      expect(await storage.effects.backlog()).toBe(0);
      expect(await storage.users.get(organization, first.id)).toEqual(first);
    });

    test('completing changes no revision, and completing twice or something unknown changes nothing', async () => {
      const user = await hireWith(makeEffect(organization));
      const claim = await claimOne();
      await storage.effects.complete(claim, ['unknown']);
      expect(await storage.effects.backlog()).toBe(1);
      await finish(claim);
      await finish(claim);
      expect(await storage.users.get(organization, user.id)).toEqual(user);
      expect((await update(storage, user, user)).kind).toBe('committed');
    });

    test('postponing counts one more try and waits; other effects keep their count', async () => {
      const effects = [makeEffect(organization), makeEffect(organization)];
      const user = await hireWith(...effects);
      await storage.effects.postpone(await claimOne(), idsOf(effects.slice(0, 1)), minute);
      expect(await claimDue()).toEqual([]);
      expect(await storage.effects.backlog()).toBe(1);
      const claim = await storage.effects.claimOfUser(organization, user.id, minute);
      if (claim === null) throw new Error('expected a claim');
      expect(claim.effects.map((effect) => effect.attempts)).toEqual([1, 0]);
      expect(idsOf(claim.effects)).toEqual(idsOf(effects));
      await storage.effects.postpone(claim, idsOf(effects), 0);
      const again = await eventually(async () => (await claimDue())[0] ?? null);
      expect(again.effects.map((effect) => effect.attempts)).toEqual([2, 1]);
      expect(await storage.users.get(organization, user.id)).toEqual(user);
    });

    test('some done, some postponed: only the others come again', async () => {
      const effects = [makeEffect(organization), makeEffect(organization)];
      await hireWith(...effects);
      const claim = await claimOne();
      await storage.effects.complete(claim, idsOf(effects.slice(0, 1)));
      expect(await claimDue()).toEqual([]);
      await storage.effects.postpone(claim, idsOf(effects.slice(1)), 0);
      const again = await eventually(async () => (await claimDue())[0] ?? null);
      expect(again.effects).toEqual([{ ...effects[1], attempts: 1 }]);
    });

    test('the effects of one user are claimed at once, whoever holds them, and of nobody else', async () => {
      const effect = makeEffect(organization);
      const user = await hireWith(effect);
      await hireWith(makeEffect(organization));
      expect(await claimDue()).toHaveLength(2);
      const claim = await storage.effects.claimOfUser(organization, user.id, minute);
      expect(claim).toMatchObject({ organizationId: organization, effects: [effect] });
      expect(await storage.effects.claimOfUser(await openOrganization(storage, 1), user.id, minute)).toBeNull();
      if (claim !== null) await finish(claim);
      expect(await storage.effects.backlog()).toBe(1);
    });

    test('whoever claims a user holds the document against the relay', async () => {
      const user = await hireWith(makeEffect(organization));
      expect(await storage.effects.claimOfUser(organization, user.id, minute)).not.toBeNull();
      expect(await claimDue()).toEqual([]);
    });

    test('effects that come while others are being completed are never lost', async () => {
      let user = await hireWith(makeEffect(organization));
      const done = new Set<string>();
      const added: string[] = [];
      const adding = (async () => {
        for (let n = 0; n < 30; n += 1) {
          const effect = makeEffect(organization);
          added.push(effect.id);
          user = await addTo(user, effect);
        }
      })();
      const relay = async (): Promise<void> => {
        for (const claim of await claimDue(10, 50)) {
          for (const id of idsOf(claim.effects)) done.add(id);
          await finish(claim);
        }
      };
      await Promise.all([
        adding,
        ...Array.from({ length: 3 }, async () => {
          for (let n = 0; n < 30; n += 1) await relay();
        }),
      ]);
      await eventually(async () => {
        await relay();
        return (await storage.effects.backlog()) === 0 ? true : null;
      });
      for (const id of added) expect(done.has(id)).toBe(true);
    });
  });
}
