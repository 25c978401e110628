// The audit entry of a change of a credential.

import { describeActor } from '#directory/actor.ts';
import type { Credential } from '#directory/credential.ts';
import { toEffects, type AuditEvent, type Difference, type Effect } from '#directory/effect.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ChangeId, RandomBytes } from '#directory/identifiers.ts';

/** What was done to the credential, by whom, to be stored with it. */
export function auditCredential(
  context: { readonly now: () => number; readonly randomBytes: RandomBytes },
  credential: Credential,
  action: string,
  by: ChangeContext,
  change: ChangeId,
  difference: Difference,
): readonly Effect[] {
  const event: AuditEvent = {
    action,
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'credential', id: credential.id, name: credential.name },
    ...difference,
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
  };
  return toEffects(context, credential.organizationId, [{ kind: 'audit', event }]);
}

/** What may be told of a credential: everything but its secret and the hash of it. */
export function describeCredential(credential: Credential): Omit<Credential, 'secretHash' | 'sealedSecret'> {
  const { secretHash: _hash, sealedSecret: _secret, ...rest } = credential;
  return rest;
}
