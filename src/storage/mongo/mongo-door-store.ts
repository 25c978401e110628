// What doors ask on MongoDB: the record first, which says whom it is about; then person and organisation at once.

import type { DoorStore } from '../door-store.ts';
import type { Storage } from '../storage.ts';

export function createDoorStore(stores: Pick<Storage, 'records' | 'users' | 'organizations'>): DoorStore {
  return {
    async recordOfPerson(kind, id, now) {
      const record = await stores.records(kind).get(id, now);
      if (record === null) return null;
      const [user, organization] = await Promise.all([
        stores.users.accessState(record.organizationId, record.value.userId),
        stores.organizations.get(record.organizationId),
      ]);
      return { record, user, organization };
    },
  };
}
