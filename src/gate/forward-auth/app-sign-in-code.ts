// The one-time code by which a sign-in at the gate becomes a cookie at the app's own host: used once, within a minute, by the browser that asked
// for it, at the host and app it was made for. Storage has its hash and the hash of the browser's state only.

import type { App } from '#directory/app.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import { createToken, idOfToken, isToken } from '../opaque-token.ts';
import type { AppPlace } from './app-cookie.ts';

export interface AppSignInCode {
  readonly app: App['id'];
  readonly host: string;
  /** The id of the session's record. */
  readonly session: string;
  /** SHA-256 of the token that the browser keeps in a cookie of the app's host, hex. */
  readonly state: string;
  /** Path and query at the app. */
  readonly returnTo: string;
}

export const appSignInCodeRecords: RecordKind<AppSignInCode> = { name: 'appSignInCode', keysOf: () => [] };

const lifeMs = 60_000;

/** Stores a code; answers it for the way back to the app. */
export async function createAppSignInCode(
  context: GateContext,
  { app, host }: AppPlace,
  rest: Pick<AppSignInCode, 'session' | 'state' | 'returnTo'>,
): Promise<string> {
  const code = createToken(context.randomBytes);
  await context.storage.records(appSignInCodeRecords).insert({
    id: idOfToken(code),
    organizationId: app.organizationId,
    expiresAt: context.now() + lifeMs,
    value: { app: app.id, host, ...rest },
  });
  return code;
}

/** Uses a code up. Null when it is unknown, used, past, for another place, or was asked for by another browser; then it is left as it was. */
export async function takeAppSignInCode(
  context: GateContext,
  { app, host }: AppPlace,
  code: string | undefined,
  states: readonly string[],
): Promise<AppSignInCode | null> {
  if (code === undefined || !isToken(code)) return null;
  const store = context.storage.records(appSignInCodeRecords);
  const record = await store.get(idOfToken(code), context.now());
  if (record === null || record.organizationId !== app.organizationId) return null;
  const { value } = record;
  if (value.app !== app.id || value.host !== host || !states.includes(value.state)) return null;
  return (await store.take(record.id, context.now())) === null ? null : value;
}
