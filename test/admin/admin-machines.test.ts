// Credentials and repeated requests through the admin API, on both storages.

import { describeAtDoors } from '../harness/both-storages.ts';
import { openAdminHouse, type AdminHouse } from './admin-house.ts';

describeAtDoors('machines', (open) => {
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

    test('several of one connection are live at once; each shows its end and its last use to the minute', async () => {
      const house = await build();
      const expiresAt = new Date(house.clock.now + 600_000).toISOString();
      const issue = async (parts: object) =>
        (await house.call('post', `${at}/credentials`, { kind: 'scim', name: 'Okta', ...parts }).expect(201)).body;
      const [old, next] = [await issue({ expiresAt }), await issue({})];
      for (const { secret } of [old, next]) expect(await authenticate(house, secret)).toBe('accepted');
      house.clock.now += 120_001;
      expect(await authenticate(house, next.secret)).toBe('accepted');
      const used = async ({ credential: { id } }: typeof old) =>
        (await house.call('get', `${at}/credentials/${id}`).expect(200)).body;
      const minute = (ms: number) => new Date(Math.floor(ms / 60_000) * 60_000).toISOString();
      expect(await used(old)).toMatchObject({
        state: 'live',
        expiresAt,
        lastUsedAt: minute(house.clock.now - 120_001),
      });
      expect(await used(next)).toMatchObject({ state: 'live', lastUsedAt: minute(house.clock.now) });
      const { items } = (await house.call('get', `${at}/credentials`).expect(200)).body;
      const shown = items.filter(({ kind }: { kind: string }) => kind === 'scim');
      expect(shown).toEqual([await used(next), await used(old)]);
      await house.call('delete', `${at}/credentials/${next.credential.id}`).expect(200);
      expect([await authenticate(house, old.secret), await authenticate(house, next.secret)]).toEqual([
        'accepted',
        'revoked',
      ]);
    });

    test('one that trusts an issuer has no secret, shows whom it trusts, and cannot be rotated', async () => {
      const house = await build();
      const trust = { issuer: 'https://login.example.com/t/v2.0', audience: 'api://app', subject: 'sync' };
      const { body } = await house
        .call('post', `${at}/credentials`, { kind: 'scim', name: 'Entra', trust })
        .expect(201);
      expect(body).toMatchObject({ secret: null, credential: { trust, lastFour: '', state: 'live', kind: 'scim' } });
      const path = `${at}/credentials/${body.credential.id}`;
      expect((await house.call('get', path).expect(200)).body.trust).toEqual(trust);
      await house.call('post', `${path}/rotate`, {}).expect(400);
      expect((await house.call('delete', path).expect(200)).body.credential.state).toBe('revoked');
      const audit = (await house.call('get', `${at}/audit`)).body.items;
      const issued = audit.find(
        ({ action, target }: { action: string; target: { id: string } }) =>
          action === 'credential.issued' && target.id === body.credential.id,
      );
      expect(issued.after.trust).toEqual(trust);
    });

    test.each([
      ['no audience', { issuer: 'https://login.example.com', subject: 's' }, 'scim', 400],
      ['no subject', { issuer: 'https://login.example.com', audience: 'a' }, 'scim', 400],
      ['an http issuer', { issuer: 'http://login.example.com', audience: 'a', subject: 's' }, 'scim', 400],
      [
        'keys at an http address',
        { issuer: 'https://a.example', audience: 'a', subject: 's', jwksUri: 'http://a.example' },
        'scim',
        400,
      ],
      ['an issuer that is no URL', { issuer: 'login', audience: 'a', subject: 's' }, 'scim', 400],
      [
        'keys in a file',
        { issuer: 'https://a.example', audience: 'a', subject: 's', jwksUri: 'file:///etc/passwd' },
        'scim',
        400,
      ],
      ['more than is known', { issuer: 'https://a.example', audience: 'a', subject: 's', secret: 'x' }, 'scim', 400],
      ['another kind', { issuer: 'https://a.example', audience: 'a', subject: 's' }, 'admin', 400],
    ])('trust with %s is refused', async (_name, trust, kind, status) => {
      const house = await build();
      const before = (await house.call('get', `${at}/credentials`)).body.items.length;
      await house.call('post', `${at}/credentials`, { kind, name: 'x', trust }).expect(status);
      expect((await house.call('get', `${at}/credentials`)).body.items).toHaveLength(before);
    });

    test('scopes of SCIM are kept, once each, and pass to the successor', async () => {
      const house = await build();
      const request = { kind: 'scim', name: 'Okta', scopes: ['users', 'read', 'users'] };
      const { body } = await house.call('post', `${at}/credentials`, request).expect(201);
      expect(body.credential.scopes).toEqual(['users', 'read']);
      const { body: next } = await house.call('post', `${at}/credentials/${body.credential.id}/rotate`, {}).expect(201);
      expect(next.credential.scopes).toEqual(['users', 'read']);
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
      ['a scope of administrators for SCIM', { kind: 'scim', scopes: ['instance'] }, 403, 'notAllowed'],
      ['a scope of SCIM for administrators', { kind: 'admin', scopes: ['users'] }, 400, 'invalidValue'],
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
