// The way in for the first administrator: a link that works once, within a day, and gives an admin key of scope `instance`.
// It is printed by the first start; whoever can read the server's terminal may administer it. Later keys come from `furlough admin create`.

import { createHash } from 'node:crypto';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { AdminContext } from './admin-operation.ts';

/** Nothing but that it was made: the id is the hash of the code. */
type SetUpCode = Readonly<Record<string, never>>;

export const setUpCodeRecords: RecordKind<SetUpCode> = { name: 'setUpCode', keysOf: () => [] };

const validMs = 24 * 60 * 60 * 1_000;
const byLink: ChangeContext = { actor: { kind: 'system', name: 'set-up-link' }, mouth: 'bootstrap' };

type SetUpContext = Pick<AdminContext, 'storage' | 'now' | 'randomBytes' | 'credentials' | 'config'>;

/** Makes a link for the first administrator. Throws `StorageError`. */
export async function createSetUpLink(context: SetUpContext, organizationId: OrganizationId): Promise<string> {
  const code = Buffer.from(context.randomBytes(32)).toString('base64url');
  await context.storage.records(setUpCodeRecords).insert({
    id: idOf(code),
    organizationId,
    expiresAt: context.now() + validMs,
    value: {},
  });
  return `${context.config.baseUrl}/console/set-up?code=${code}`;
}

/** Whether the code can still be used. */
export async function isSetUpCode(context: SetUpContext, code: string): Promise<boolean> {
  return (await context.storage.records(setUpCodeRecords).get(idOf(code), context.now())) !== null;
}

/** Uses the code up: of many who come with it exactly one gets the key; null for the others and for what is no code. */
export async function redeemSetUpCode(context: SetUpContext, code: string): Promise<string | null> {
  const record = await context.storage.records(setUpCodeRecords).take(idOf(code), context.now());
  if (record === null) return null;
  const request = { kind: 'admin', name: 'first administrator', scopes: ['instance'] } as const;
  return (await context.credentials.issue(record.organizationId, request, byLink)).secret;
}

function idOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
