// Undo: a new change that takes an administrator's own one back, as far as nobody has changed that since (console.md 3.1). What a change did is read
// off its audit entry when the relay writes it, so nothing is lost between the two and no request waits for it.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { Effect } from '#directory/effect.ts';
import type { Hold } from '#directory/hold.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Leaves } from '#directory/leave.ts';
import { statusChangeOf, undoStatusChange, type StatusChange } from '#directory/undo-change.ts';
import type { User } from '#directory/user.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { changeUser } from './change-user.ts';
import type { ChangeResult } from './commit-user-change.ts';
import type { ProvisioningContext } from './provisioning-context.ts';

interface UndoableChange {
  readonly userId: UserId;
  readonly change: StatusChange;
  readonly undone?: true;
}

/** Under the id of the change. */
export const undoableRecords: RecordKind<UndoableChange> = {
  name: 'undoable',
  keysOf: () => [],
};

const keptMs = 30 * 86_400_000;
const mouths: ReadonlySet<string> = new Set(['adminApi', 'cli']);

interface Status {
  readonly holds?: readonly Hold[];
  readonly leaves?: Leaves;
}

/**
 * Keeps what the change of an audit entry did to a person's status, if an administrator may take it back; of one that takes another back, that it
 * did. Throws `StorageError`.
 */
export async function keepUndoable(storage: Storage, { organizationId, at, body }: Effect): Promise<void> {
  if (body.kind !== 'audit') return;
  if (body.event.undoes !== undefined) await markUndone(storage, organizationId, body.event.undoes);
  const { change: id, target, mouth, before, after } = body.event;
  if (id === undefined || target.kind !== 'user' || !mouths.has(mouth) || before === undefined) return;
  const [old, now] = [(before ?? {}) as Status, (after ?? {}) as Status];
  const change = statusChangeOf(
    { holds: old.holds ?? [], leaves: old.leaves ?? [] },
    { holds: now.holds ?? [], leaves: now.leaves ?? [] },
  );
  if (change.placed.length + change.lifted.length + change.leaves.length === 0) return;
  const value = { userId: target.id as UserId, change };
  await storage.records(undoableRecords).insertOnce({ id, organizationId, expiresAt: at + keptMs, value });
}

/**
 * Takes the change back; null when there is no such change, or it cannot be taken back any more. The second time nothing is changed. Throws
 * `DirectoryError` `userNotFound`, `noFreeSeat`, `lastOwner`.
 */
export async function undoChange(
  context: ProvisioningContext,
  organizationId: OrganizationId,
  id: string,
  by: ChangeContext,
): Promise<ChangeResult | null> {
  const records = context.storage.records(undoableRecords);
  const record = await records.get(id, context.now());
  if (record === null || record.organizationId !== organizationId) return null;
  const { userId, change, undone } = record.value;
  const edit = (user: User) => {
    if (undone === true) return {};
    const { leaves, holds } = undoStatusChange(user, change, context.now());
    return { holds, ...(user.leaves === undefined ? {} : { leaves }) };
  };
  const result = await changeUser(context, organizationId, userId, edit, {
    ...by,
    reason: `undo of ${id}`,
    undoes: id,
  });
  // Told by the audit entry as well, should this process die here.
  await markUndone(context.storage, organizationId, id);
  return result;
}

async function markUndone(storage: Storage, organizationId: OrganizationId, id: string): Promise<void> {
  const records = storage.records(undoableRecords);
  const record = await records.get(id, 0);
  if (record === null || record.organizationId !== organizationId || record.value.undone === true) return;
  await records.replace({ ...record, value: { ...record.value, undone: true } });
}
