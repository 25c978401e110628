// Whether whoever began an import, or its undo, may still do so: what was allowed when it began goes on for minutes, and a key that is revoked meanwhile
// changes nobody any more. Asked of the store each time.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { CredentialRefusal } from '#secrets/credential-authentication.ts';
import type { ImportContext } from './import-context.ts';

/** Why they may not any more; null: they may. Throws `StorageError`. */
export async function findRefusal(
  { authentication }: Pick<ImportContext, 'authentication'>,
  organizationId: OrganizationId,
  { actor }: ChangeContext,
): Promise<CredentialRefusal | null> {
  // Whoever has the machine has the store; no key stands for them.
  if (actor.kind === 'cli' || actor.kind === 'system') return null;
  if (actor.kind !== 'administrator' || actor.credential === undefined) return 'unknown';
  // Jobs of earlier versions do not say whose the key is: one of another organisation is not found then, and the job stops.
  return authentication.findRefusal(actor.credentialOf ?? organizationId, actor.credential, ['admin']);
}

const details: Partial<Readonly<Record<CredentialRefusal, string>>> = {
  revoked: 'The key that it was begun with is revoked.',
  expired: 'The key that it was begun with has expired.',
  ownerInactive: 'The owner of the key that it was begun with is inactive.',
};

/** For whoever looks at the import. */
export function describeRefusal(reason: CredentialRefusal): string {
  return details[reason] ?? 'The key that it was begun with is not known any more.';
}
