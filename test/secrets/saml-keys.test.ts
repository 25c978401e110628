// The keys of our side of SAML connections: made once however many ask, sealed, bound to their connection, replaced without a gap.

import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { createSamlKeys, type KeyOwner, type SamlKeys } from '#secrets/saml-keys.ts';
import { createSealing, SealError } from '#secrets/sealing.ts';
import { createKeyring } from '#secrets/secret-key.ts';
import { createCertifiedKey } from '#secrets/self-signed-certificate.ts';
import { samlKeyRecordId, samlKeyRecords } from '#storage/saml-key-records.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';

const now = Date.UTC(2031, 0, 1);
const owner: KeyOwner = { organizationId: 'acme' as OrganizationId, id: 'corp' as ConnectionId };
const other: KeyOwner = { ...owner, id: 'other' as ConnectionId };

describeOnBothStorages('keys of SAML connections', (open) => {
  const keysOn = (storage: Storage, secret = 7): SamlKeys => {
    const sealing = createSealing(createKeyring(new Uint8Array(32).fill(secret)), randomBytes);
    return createSamlKeys({ storage, now: () => now, randomBytes, sealing });
  };

  test('asked for by many at once on two nodes: one key, which signs for the certificate that is published', async () => {
    const storage = await open();
    const [one, two] = [keysOn(storage), keysOn(storage)];
    const signers = await Promise.all([one.signer(owner), two.signer(owner), one.signer(owner), two.signer(owner)]);
    expect(new Set(signers.map(({ certificatePem }) => certificatePem)).size).toBe(1);
    const [signer] = signers;
    const certificate = new X509Certificate(signer?.certificatePem ?? '');
    expect(certificate.checkPrivateKey(createPrivateKey(signer?.privateKeyPem ?? ''))).toBe(true);
    expect(await one.published(owner, ['signing'])).toMatchObject([{ use: 'signing' }]);
    expect(await one.decrypters(owner)).toEqual([]);
    expect(await one.list(other)).toEqual([]);
  });

  test('private keys are sealed, and open for their own connection and secret only', async () => {
    const storage = await open();
    const keys = keysOn(storage);
    await keys.signer(owner);
    await keys.signer(other);
    const records = storage.records(samlKeyRecords);
    const record = await records.get(samlKeyRecordId(owner.organizationId, owner.id), now);
    expect(JSON.stringify(record)).not.toContain('PRIVATE KEY');
    await expect(keysOn(storage, 8).signer(owner)).rejects.toThrow(SealError);
    const moved = await records.get(samlKeyRecordId(other.organizationId, other.id), now);
    if (record === null || moved === null) throw new Error('no keys');
    await records.replace({ ...moved, value: { ...moved.value, keys: record.value.keys } });
    await expect(keys.signer(other)).rejects.toThrow(SealError);
    await expect(keys.signer(owner)).resolves.toBeDefined();
  });

  test('of two the older signs until it is removed; both decrypt; a third there is not, nor fewer than one', async () => {
    const keys = keysOn(await open());
    const [first] = await keys
      .published(owner, ['encryption', 'signing'])
      .then((all) => all.filter(({ use }) => use === 'signing'));
    const added = await keys.add(owner, 'signing', () => []);
    const second = added?.findLast(({ use }) => use === 'signing');
    expect((await keys.signer(owner)).certificatePem).toBe(first?.certificatePem);
    expect(await keys.add(owner, 'signing', () => [])).toBeNull();
    await keys.add(owner, 'encryption', () => []);
    expect(await keys.decrypters(owner)).toHaveLength(2);
    await keys.remove(owner, first?.id ?? '', () => []);
    expect((await keys.signer(owner)).certificatePem).toBe(second?.certificatePem);
    expect(await keys.remove(owner, second?.id ?? '', () => [])).toBe('last');
    expect(await keys.remove(owner, 'nobody', () => [])).toBe('unknown');
    await keys.forget(owner);
    expect(await keys.list(owner)).toEqual([]);
  });
});

test.each([
  [Date.UTC(2031, 0, 1), Date.UTC(2041, 0, 1)],
  [Date.UTC(2045, 5, 30, 12, 0, 1), Date.UTC(2055, 5, 30, 12, 0, 1)],
])('a certificate from %d to %d is what its reader takes it for', async (notBefore, notAfter) => {
  const { certificatePem } = await createCertifiedKey(
    { commonName: 'Furlough signing', notBefore, notAfter },
    randomBytes,
  );
  const certificate = new X509Certificate(certificatePem);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.subject).toBe('CN=Furlough signing');
  expect([Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]).toEqual([notBefore, notAfter]);
  expect(certificate.serialNumber).toMatch(/^[0-9A-F]{32}$/);
});
