// A logout that was taken to the identity provider: remembered until its answer comes, under the hash of the handle that goes along as RelayState.
// Nothing is opened or ended by an answer; it only says which page to show.

import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import { createToken, idOfToken, isToken } from '../opaque-token.ts';

export interface LogoutAttempt {
  readonly connection: ConnectionId;
  readonly requestId: string;
}

export const logoutAttemptRecords: RecordKind<LogoutAttempt> = { name: 'logoutAttempt', keysOf: () => [] };

const lifeMs = 10 * 60_000;

/** A handle, before there is a request to remember with it. */
export function createHandle(context: GateContext): string {
  return createToken(context.randomBytes);
}

export async function keepLogoutAttempt(
  context: GateContext,
  organizationId: OrganizationId,
  handle: string,
  attempt: LogoutAttempt,
): Promise<void> {
  await context.storage.records(logoutAttemptRecords).insert({
    id: idOfToken(handle),
    organizationId,
    expiresAt: context.now() + lifeMs,
    value: attempt,
  });
}

/** Uses the attempt up; null where no logout of this connection waits under this handle. */
export async function takeLogoutAttempt(
  context: GateContext,
  at: { readonly organizationId: OrganizationId; readonly id: ConnectionId },
  handle: string | undefined,
): Promise<LogoutAttempt | null> {
  if (handle === undefined || !isToken(handle)) return null;
  const records = context.storage.records(logoutAttemptRecords);
  const found = await records.get(idOfToken(handle), context.now());
  if (found === null || found.organizationId !== at.organizationId || found.value.connection !== at.id) return null;
  return (await records.take(found.id, context.now()))?.value ?? null;
}
