// Assertions and ID tokens that opened a session, remembered until they could not be used anyway (gate.md 2.1 "replay").
// The unique id of the record is the guarantee: of many insertions exactly one succeeds, on every node.

import type { Connection } from '#directory/connection.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { VerifiedIdentity } from '../connections/connection-strategy.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfParts } from '../opaque-token.ts';

export interface UsedOnce {
  readonly connection: string;
  readonly usedAt: number;
}

export const usedOnceRecords: RecordKind<UsedOnce> = { name: 'usedOnce', keysOf: () => [] };

/** Clocks of several nodes may differ; a record outlives what it remembers by this much. */
const marginMs = 10 * 60_000;

/** Whether this id was used at this connection: for what is repeatable but must not be repeated by others. */
export async function wasUsed(
  context: GateContext,
  connection: Pick<Connection, 'id' | 'organizationId'>,
  id: string,
): Promise<boolean> {
  const recordId = idOfParts(connection.organizationId, connection.id, id);
  return (await context.storage.records(usedOnceRecords).get(recordId, context.now())) !== null;
}

/** True for the first who uses this identity's assertion or token at this connection, false for everyone after. */
export async function useOnce(
  context: GateContext,
  connection: Pick<Connection, 'id' | 'organizationId'>,
  identity: Pick<VerifiedIdentity, 'usedOnce'>,
): Promise<boolean> {
  const { id, until } = identity.usedOnce;
  return context.storage.records(usedOnceRecords).insertOnce({
    id: idOfParts(connection.organizationId, connection.id, id),
    organizationId: connection.organizationId,
    expiresAt: Math.max(until, context.now()) + marginMs,
    value: { connection: connection.id, usedAt: context.now() },
  });
}
