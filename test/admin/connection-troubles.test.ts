// Connections and credentials while storage fails or others do the same: nothing stays alive, nothing is lost.

import type { Credential } from '#directory/credential.ts';
import type { ConnectionId, CredentialId } from '#directory/identifiers.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, type AdminHouse } from './admin-house.ts';
import { authenticate, openTroubledHouse, outage, type Scene } from './troubled-house.ts';

const at = '/organizations/acme';

describeAtDoors('connections and credentials in trouble', (open) => {
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async (): Promise<Scene> => {
    const scene = await openTroubledHouse(await open());
    houses.push(scene.house);
    return scene;
  };

  describe('connections', () => {
    const okta = { kind: 'scim', id: 'okta', name: 'Okta' };
    const issue = async (house: AdminHouse) =>
      (await house.call('post', `${at}/credentials`, { kind: 'scim', name: 'k', connection: 'okta' }).expect(201)).body
        .secret as string;

    test('a removal whose revocations fail has removed nothing; sent again it does', async () => {
      const { house, when } = await build();
      await house.call('post', `${at}/connections`, okta).expect(201);
      const secrets = [await issue(house), await issue(house)];
      when('before credential.replace', outage);
      await house.call('delete', `${at}/connections/okta`).expect(503);
      await house.call('get', `${at}/connections/okta`).expect(200);
      await house.call('delete', `${at}/connections/okta`).expect(200);
      for (const secret of secrets) expect(await authenticate(house, secret)).toBe('revoked');
    });

    test('a credential issued while its connection is removed is revoked with it', async () => {
      const { house, when } = await build();
      await house.call('post', `${at}/connections`, okta).expect(201);
      let late = '';
      when('before connection.replace', async () => {
        late = await issue(house);
      });
      await house.call('delete', `${at}/connections/okta`).expect(200);
      expect(await authenticate(house, late)).toBe('revoked');
    });

    test('every credential of it is revoked, also where the organisation has more than a thousand others', async () => {
      const { house, storage } = await build();
      await house.call('post', `${at}/connections`, okta).expect(201);
      const records = storage.records(credentialRecords);
      const plant = (hash: string, n: number, connection: string) => {
        const value: Credential = {
          id: `planted-${String(n).padStart(4, '0')}` as CredentialId,
          organizationId: acme,
          kind: 'scim',
          name: hash,
          connection: connection as ConnectionId,
          scopes: [],
          secretHash: hash,
          lastFour: 'xxxx',
          createdAt: house.clock.now,
        };
        return records.insert({ id: hash, organizationId: acme, value });
      };
      for (let n = 0; n < 1_000; n += 50)
        await Promise.all(Array.from({ length: 50 }, (_, m) => plant(`0-${n + m}`, n + m, 'other')));
      await Promise.all(Array.from({ length: 205 }, (_, n) => plant(`g-${n}`, 5_000 - n, 'okta')));
      await house.call('delete', `${at}/connections/okta`).expect(200);
      const left = await records.list(acme, { key: 'connection=okta', limit: 300 }, house.clock.now);
      expect(left).toHaveLength(205);
      expect(left.filter(({ value }) => value.revokedAt === undefined)).toEqual([]);
      const { body } = await house.call('get', `${at}/credentials?limit=2`).expect(200);
      expect(body.items.map(({ id }: { id: string }) => id)).toEqual(['planted-5000', 'planted-4999']);
    });

    test('of two that use a removed id again at once one gets it, and it stays', async () => {
      const { house, storage, when } = await build();
      let met = 0;
      // The sweep that begins with the server may take the removed one away before anybody asks about it.
      for (let n = 0; n < 5 && met === 0; n += 1) {
        const mine = { ...okta, id: `okta-${n}` };
        await house.call('post', `${at}/connections`, mine).expect(201);
        await house.call('delete', `${at}/connections/${mine.id}`).expect(200);
        when('after connection.get', async () => {
          met += 1;
          await house.call('post', `${at}/connections`, { ...mine, name: 'first' }).expect(201);
        });
        const { body } = await house.call('post', `${at}/connections`, { ...mine, name: 'second' });
        if (met === 0) {
          // Nobody looked: what waits for a look must not meet the next round's.
          when('after connection.get', async () => undefined);
          continue;
        }
        expect([body.status, body.code]).toEqual([409, 'connectionExists']);
        const id = connectionRecordId(acme, mine.id as ConnectionId);
        const stored = await storage.records(connectionRecords).get(id, house.clock.now);
        expect(stored?.value.name).toBe('first');
      }
      expect(met).toBe(1);
    });

    test('removed, it is gone for a node whose clock is behind as well', async () => {
      const { house, storage } = await build();
      await house.call('post', `${at}/connections`, okta).expect(201);
      await house.call('delete', `${at}/connections/okta`).expect(200);
      const id = connectionRecordId(acme, 'okta' as ConnectionId);
      expect(await storage.records(connectionRecords).get(id, house.clock.now - 60_000)).toBeNull();
    });

    test('a SCIM credential for a connection that provisions nobody is refused', async () => {
      const { house } = await build();
      await house.call('post', `${at}/connections`, { ...okta, kind: 'hr' }).expect(201);
      const { body } = await house
        .call('post', `${at}/credentials`, { kind: 'scim', name: 'k', connection: 'okta' })
        .expect(400);
      expect(body).toMatchObject({ code: 'invalidValue', field: 'connection' });
    });

    test('an organisation whose connection default could not be made is created; its first credential makes it', async () => {
      const { house, when } = await build();
      const { instance } = house.keys;
      when('before connection.insertOnce', outage);
      await house.call('post', '/organizations', { id: 'nova', name: 'Nova' }, instance).expect(201);
      const there = () => house.call('get', '/organizations/nova/connections/default', undefined, instance);
      await there().expect(404);
      const named = { kind: 'scim', name: 'k', connection: 'default' };
      await house.call('post', '/organizations/nova/credentials', named, instance).expect(201);
      await there().expect(200);
    });
  });

  describe('rotation', () => {
    const issue = async (house: AdminHouse, parts: object = {}) =>
      (await house.call('post', `${at}/credentials`, { kind: 'app', name: 'app', ...parts }).expect(201)).body;
    const rotate = async (house: AdminHouse, id: string, body: object = {}) =>
      (await house.call('post', `${at}/credentials/${id}/rotate`, body).expect(201)).body;

    test('the successor ends when the old one would have, also the second one', async () => {
      const { house } = await build();
      const expiresAt = new Date(house.clock.now + 30 * 86_400_000).toISOString();
      const old = await issue(house, { expiresAt });
      const overlap = { overlapSeconds: 60 };
      const first = await rotate(house, old.credential.id, overlap);
      expect(first.credential.expiresAt).toBe(expiresAt);
      expect(first.oldEndsAt).toBe(new Date(house.clock.now + 60_000).toISOString());
      expect((await rotate(house, old.credential.id, overlap)).credential.expiresAt).toBe(expiresAt);
      house.clock.now += 30 * 86_400_000;
      expect(await authenticate(house, first.secret)).toBe('expired');
      const endless = await issue(house);
      await rotate(house, endless.credential.id, overlap);
      expect((await rotate(house, endless.credential.id, overlap)).credential.expiresAt).toBeUndefined();
    });

    test('the secret is answered also when the old one could not be ended, and the answer says so', async () => {
      const { house, when } = await build();
      const old = await issue(house);
      when('before credential.replace', outage);
      const fresh = await rotate(house, old.credential.id, { overlapSeconds: 0 });
      expect(fresh.oldEndsAt).toBeNull();
      expect([await authenticate(house, old.secret), await authenticate(house, fresh.secret)]).toEqual([
        'accepted',
        'accepted',
      ]);
      expect(JSON.stringify(fresh)).not.toContain('planted outage');
      expect(house.lines.join('')).toContain('could not be ended by its rotation');
    });

    test('revoked by a node whose clock is ahead, it is refused here', async () => {
      const { house } = await build();
      const { credential, secret } = await issue(house);
      await house.call('delete', `${at}/credentials/${credential.id}`).expect(200);
      house.clock.now -= 60_000;
      expect(await authenticate(house, secret)).toBe('revoked');
    });
  });
});
