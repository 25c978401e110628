// Apps behind the gate and the hosts they answer at. A host belongs to one app of one organisation: its record's unique id sees to that, and
// finds it with one read. Only these hosts are served by forward-auth and accepted as return addresses (gate.md 7).

import { DirectoryError } from '#directory/directory-error.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';

export interface RelyingParty {
  readonly id: string;
  readonly organizationId: OrganizationId;
  readonly name: string;
  /** `host` or `host:port`, lower case, as in an origin: the port only if it is not the scheme's own. */
  readonly hosts: readonly string[];
}

export const relyingPartyRecords: RecordKind<RelyingParty> = {
  name: 'relyingParty',
  keysOf: (party) => party.hosts.map((host) => `host=${host}`),
};

/** The record's id is the host; the value is the app as it was stored with it. */
export const relyingPartyHostRecords: RecordKind<RelyingParty> = {
  name: 'relyingPartyHost',
  keysOf: (party) => [`app=${party.id}`],
};

/** Stores an app. Throws `DirectoryError('invalidValue')` for a host that is none or belongs to another app. */
export async function registerRelyingParty(storage: Storage, party: RelyingParty, now: number): Promise<void> {
  const { organizationId } = party;
  for (const host of party.hosts) {
    if (!isHost(host)) throw new DirectoryError('invalidValue', `"${host}" is not a host.`, { host });
    const hosts = storage.records(relyingPartyHostRecords);
    if (await insertUnlessThere(() => hosts.insert({ id: host, organizationId, value: party }))) continue;
    const known = await hosts.get(host, now);
    if (known?.organizationId !== organizationId || known.value.id !== party.id) {
      throw new DirectoryError('invalidValue', `The host "${host}" belongs to another app.`, { host });
    }
  }
  await insertUnlessThere(() =>
    storage.records(relyingPartyRecords).insert({ id: party.id, organizationId, value: party }),
  );
}

/** The app that answers at `host`, of whatever organisation; null when there is none. */
export async function findRelyingParty(storage: Storage, host: string, now: number): Promise<RelyingParty | null> {
  const record = await storage.records(relyingPartyHostRecords).get(host, now);
  return record?.value ?? null;
}

/** Whether `text` is a host as an origin writes it: lower case, perhaps with a port. */
export function isHost(text: string): boolean {
  if (!/^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/.test(text) || text.length > 255)
    return false;
  return URL.canParse(`http://${text}/`);
}

async function insertUnlessThere(insert: () => Promise<void>): Promise<boolean> {
  try {
    await insert();
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'duplicate') return false;
    throw error;
  }
}
