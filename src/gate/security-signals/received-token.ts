// Tokens that were received and carried out, remembered until nobody would take them any more. They are noted last, with the audit entry: one whose
// work failed half-way is sent again and completes.

import type { Connection } from '#directory/connection.ts';
import { toEffects } from '#directory/effect.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfParts } from '../opaque-token.ts';

export interface ReceivedToken {
  readonly connection: string;
  readonly at: number;
}

export const receivedTokenRecords: RecordKind<ReceivedToken> = {
  name: 'receivedToken',
  carriesEffects: true,
  keysOf: () => [],
};

/** Clocks of several nodes may differ. */
const marginMs = 10 * 60_000;

export interface TokenToRemember {
  readonly issuer: string;
  readonly jti: string;
  readonly until: number;
}

type At = Pick<Connection, 'id' | 'organizationId' | 'name'>;

export async function wasReceived(context: GateContext, at: At, token: TokenToRemember): Promise<boolean> {
  return (await context.storage.records(receivedTokenRecords).get(idOf(at, token), context.now())) !== null;
}

/** False: another request with the same token was first. `after`: what came of it. */
export async function noteReceived(
  context: GateContext,
  at: At,
  token: TokenToRemember,
  action: string,
  after: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const now = context.now();
  const event = {
    action,
    level: 'information',
    actor: `connection:${at.id}`,
    mouth: 'securitySignal',
    target: { kind: 'connection', id: at.id, name: at.name },
    after,
  } as const;
  return context.storage.records(receivedTokenRecords).insertOnce(
    {
      id: idOf(at, token),
      organizationId: at.organizationId,
      expiresAt: Math.max(token.until, now) + marginMs,
      value: { connection: at.id, at: now },
    },
    toEffects(context, at.organizationId, [{ kind: 'audit', event }]),
  );
}

function idOf(at: At, { issuer, jti }: TokenToRemember): string {
  return idOfParts('received', at.organizationId, at.id, issuer, jti);
}
