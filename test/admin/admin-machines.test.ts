// Credentials, connections and repeated requests through the admin API, on both storages.

import { createSelfSignedCertificate } from '../harness/self-signed-certificate.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { clientSecretPlace } from '#gate/connections/oidc/client-secret.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { acme, openAdminHouse, type AdminHouse } from './admin-house.ts';

describeOnBothStorages('machines', (open) => {
  const at = '/organizations/acme';
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async (): Promise<AdminHouse> => {
    const house = await openAdminHouse(await open());
    houses.push(house);
    return house;
  };
  const authenticate = async (house: AdminHouse, secret: string) => {
    const outcome = await house.context.authentication.authenticate(secret, ['scim', 'hr', 'app', 'admin']);
    return outcome.kind === 'accepted' ? 'accepted' : outcome.reason;
  };

  describe('credentials', () => {
    test('the secret is shown once and works; a SCIM one belongs to the connection default', async () => {
      const house = await build();
      const { body } = await house.call('post', `${at}/credentials`, { kind: 'scim', name: 'Okta' }).expect(201);
      expect(body).toMatchObject({
        change: expect.any(String),
        credential: { kind: 'scim', connection: 'default', state: 'live' },
      });
      expect(body.secret).toMatch(/^furl_scim_/);
      expect(body.credential.lastFour).toBe(body.secret.slice(-4));
      expect(await authenticate(house, body.secret)).toBe('accepted');
      const { text } = await house.call('get', `${at}/credentials`).expect(200);
      expect(text).not.toContain(body.secret);
      expect(text).not.toContain('secretHash');
      expect(JSON.parse(text).items[0].id).toBe(body.credential.id);
    });

    test.each(['delete', 'post'] as const)(
      'revoked by %s it is refused from the answer on; again changes nothing',
      async (method) => {
        const house = await build();
        const { body } = await house.call('post', `${at}/credentials`, { kind: 'scim', name: 'Okta' }).expect(201);
        const path = `${at}/credentials/${body.credential.id}${method === 'post' ? '/revoke' : ''}`;
        const { body: revoked } = await house.call(method, path).expect(200);
        expect(revoked).toMatchObject({ credential: { state: 'revoked' }, change: expect.any(String) });
        expect(await authenticate(house, body.secret)).toBe('revoked');
        expect((await house.call(method, path).expect(200)).body.change).toBeNull();
      },
    );

    test('rotated, both secrets work for the overlap, then only the new one', async () => {
      const house = await build();
      const { body: old } = await house.call('post', `${at}/credentials`, { kind: 'scim', name: 'Okta' }).expect(201);
      const path = `${at}/credentials/${old.credential.id}/rotate`;
      const { body: fresh } = await house.call('post', path, { overlapSeconds: 60 }).expect(201);
      expect(fresh.credential).toMatchObject({ name: 'Okta', connection: 'default' });
      expect([await authenticate(house, old.secret), await authenticate(house, fresh.secret)]).toEqual([
        'accepted',
        'accepted',
      ]);
      house.clock.now += 60_000;
      expect([await authenticate(house, old.secret), await authenticate(house, fresh.secret)]).toEqual([
        'expired',
        'accepted',
      ]);
      await house.call('post', path, {}).expect(400);
      const { body: last } = await house
        .call('post', `${at}/credentials/${fresh.credential.id}/rotate`, { overlapSeconds: 0 })
        .expect(201);
      expect([await authenticate(house, fresh.secret), await authenticate(house, last.secret)]).toEqual([
        'revoked',
        'accepted',
      ]);
    });

    test('an expired one is refused; an expiry in the past is refused at once', async () => {
      const house = await build();
      const soon = { kind: 'app', name: 'app', expiresAt: new Date(house.clock.now + 1_000).toISOString() };
      const { body } = await house.call('post', `${at}/credentials`, soon).expect(201);
      expect(await authenticate(house, body.secret)).toBe('accepted');
      house.clock.now += 1_000;
      expect(await authenticate(house, body.secret)).toBe('expired');
      await house.call('post', `${at}/credentials`, soon).expect(400);
    });

    test('of a suspended organisation: apps are refused, provisioning goes on', async () => {
      const house = await build();
      const { body: app } = await house.call('post', `${at}/credentials`, { kind: 'app', name: 'app' }).expect(201);
      const { body: scim } = await house.call('post', `${at}/credentials`, { kind: 'scim', name: 'scim' }).expect(201);
      await house.call('post', `${at}/suspend`, {}).expect(200);
      expect(await authenticate(house, app.secret)).toBe('organizationClosed');
      expect(await authenticate(house, scim.secret)).toBe('accepted');
      await house.call('post', `${at}/resume`, {}).expect(200);
      expect(await authenticate(house, app.secret)).toBe('accepted');
    });

    test.each([
      ['a connection there is not', { kind: 'scim', connection: 'nowhere' }, 404, 'connectionNotFound'],
      ['an owner there is not', { kind: 'admin', owner: 'nobody' }, 404, 'userNotFound'],
      ['a scope that means nothing here', { kind: 'app', scopes: ['read'] }, 400, 'invalidValue'],
      ['scope instance from one who has it not', { kind: 'admin', scopes: ['instance'] }, 403, 'notAllowed'],
      ['a kind there is not', { kind: 'robot' }, 400, 'invalidInput'],
    ])('%s is refused', async (_name, parts, status, code) => {
      const house = await build();
      const { body } = await house.call('post', `${at}/credentials`, { name: 'x', ...parts }).expect(status);
      expect(body.code).toBe(code);
    });

    test('of another organisation is unknown', async () => {
      const house = await build();
      const { body } = await house.call('post', `${at}/credentials`, { kind: 'app', name: 'app' }).expect(201);
      await house
        .call('delete', `/organizations/other/credentials/${body.credential.id}`, undefined, house.keys.other)
        .expect(404);
      expect(await authenticate(house, body.secret)).toBe('accepted');
    });
  });

  describe('connections', () => {
    const oidc = {
      kind: 'oidc',
      name: 'Okta Tokyo',
      issuer: 'https://idp.example.com',
      clientId: 'furlough',
      clientSecret: 'planted-secret',
    };

    test('OIDC in short: the id comes from the name, the secret is sealed and never shown', async () => {
      const house = await build();
      const { body, text } = await house.call('post', `${at}/connections`, oidc).expect(201);
      expect(body.connection).toMatchObject({
        id: 'okta-tokyo',
        match: 'userName',
        signIn: { kind: 'oidc', issuer: 'https://idp.example.com', hasClientSecret: true },
        urls: { oidcCallback: 'https://people.example.com/sso/acme/okta-tokyo/oidc/callback' },
      });
      expect(text).not.toContain('planted-secret');
      const id = 'okta-tokyo' as ConnectionId;
      const stored = await house.context.storage
        .records(connectionRecords)
        .get(connectionRecordId(acme, id), house.clock.now);
      expect(JSON.stringify(stored)).not.toContain('planted-secret');
      const signIn = stored?.value.signIn;
      const sealed = signIn?.kind === 'oidc' ? (signIn.sealedClientSecret ?? '') : '';
      expect(house.context.sealing.unseal(sealed, clientSecretPlace(acme, id))).toBe('planted-secret');
      const { text: audit } = await house.call('get', `${at}/audit`).expect(200);
      expect(audit).toContain('connection.added');
      expect(audit).not.toContain('planted-secret');
      expect(audit).not.toContain('seal1.');
      const { body: second } = await house.call('post', `${at}/connections`, oidc).expect(201);
      expect(second.connection.id).toBe('okta-tokyo-2');
    });

    test('PUT: a secret that is left out stays for the same issuer, and goes when the issuer changes', async () => {
      const house = await build();
      await house.call('post', `${at}/connections`, { ...oidc, id: 'okta' }).expect(201);
      const { clientSecret: _left, ...rest } = oidc;
      const { body: renamed } = await house
        .call('put', `${at}/connections/okta`, { ...rest, name: 'Renamed' })
        .expect(200);
      expect(renamed.connection).toMatchObject({ name: 'Renamed', signIn: { hasClientSecret: true } });
      const { body: same } = await house
        .call('put', `${at}/connections/okta`, { ...oidc, name: 'Renamed' })
        .expect(200);
      expect(same.change).toBeNull();
      const { body: moved } = await house
        .call('put', `${at}/connections/okta`, { ...rest, issuer: 'https://evil.example.com' })
        .expect(200);
      expect(moved.connection.signIn.hasClientSecret).toBe(false);
    });

    test('SAML by its fields: certificates are read, told by fingerprint, and none at all can be stored', async () => {
      const house = await build();
      const { certificatePem: certificate } = createSelfSignedCertificate('idp.example.com');
      const saml = {
        kind: 'saml',
        id: 'entra',
        entityId: 'https://idp.example.com',
        ssoUrl: 'https://idp.example.com/sso',
        certificates: [certificate],
      };
      const { body } = await house.call('post', `${at}/connections`, saml).expect(201);
      expect(body.connection.signIn).toMatchObject({
        kind: 'saml',
        wantSigned: 'any',
        keys: [{ fingerprint: expect.stringMatching(/^[0-9A-F:]{95}$/) }],
      });
      expect(body.connection.urls.samlAcs).toBe('https://people.example.com/sso/acme/entra/saml/acs');
      const { body: tried } = await house.call('post', `${at}/connections/entra/test`).expect(200);
      expect(tried.checks).toMatchObject([{ check: 'certificate', ok: expect.any(Boolean) }]);
      await house.call('put', `${at}/connections/entra`, { ...saml, certificates: [] }).expect(200);
      const { body: none } = await house.call('post', `${at}/connections/entra/test`).expect(200);
      expect(none).toMatchObject({ ok: false, checks: [{ check: 'certificates', ok: false }] });
    });

    test.each([
      ['nothing to do', { name: 'x' }, 'invalidInput'],
      ['no name', { provisioning: { kind: 'scim' } }, 'invalidInput'],
      ['an unknown key', { kind: 'scim', name: 'x', strickt: true }, 'invalidInput'],
      ['an unknown kind', { kind: 'ldap', name: 'x' }, 'invalidInput'],
      ['a reserved id', { kind: 'scim', id: 'session' }, 'invalidValue'],
      ['a domain that is none', { kind: 'scim', name: 'x', domains: ['no domain'] }, 'invalidInput'],
      ['an issuer over http', { kind: 'oidc', name: 'x', issuer: 'http://localhost:9', clientId: 'a' }, 'invalidValue'],
      [
        'an issuer with a query',
        { kind: 'oidc', name: 'x', issuer: 'https://idp.example.com/?a=1', clientId: 'a' },
        'invalidValue',
      ],
      [
        'a sign-on address over http',
        { kind: 'saml', name: 'x', entityId: 'a', ssoUrl: 'http://idp.example.com', certificates: [] },
        'invalidValue',
      ],
      ['half of the fields', { kind: 'saml', name: 'x', entityId: 'a' }, 'invalidValue'],
      ['metadata that is none', { kind: 'saml', name: 'x', metadata: '<a/>' }, 'invalidValue'],
      [
        'a certificate that is none',
        { kind: 'saml', name: 'x', entityId: 'a', ssoUrl: 'https://a.example.com', certificates: ['abc'] },
        'invalidValue',
      ],
    ])('%s is refused', async (_name, parts, code) => {
      const house = await build();
      const { body } = await house.call('post', `${at}/connections`, parts).expect(400);
      expect(body.code).toBe(code);
      const { body: list } = await house.call('get', `${at}/connections`).expect(200);
      expect(list.items).toEqual([]);
    });

    test('an id in use is refused; removed, its credentials are revoked, and the id may be used again', async () => {
      const house = await build();
      const scim = { kind: 'scim', id: 'okta', name: 'Okta' };
      await house.call('post', `${at}/connections`, scim).expect(201);
      const { body: twice } = await house.call('post', `${at}/connections`, scim).expect(409);
      expect(twice.code).toBe('connectionExists');
      const { body: issued } = await house
        .call('post', `${at}/credentials`, { kind: 'scim', name: 'k', connection: 'okta' })
        .expect(201);
      const { body: tried } = await house.call('post', `${at}/connections/okta/test`).expect(200);
      expect(tried.ok).toBe(true);
      await house.call('delete', `${at}/connections/okta`).expect(200);
      await house.call('get', `${at}/connections/okta`).expect(404);
      expect(await authenticate(house, issued.secret)).toBe('revoked');
      await house.call('post', `${at}/connections`, scim).expect(201);
      expect(await authenticate(house, issued.secret)).toBe('revoked');
      const { body: audit } = await house.call('get', `${at}/audit`).expect(200);
      const actions = audit.items
        .map(({ action }: { action: string }) => action)
        .filter((action: string) => action.startsWith('connection.'));
      expect(actions).toEqual(['connection.added', 'connection.removed', 'connection.added']);
    });

    test('the same id in another organisation is another connection', async () => {
      const house = await build();
      await house.call('post', `${at}/connections`, { kind: 'scim', id: 'okta' }).expect(201);
      await house.call('get', '/organizations/other/connections/okta', undefined, house.keys.other).expect(404);
      await house
        .call('post', '/organizations/other/connections', { kind: 'scim', id: 'okta' }, house.keys.other)
        .expect(201);
    });
  });

  describe('Idempotency-Key', () => {
    const app = { kind: 'app', name: 'app' };
    const post = (house: AdminHouse, key: string, body: object = app, credential?: string) =>
      house.call('post', `${at}/credentials`, body, credential).set('Idempotency-Key', key);
    const count = async (house: AdminHouse) =>
      (await house.call('get', `${at}/credentials`)).body.items.length as number;

    test('the same request again gets the stored answer, secret and all, and does nothing', async () => {
      const house = await build();
      const first = await post(house, 'k1').expect(201);
      const before = await count(house);
      const again = await post(house, 'k1').expect(201);
      expect(again.text).toBe(first.text);
      expect(again.headers['idempotency-replayed']).toBe('true');
      expect(await count(house)).toBe(before);
    });

    test('a different request under the same key is refused with 422', async () => {
      const house = await build();
      await post(house, 'k1').expect(201);
      const { body } = await post(house, 'k1', { ...app, name: 'other' }).expect(422);
      expect(body.code).toBe('idempotencyKeyReused');
    });

    test('of twenty at once one acts; the others get its answer or are told that it runs', async () => {
      const house = await build();
      const before = await count(house);
      const answers = await Promise.all(Array.from({ length: 20 }, () => post(house, 'k1').then((answer) => answer)));
      expect(await count(house)).toBe(before + 1);
      for (const { status, body } of answers) {
        expect([201, 409]).toContain(status);
        if (status === 409) expect(body.code).toBe('idempotencyKeyRunning');
      }
      expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
    });

    test('a refusal is not stored: the same request may succeed later', async () => {
      const house = await build();
      const wanted = { ...app, kind: 'scim', connection: 'okta' };
      await post(house, 'k1', wanted).expect(404);
      await house.call('post', `${at}/connections`, { kind: 'scim', id: 'okta' }).expect(201);
      await post(house, 'k1', wanted).expect(201);
    });

    test('it is kept for 24 hours, per credential, and sealed', async () => {
      const house = await build();
      const first = await post(house, 'k1').expect(201);
      house.clock.now += 24 * 3_600_000 - 1;
      expect((await post(house, 'k1').expect(201)).text).toBe(first.text);
      house.clock.now += 1;
      expect((await post(house, 'k1').expect(201)).text).not.toBe(first.text);
      const { body } = await post(house, 'k1', app, house.keys.instance).expect(201);
      expect(body.secret).not.toBe(first.body.secret);
    });

    test.each(['with space', 'ключ', 'x'.repeat(256)])('"%s" is no key', async (key) => {
      const house = await build();
      const { body } = await post(
        house,
        encodeURI(key) === key || key.includes(' ') ? key : Buffer.from(key).toString('latin1'),
      ).expect(400);
      expect(body.code).toBe('idempotencyKeyInvalid');
    });
  });
});
