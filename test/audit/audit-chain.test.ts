import { randomBytes } from 'node:crypto';
import { createAuditTrail } from '#audit/audit-chain.ts';
import { toCanonicalJson } from '#canonical-json.ts';
import type { Effect } from '#directory/effect.ts';
import { createTimeOrderedId, type EffectId, type OrganizationId } from '#directory/identifiers.ts';
import type { AuditEntry, AuditStore } from '#storage/audit-store.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';

const acme = 'acme' as OrganizationId;
const key = new Uint8Array(32).fill(7);

function auditEffect(action: string, organizationId = acme): Effect {
  return {
    id: createTimeOrderedId(1_000, randomBytes) as EffectId,
    organizationId,
    at: 1_000,
    attempts: 0,
    body: {
      kind: 'audit',
      event: {
        action,
        level: 'information',
        actor: 'cli',
        mouth: 'cli',
        target: { kind: 'user', id: 'u1' },
        after: { title: 'é𠮷' },
      },
    },
  };
}

/** The store as someone would leave it who can write the store but has no key. */
function tampered(store: AuditStore, tamper: (entry: AuditEntry) => AuditEntry | null): AuditStore {
  return {
    last: (id) => store.last(id),
    insert: (entry) => store.insert(entry),
    insertInOrder: (entries) => store.insertInOrder(entries),
    list: async (id, page) => (await store.list(id, page)).map(tamper).filter((entry) => entry !== null),
  };
}

describeOnBothStorages('the audit chain', (open) => {
  test('grows without gap or fork under parallel writers, each event once', async () => {
    const storage = await open();
    const trails = [1, 2, 3, 4].map(() => createAuditTrail(storage.audit, key));
    const effects = Array.from({ length: 25 }, (_, i) => auditEffect(`a${i}`));
    await Promise.all(trails.flatMap((trail) => effects.map((effect) => trail.append(effect))));
    expect(await createAuditTrail(storage.audit, key).verify(acme)).toMatchObject({ intact: true, entries: 25 });
    const more = Array.from({ length: 25 }, (_, i) => auditEffect(`b${i}`));
    const mixed = [more.slice(0, 20), [...effects.slice(0, 5), ...more], more.slice(3), more.slice(7, 9)];
    await Promise.all(trails.map((trail, n) => trail.appendAll(mixed[n] ?? [])));
    expect(await createAuditTrail(storage.audit, key).verify(acme)).toMatchObject({ intact: true, entries: 50 });
    await trails[0]?.appendAll([...more, auditEffect('last', 'other' as OrganizationId)]);
    expect(await createAuditTrail(storage.audit, key).verify(acme)).toMatchObject({ intact: true, entries: 50 });
    const entries = await storage.audit.list(acme, { limit: 100 });
    expect(new Set(entries.map((entry) => entry.eventId)).size).toBe(50);
  });

  test('names the first entry that was changed, taken out, or sealed with another key', async () => {
    const storage = await open();
    const trail = createAuditTrail(storage.audit, key);
    for (const action of ['a', 'b', 'c']) await trail.append(auditEffect(action));
    const verifyAs = (tamper: (entry: AuditEntry) => AuditEntry | null) =>
      createAuditTrail(tampered(storage.audit, tamper), key).verify(acme);
    expect(await verifyAs((entry) => entry)).toMatchObject({ intact: true, entries: 3 });
    const changed = (entry: AuditEntry) =>
      entry.seq === 2 ? { ...entry, event: { ...entry.event, actor: 'nobody' } } : entry;
    expect(await verifyAs(changed)).toMatchObject({ intact: false, seq: 2, fault: 'changed' });
    expect(await verifyAs((entry) => (entry.seq === 2 ? null : entry))).toMatchObject({
      intact: false,
      seq: 2,
      fault: 'missing',
    });
    const other = createAuditTrail(storage.audit, new Uint8Array(32).fill(8));
    expect(await other.verify(acme)).toMatchObject({ intact: false, seq: 1, fault: 'changed' });
  });

  test('organisations have chains of their own', async () => {
    const storage = await open();
    const trail = createAuditTrail(storage.audit, key);
    await trail.append(auditEffect('a'));
    await trail.append(auditEffect('b', 'other' as OrganizationId));
    expect(await trail.verify(acme)).toMatchObject({ intact: true, entries: 1 });
    expect(await trail.verify('nobody' as OrganizationId)).toMatchObject({ intact: true, entries: 0 });
  });
});

test('canonical JSON sorts names by code unit and leaves out what is undefined (RFC 8785)', () => {
  expect(toCanonicalJson({ b: [1, 1e21, { z: null, a: undefined }], a: 'é\n', '\u20ac': 1, '\r': 2 })).toBe(
    '{"\\r":2,"a":"é\\n","b":[1,1e+21,{"z":null}],"€":1}',
  );
});
