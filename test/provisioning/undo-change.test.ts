// Undo and a process that dies in the middle of it, on both stores. What undo does when all goes well is in test/journeys.

import type { Effect } from '#directory/effect.ts';
import { keepUndoable, undoChange } from '#provisioning/undo-change.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { dyingAt } from './failing-records.ts';
import { acme, byAdministrator, byOkta, createWriteSide, type WriteSide } from './write-side.ts';

/** What the relay does with audit entries. */
async function relay({ storage }: WriteSide): Promise<readonly Effect[]> {
  const carried: Effect[] = [];
  for (const claim of await storage.effects.claimDue(100, 60_000)) {
    for (const effect of claim.effects) await keepUndoable(storage, effect);
    carried.push(...claim.effects);
    await storage.effects.complete(
      claim,
      claim.effects.map(({ id }) => id),
    );
  }
  return carried;
}

describeOnBothStorages('undo', (open) => {
  test.each(['before', 'after'] as const)(
    'a process that dies %s it is noted that a change was undone: it is undone all the same, and only once',
    async (when) => {
      const side = await createWriteSide(await open(), 10);
      const aoki = await side.add('aoki');
      const { change } = await side.deactivateUser(acme, aoki.id, {}, byAdministrator);
      if (change === null) throw new Error('nothing was changed');
      await relay(side);
      const dying = dyingAt(side.storage, ['undoable'], 0, when);
      await expect(
        undoChange({ ...side.context, storage: dying.storage }, acme, change, byAdministrator),
      ).rejects.toMatchObject({ code: 'unavailable' });
      expect(dying.died()).toBe(true);
      expect((await side.user(aoki.id)).active).toBe(true);
      const [entry] = (await relay(side)).flatMap(({ body }) => (body.kind === 'audit' ? [body.event] : []));
      expect(entry).toMatchObject({ action: 'user.reactivated', undoes: change });

      // The same hold as the one that was taken back, placed anew: no business of that undo.
      await side.deactivateUser(acme, aoki.id, {}, byAdministrator);
      expect(await undoChange(side.context, acme, change, byAdministrator)).toMatchObject({ changed: false });
      expect((await side.user(aoki.id)).active).toBe(false);
    },
  );

  test('a change of a connection is not kept to be undone', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    const { change } = await side.deactivateUser(acme, aoki.id, {}, byOkta);
    await relay(side);
    expect(await undoChange(side.context, acme, change ?? '', byAdministrator)).toBeNull();
  });
});
