import { createAuditTrail } from '#audit/audit-chain.ts';
import type { Effect } from '#directory/effect.ts';
import { createEffectRelay, deadLetterRecords } from '#signals/effect-relay.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide } from '../provisioning/write-side.ts';

type Carrier = (effect: Effect) => Promise<void>;

function relayOver(storage: Storage, carriers: { audit?: Carrier; endSessions?: Carrier }, maximumAttempts = 3) {
  const troubles: string[] = [];
  const nothing: Carrier = () => Promise.resolve();
  const relay = createEffectRelay({
    storage,
    carriers: {
      audit: carriers.audit ?? nothing,
      endSessions: carriers.endSessions ?? nothing,
      endAppSessions: nothing,
      notice: nothing,
      seat: nothing,
    },
    reportTrouble: (message) => troubles.push(message),
    maximumAttempts,
  });
  return { ...relay, troubles };
}

describeOnBothStorages('the relay', (open) => {
  test('carries out each effect of a change, and none is left', async () => {
    const side = await createWriteSide(await open(), 10);
    const seen: string[] = [];
    const note: Carrier = async (effect) =>
      void seen.push(effect.body.kind === 'audit' ? effect.body.event.action : effect.body.kind);
    const aoki = await side.add('aoki');
    await side.deactivateUser(acme, aoki.id, {}, byAdministrator);
    const relay = relayOver(side.storage, { audit: note, endSessions: note });
    // And three steps of the history of seats.
    expect(await relay.drain()).toBe(7);
    expect(seen.toSorted()).toEqual(['endSessions', 'organization.created', 'user.created', 'user.deactivated']);
    expect(seen.indexOf('user.created')).toBeLessThan(seen.indexOf('user.deactivated'));
    expect(await relay.drain()).toBe(0);
    expect(await side.storage.effects.backlog()).toBe(0);
  });

  test('carrying out changes no revision', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    await relayOver(side.storage, {}).drain();
    expect((await side.user(aoki.id)).revision).toBe(aoki.revision);
  });

  test('several relays at once write each audit entry once', async () => {
    const side = await createWriteSide(await open(), 30);
    for (let i = 0; i < 20; i += 1) await side.add(`user${i}`);
    const trail = createAuditTrail(side.storage.audit, new Uint8Array(32));
    const relays = [1, 2, 3].map(() => relayOver(side.storage, { audit: (effect) => trail.append(effect) }));
    await Promise.all(relays.map((relay) => relay.drain()));
    expect(await trail.verify(acme)).toMatchObject({ intact: true, entries: 21 });
    expect(await side.storage.effects.backlog()).toBe(0);
  });

  test('what always fails becomes a dead letter, and what came after it is carried out', async () => {
    const side = await createWriteSide(await open(), 10);
    const aoki = await side.add('aoki');
    await side.deactivateUser(acme, aoki.id, {}, byAdministrator);
    const ended: Effect[] = [];
    const relay = relayOver(
      side.storage,
      {
        audit: () => Promise.reject(new Error('the chain is broken')),
        endSessions: async (effect) => void ended.push(effect),
      },
      1,
    );
    await relay.drain();
    await relay.drain();
    // Once or twice: what is tried together beside a failure is tried again alone.
    expect(new Set(ended.map(({ id }) => id)).size).toBe(1);
    const letters = await side.storage.records(deadLetterRecords).list(acme, { limit: 10 }, side.clock.now);
    expect(letters.map((letter) => letter.value.error)).toEqual(Array(3).fill('the chain is broken'));
    expect(await side.storage.effects.backlog()).toBe(0);
    expect(relay.troubles.length).toBeGreaterThan(0);
  });

  test('a failed try is counted and comes again later', async () => {
    const side = await createWriteSide(await open(), 10);
    await relayOver(side.storage, {}).drain();
    const aoki = await side.add('aoki');
    await relayOver(side.storage, { audit: () => Promise.reject(new Error('not now')) }).drain();
    const claimed = await side.storage.effects.claimOfUser(acme, aoki.id, 1_000);
    expect(claimed?.effects.map((effect) => effect.attempts)).toEqual([1, 0]);
  });
});
