// Sign-ins as administrators see them, found by person and outcome.

import type { OrganizationId } from '#directory/identifiers.ts';
import { listSignIns, type SignInPage, type SignInRecord } from '#gate/sign-in/sign-in-record.ts';
import { toIso, type AdminContext } from './admin-operation.ts';

type Found = Awaited<ReturnType<typeof listSignIns>>[number];

/** By person or by outcome there is an index; with both, the person's are read until enough have the outcome. */
export async function findSignIns(
  context: AdminContext,
  organizationId: OrganizationId,
  { user, outcome, after, limit }: SignInPage,
): Promise<readonly Found[]> {
  const by = user === undefined ? (outcome === undefined ? {} : { outcome }) : { user };
  const found: Found[] = [];
  for (let place = after; ; ) {
    const page = { ...by, limit, ...(place === undefined ? {} : { after: place }) };
    const piece = await listSignIns(context.gate, organizationId, page);
    found.push(...piece.filter((record) => outcome === undefined || record.outcome === outcome));
    if (piece.length < limit || found.length >= limit) return found.slice(0, limit);
    place = piece.at(-1)?.id;
  }
}

export function toSignInAnswer(record: SignInRecord) {
  const { reference, at, outcome, reason, connection, protocol, door, userId, claimed, address } = record;
  return {
    reference,
    at: toIso(at),
    outcome,
    ...(reason === undefined ? {} : { reason }),
    connection,
    protocol,
    ...(door === undefined ? {} : { door }),
    ...(userId === undefined ? {} : { userId }),
    ...(claimed === undefined ? {} : { claimed }),
    ...(address === undefined ? {} : { address }),
  };
}
