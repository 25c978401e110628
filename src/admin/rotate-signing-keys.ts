// Rotates an organisation's signing keys, with the audit entry in the same write: by hand, and by themselves once they are old.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { ChangeId, OrganizationId } from '#directory/identifiers.ts';
import type { SigningKeySet } from '#secrets/signing-keys.ts';
import type { AdminContext } from './admin-operation.ts';
import { recordChange } from './recorded-change.ts';

type RotationContext = Pick<AdminContext, 'signingKeys' | 'storage' | 'now' | 'randomBytes' | 'wakeRelay'>;

/** How long keys sign before the next ones do. */
const signingForMs = 90 * 86_400_000;

/** `compromised`: what was published before is withdrawn at once. Throws `StorageError`. */
export async function rotateKeys(
  context: Omit<RotationContext, 'storage'>,
  organizationId: OrganizationId,
  compromised: boolean,
  by: ChangeContext,
): Promise<{ readonly set: SigningKeySet; readonly change: ChangeId }> {
  const target = { kind: 'signingKeys', id: organizationId, name: organizationId } as const;
  let recorded: ReturnType<typeof recordChange> | undefined;
  const set = await context.signingKeys.rotate(organizationId, compromised, (kids) => {
    const words = { action: 'signingKeys.rotated', target, after: { signing: kids, compromised } };
    recorded = recordChange(context, organizationId, words, by);
    return recorded.effects;
  });
  if (recorded === undefined) throw new TypeError('The keys were rotated without a record.');
  context.wakeRelay();
  return { set, change: recorded.change };
}

/** The sweep: whoever has keys that signed for 90 days gets the next ones. */
export async function rotateOldKeys(context: RotationContext): Promise<void> {
  const by: ChangeContext = { actor: { kind: 'system', name: 'keyRotation' }, mouth: 'schedule' };
  for (const { id } of await context.storage.organizations.list()) {
    const rotatedAt = await context.signingKeys.rotatedAt(id);
    if (rotatedAt !== null && context.now() - rotatedAt >= signingForMs) await rotateKeys(context, id, false, by);
  }
}
