// What doors ask on MongoDB: the record first, which says whom it is about; then person and organisation at once.

import type { Instant, UserId } from '#directory/identifiers.ts';
import type { DoorStore, PersonRecord, RecordName } from '../door-store.ts';
import type { Storage } from '../storage.ts';

export function createDoorStore(stores: Pick<Storage, 'records' | 'users' | 'organizations'>): DoorStore {
  async function recordOfPerson<Value extends { readonly userId: UserId }>(
    { kind, id }: RecordName<Value>,
    now: Instant,
  ): Promise<PersonRecord<Value> | null> {
    const record = await stores.records(kind).get(id, now);
    if (record === null) return null;
    const [user, organization] = await Promise.all([
      stores.users.accessState(record.organizationId, record.value.userId),
      stores.organizations.get(record.organizationId),
    ]);
    return { record, user, organization };
  }
  return {
    recordOfPerson,
    async recordOfPersonBeside(name, other, now) {
      const [ofPerson, beside] = await Promise.all([
        recordOfPerson(name, now),
        stores.records(other.kind).get(other.id, now),
      ]);
      return { ofPerson, other: beside === null ? null : beside.value };
    },
  };
}
