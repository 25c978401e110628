// Who is let in by a secret: hashed at rest, its owner read anew on every use, an outage never taken for a refusal. On both storages.

import { createHash, randomBytes } from 'node:crypto';
import type { Credential } from '#directory/credential.ts';
import { createCredentialAuthentication, readBearerToken } from '#secrets/credential-authentication.ts';
import { createCredentials } from '#secrets/credentials.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide } from '../provisioning/write-side.ts';

describeOnBothStorages('credential authentication', (open) => {
  const build = async () => {
    const storage: Storage = await open();
    const house = await createWriteSide(storage, null);
    const now = () => house.clock.now;
    const credentials = createCredentials({
      storage,
      now,
      randomBytes,
      wakeRelay: () => undefined,
      seal: (text) => text,
    });
    const authentication = createCredentialAuthentication({ storage, now });
    const reasonOf = async (secret: string, kinds: readonly Credential['kind'][] = ['scim']) => {
      const outcome = await authentication.authenticate(secret, kinds);
      return outcome.kind === 'accepted' ? 'accepted' : outcome.reason;
    };
    return { storage, house, credentials, authentication, reasonOf };
  };

  test('only the SHA-256 of a secret is stored, and it is the key by which it is found', async () => {
    const { storage, house, credentials, reasonOf } = await build();
    const { secret, credential } = await credentials.issue(acme, { kind: 'scim', name: 'Okta' }, byAdministrator);
    expect(await reasonOf(secret)).toBe('accepted');
    const hash = createHash('sha256').update(secret).digest('hex');
    const stored = await storage.records(credentialRecords).get(hash, house.clock.now);
    expect(stored?.value.id).toBe(credential.id);
    expect(JSON.stringify(stored)).not.toContain(secret);
    expect(await reasonOf(hash)).toBe('unknown');
  });

  test('at a door for another kind it is unknown', async () => {
    const { credentials, reasonOf } = await build();
    const { secret } = await credentials.issue(acme, { kind: 'hr', name: 'HR' }, byAdministrator);
    expect(await reasonOf(secret, ['scim'])).toBe('unknown');
    expect(await reasonOf(secret, ['scim', 'hr'])).toBe('accepted');
  });

  test('refused from the moment its owner is inactive, accepted again when they return', async () => {
    const { house, credentials, reasonOf } = await build();
    const owner = await house.add('aoki');
    const { secret } = await credentials.issue(acme, { kind: 'scim', name: 'own', owner: owner.id }, byAdministrator);
    expect(await reasonOf(secret)).toBe('accepted');
    await house.deactivateUser(acme, owner.id, {}, byAdministrator);
    expect(await reasonOf(secret)).toBe('ownerInactive');
    await house.reactivateUser(acme, owner.id, {}, byAdministrator);
    expect(await reasonOf(secret)).toBe('accepted');
    await house.removeUser(acme, owner.id, byAdministrator);
    expect(await reasonOf(secret)).toBe('ownerInactive');
  });

  test('of a suspended organisation an owner who is active still provisions', async () => {
    const { house, credentials, reasonOf } = await build();
    const owner = await house.add('aoki');
    const { secret } = await credentials.issue(acme, { kind: 'scim', name: 'own', owner: owner.id }, byAdministrator);
    await house.changeOrganization(acme, { state: 'suspended' }, byAdministrator);
    expect(await reasonOf(secret)).toBe('accepted');
    await house.deactivateUser(acme, owner.id, {}, byAdministrator);
    expect(await reasonOf(secret)).toBe('ownerInactive');
  });

  test('of thirty revocations at once one is a change, and all find it revoked', async () => {
    const { credentials, reasonOf } = await build();
    const { secret, credential } = await credentials.issue(acme, { kind: 'scim', name: 'Okta' }, byAdministrator);
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, () => credentials.revoke(acme, credential.id, byAdministrator)),
    );
    expect(outcomes.filter(({ change }) => change !== null)).toHaveLength(1);
    expect(await reasonOf(secret)).toBe('revoked');
  });

  test('a secret given by configuration is accepted as it is, and cannot be given twice', async () => {
    const { credentials, reasonOf } = await build();
    const secret = 'given-by-configuration-'.padEnd(40, 'x');
    await credentials.issue(acme, { kind: 'scim', name: 'given', secret }, byAdministrator);
    expect(await reasonOf(secret)).toBe('accepted');
    await expect(
      credentials.issue(acme, { kind: 'scim', name: 'again', secret }, byAdministrator),
    ).rejects.toMatchObject({ code: 'invalidValue' });
  });

  test('while storage is away nobody is refused: the outage passes through', async () => {
    const { storage, credentials, authentication } = await build();
    const { secret } = await credentials.issue(acme, { kind: 'scim', name: 'Okta' }, byAdministrator);
    await storage.close();
    await expect(authentication.authenticate(secret, ['scim'])).rejects.toMatchObject({
      name: 'StorageError',
      code: 'unavailable',
    });
  });
});

describe('bearer tokens', () => {
  test.each([
    ['Bearer abc.DEF-1_~+/==', 'abc.DEF-1_~+/=='],
    ['bearer   abc', 'abc'],
    ['BEARER abc ', 'abc'],
  ])('"%s" is read', (header, token) => {
    expect(readBearerToken(header)).toBe(token);
  });

  test.each([undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'Bearer a b', 'Bearer a,b', 'Bearer あ', 'abc'])(
    '"%s" is none',
    (header) => {
      expect(readBearerToken(header)).toBeNull();
    },
  );
});
