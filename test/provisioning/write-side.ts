// A write side on a given storage with a hand-set clock, for the tests of provisioning/.

import { randomBytes } from 'node:crypto';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import type { User } from '#directory/user.ts';
import { createProvisioning, type Provisioning } from '#provisioning/provisioning.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import type { Storage } from '#storage/storage.ts';

export const acme = 'acme' as OrganizationId;
export const okta = 'okta' as ConnectionId;
export const byOkta: ChangeContext = { actor: { kind: 'connection', connection: okta }, mouth: 'scimPatch' };
export const byAdministrator: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };

export interface WriteSide extends Provisioning {
  readonly storage: Storage;
  /** For what the schedule runs. */
  readonly context: ProvisioningContext;
  readonly clock: { now: number };
  readonly troubles: unknown[];
  /** The same write side on another way to the same store. */
  on(other: Storage): Provisioning;
  /** Creates a user named `name`. */
  add(name: string, parts?: { readonly active?: boolean; readonly externalId?: string }): Promise<User>;
  user(id: User['id']): Promise<User>;
  /** What goes on behind the answers is done. */
  finished(): Promise<void>;
  /** `[used, free, intents]` of the ledger. */
  seats(): Promise<readonly [number, number, number]>;
}

export async function createWriteSide(
  storage: Storage,
  licensed: number | null,
  seatPolicy: SeatPolicy = 'wait',
): Promise<WriteSide> {
  const clock = { now: Date.parse('2027-01-12T01:00:00Z') };
  const troubles: unknown[] = [];
  const later: Promise<unknown>[] = [];
  const context: ProvisioningContext = {
    storage,
    now: () => clock.now,
    randomBytes,
    nameKey: new Uint8Array(32),
    wakeRelay: () => undefined,
    continueLater: (work) => void later.push(work()),
    reportTrouble: (_message, error) => troubles.push(error),
  };
  const on = (way: Storage): Provisioning => createProvisioning({ ...context, storage: way });
  const provisioning = on(storage);
  await provisioning.createOrganization(
    { id: acme, name: 'Acme', timeZone: 'Asia/Tokyo', licensed, seatPolicy },
    byAdministrator,
  );
  return {
    ...provisioning,
    storage,
    context,
    clock,
    troubles,
    on,
    async add(name, parts = {}) {
      clock.now += 1;
      const externalId = parts.externalId === undefined ? {} : { externalId: parts.externalId };
      const request = {
        profile: { userName: name, ...externalId },
        active: parts.active ?? true,
        connection: okta,
        restore: true,
      };
      return (await provisioning.provisionUser(acme, request, byOkta)).user;
    },
    async finished() {
      while (later.length > 0) await later.pop();
    },
    async user(id) {
      const user = await storage.users.get(acme, id);
      if (user === null) throw new Error(`no user ${id}`);
      return user;
    },
    async seats() {
      const ledger = await storage.seats.read(acme);
      if (ledger === null) throw new Error('no ledger');
      return [ledger.used, ledger.free, Object.keys(ledger.intents).length];
    },
  };
}
