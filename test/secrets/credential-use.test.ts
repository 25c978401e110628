// When a credential was last used: written seldom, by many nodes, behind the answers, and never in the way of anything else. On both storages.

import { randomBytes } from 'node:crypto';
import { createCredentialAuthentication } from '#secrets/credential-authentication.ts';
import { createCredentialUses, credentialUseRecords } from '#secrets/credential-use.ts';
import { createCredentials } from '#secrets/credentials.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { StorageError } from '#storage/storage-error.ts';
import { observeStorage } from '../gate/observed-storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { eventually } from '../harness/eventually.ts';
import { acme, byAdministrator, createWriteSide } from '../provisioning/write-side.ts';

const minute = 60_000;

describeOnBothStorages('last use of credentials', (open) => {
  /** Two nodes on one store, which may be away; `calls` are those to the records of uses. */
  const build = async (everyMs = 3_600_000) => {
    const real = await open();
    const house = await createWriteSide(real, null);
    const now = () => house.clock.now;
    const away = { now: false };
    const calls: string[] = [];
    const storage = observeStorage(real, async (moment) => {
      if (!moment.startsWith('before credentialUse.')) return;
      if (away.now) throw new StorageError('unavailable', 'away');
      calls.push(moment.slice('before credentialUse.'.length));
    });
    const troubles: string[] = [];
    const reportTrouble = (message: string) => void troubles.push(message);
    const node = () => createCredentialUses({ storage, now, reportTrouble, everyMs });
    const uses = node();
    const credentials = createCredentials({
      storage,
      now,
      randomBytes,
      wakeRelay: () => undefined,
      seal: (text) => text,
    });
    const authentication = createCredentialAuthentication({ storage, now, noteUse: uses.note });
    const { credential, secret } = await credentials.issue(acme, { kind: 'scim', name: 'Okta' }, byAdministrator);
    const use = () => authentication.authenticate(secret, ['scim']);
    const storedUse = async () =>
      (await real.records(credentialUseRecords).get(credential.id, now()))?.value.lastUsedAt;
    const storedCredential = () => real.records(credentialRecords).get(credential.secretHash, now());
    house.clock.now = Math.ceil(house.clock.now / minute) * minute;
    const begun = house.clock.now;
    return {
      house,
      away,
      calls,
      troubles,
      node,
      uses,
      credentials,
      credential,
      use,
      storedUse,
      storedCredential,
      begun,
    };
  };

  test('a thousand uses in a minute are one write; it is to the minute, and only of what was accepted', async () => {
    const { house, calls, uses, credential, credentials, use, storedUse, begun } = await build();
    expect(await uses.lastUseOf(credential)).toBeUndefined();
    house.clock.now += 59_999;
    for (let n = 0; n < 1_000; n += 1) await use();
    calls.length = 0;
    await uses.flush();
    expect(calls).toEqual(['get', 'insertOnce']);
    expect(await storedUse()).toBe(begun);
    house.clock.now += 1;
    await use();
    await uses.flush();
    expect(await storedUse()).toBe(begun + minute);
    await credentials.revoke(acme, credential.id, byAdministrator);
    house.clock.now += minute;
    expect(await use()).toMatchObject({ kind: 'refused', reason: 'revoked' });
    await uses.flush();
    expect([await storedUse(), await uses.lastUseOf(credential)]).toEqual([begun + minute, begun + minute]);
  });

  test('it is written by itself after the interval, without a close', async () => {
    const { use, storedUse, begun } = await build(20);
    await use();
    expect(await eventually(storedUse)).toBe(begun);
  });

  test('of several nodes the latest use stays, whichever writes last', async () => {
    const { house, node, uses, credential, storedUse, begun } = await build();
    const others = Array.from({ length: 8 }, node);
    for (const other of others) {
      house.clock.now += minute;
      other.note(credential);
    }
    house.clock.now = begun;
    uses.note(credential);
    await Promise.all(others.toReversed().map((other) => other.flush()));
    await uses.flush();
    expect(await storedUse()).toBe(begun + 8 * minute);
    expect(await uses.lastUseOf(credential)).toBe(begun + 8 * minute);
    expect(await uses.lastUsesIn(acme)).toEqual(new Map([[credential.id, begun + 8 * minute]]));
  });

  test('a revocation or rotation beside it is neither undone nor kept up: the record of the credential is not touched', async () => {
    const { house, uses, credential, credentials, use, storedCredential } = await build();
    await use();
    const { credential: next } = await credentials.rotate(acme, credential.id, 1_000, byAdministrator);
    await Promise.all([uses.flush(), credentials.revoke(acme, credential.id, byAdministrator)]);
    const record = await storedCredential();
    // Issued, rotated, revoked: three writes and no other.
    expect([record?.revision, record?.value.revokedAt !== undefined]).toEqual([3, true]);
    house.clock.now += minute;
    uses.note(credential);
    await uses.close();
    expect(await storedCredential()).toEqual(record);
    expect(await uses.lastUseOf(next)).toBeUndefined();
  });

  test('with the store of uses away a request is accepted all the same; what waited is written when it is back', async () => {
    const { away, troubles, uses, use, storedUse, begun } = await build();
    away.now = true;
    expect((await use()).kind).toBe('accepted');
    await uses.flush();
    expect(troubles).toEqual(['last uses of credentials could not be written; they are tried again']);
    away.now = false;
    await uses.close();
    expect(await storedUse()).toBe(begun);
  });

  test('what waits is bounded', async () => {
    const { away, uses, credential } = await build();
    away.now = true;
    for (let n = 0; n < 10_100; n += 1) uses.note({ ...credential, id: `c${n}` as never });
    away.now = false;
    const known = await uses.lastUsesIn(acme);
    expect(known.size).toBe(10_000);
    away.now = true;
    await uses.close();
  });
});
