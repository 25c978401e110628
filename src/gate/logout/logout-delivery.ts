// A logout that an app is to hear of: queued when a session of the gate ends, delivered until it was taken or given up, kept for a while so that an
// administrator can see it per person and app. OpenID Connect Back-Channel Logout 1.0; how it is delivered is deliver-logouts.ts.

import type { Effect } from '#directory/effect.ts';
import type { Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import { findApp } from '#storage/app-records.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfParts } from '../opaque-token.ts';
import { putLogoutDue } from './logout-due.ts';

/** `dead`: given up after a day, an administrator may try again. `dropped`: the app was removed, or wants none any more. */
export type LogoutState = 'waiting' | 'delivered' | 'dead' | 'dropped';

export interface LogoutDelivery {
  readonly app: string;
  readonly userId: UserId;
  /** The person's session at the app, as its ID tokens call it. */
  readonly sid: string;
  /** Why the session ended. */
  readonly cause: string;
  readonly state: LogoutState;
  readonly queuedAt: Instant;
  /** When it is tried next; while it is being tried, when somebody else may. */
  readonly nextAt: Instant;
  /** Given up after this. */
  readonly giveUpAt: Instant;
  readonly attempts: number;
  readonly deliveredAt?: Instant;
  /** Of the last try; for administrators. */
  readonly error?: string;
}

export type StoredLogoutDelivery = StoredRecord<LogoutDelivery>;

export const logoutDeliveryRecords: RecordKind<LogoutDelivery> = {
  name: 'logoutDelivery',
  carriesEffects: true,
  keysOf: ({ app, userId, state }) => [`app=${app}`, `user=${userId}`, `state=${state}`],
};

const dayMs = 86_400_000;
/** How long an administrator can look it up. */
const keptForMs = 30 * dayMs;

export interface Logout {
  readonly app: string;
  readonly userId: UserId;
  readonly sid: string;
  readonly cause: string;
}

/** Queues a logout if the app wants to hear of any. Idempotent: a session of an app ends once. Throws `StorageError`. */
export async function queueLogout(
  context: Pick<GateContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  logout: Logout,
): Promise<void> {
  const now = context.now();
  const app = await findApp(context.storage, organizationId, logout.app, now);
  if (app?.openid?.backchannelLogoutUri === undefined) return;
  const { userId, sid, cause } = logout;
  const value: LogoutDelivery = {
    app: app.id,
    userId,
    sid,
    cause,
    state: 'waiting',
    queuedAt: now,
    nextAt: now,
    giveUpAt: now + dayMs,
    attempts: 0,
  };
  const id = idOfParts(organizationId, app.id, sid);
  await context.storage
    .records(logoutDeliveryRecords)
    .insertOnce({ id, organizationId, expiresAt: now + keptForMs, value });
  await putLogoutDue(context, id, now);
}

export interface LogoutDeliveryPage {
  /** Of these one at most. */
  readonly user?: string;
  readonly app?: string;
  readonly state?: LogoutState;
  readonly after?: string;
  readonly limit: number;
}

/** In order of id, which is none of time. */
export function listLogoutDeliveries(
  context: Pick<GateContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  { user, app, state, ...page }: LogoutDeliveryPage,
): Promise<readonly StoredLogoutDelivery[]> {
  const [key] = [
    ...(user === undefined ? [] : [`user=${user}`]),
    ...(app === undefined ? [] : [`app=${app}`]),
    ...(state === undefined ? [] : [`state=${state}`]),
  ];
  const wanted = { ...page, ...(key === undefined ? {} : { key }) };
  return context.storage.records(logoutDeliveryRecords).list(organizationId, wanted, context.now());
}

/** One of the organisation's, or null. */
export async function readLogoutDelivery(
  context: Pick<GateContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  id: string,
): Promise<StoredLogoutDelivery | null> {
  if (!/^[0-9a-f]{64}$/.test(id)) return null;
  const record = await context.storage.records(logoutDeliveryRecords).get(id, context.now());
  return record?.organizationId === organizationId ? record : null;
}

/** It is tried again now and for a day; `effects` in the same write. Null when somebody else wrote first. */
export async function giveLogoutAnotherDay(
  context: Pick<GateContext, 'storage' | 'now'>,
  record: StoredLogoutDelivery,
  effects: readonly Effect[],
): Promise<StoredLogoutDelivery | null> {
  const now = context.now();
  const value: LogoutDelivery = { ...record.value, state: 'waiting', nextAt: now, giveUpAt: now + dayMs };
  const isWritten = await context.storage.records(logoutDeliveryRecords).replace({ ...record, value }, effects);
  if (!isWritten) return null;
  await putLogoutDue(context, record.id, now);
  return { ...record, value };
}
