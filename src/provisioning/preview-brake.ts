// The brake in a dry run: what would be refused is said, and nothing is counted.

import { isBraked, takePermits } from '#directory/brake.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { connectionOf, readBrakes, refusalOfBrake, type BrakeContext } from './brake.ts';

/**
 * The brake as it stands now. What it answers asks it about one change after another and throws `DirectoryError('brakeHolds')`. Throws
 * `StorageError`.
 */
export async function previewBrake(
  context: Pick<BrakeContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  by: ChangeContext,
): Promise<(before: User, after: User) => void> {
  if (by.brake === undefined) return () => undefined;
  const [setting, connection] = [by.brake, connectionOf(by)];
  let state = (await readBrakes(context, organizationId, [connection])).get(connection) ?? { connection, spent: [] };
  return (before, after) => {
    if (!isBraked(before, after, by)) return;
    const taken = takePermits(state, setting, 1, context.now());
    state = taken.state;
    if (taken.granted === 0) throw refusalOfBrake(connection);
  };
}
