// Connections through the admin API, on both storages: secrets go in and never come out.

import { createSelfSignedCertificate } from '../harness/self-signed-certificate.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { clientSecretPlace } from '#gate/connections/oidc/client-secret.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { acme, openAdminHouse, type AdminHouse } from './admin-house.ts';

describeAtDoors('connections', (open) => {
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

  const oidc = {
    kind: 'oidc',
    name: 'Okta Tokyo',
    issuer: 'https://idp.example.com',
    clientId: 'furlough',
    clientSecret: 'planted-secret',
  };

  test('a strict SCIM connection restores nobody by POST unless it is told to', async () => {
    const house = await build();
    const restores = async (parts: object) => {
      const { body } = await house.call('post', `${at}/connections`, { kind: 'scim', ...parts }).expect(201);
      return body.connection.provisioning.restoreOnPost;
    };
    expect(await restores({ id: 'lenient' })).toBe(true);
    expect(await restores({ id: 'letter', strict: true })).toBe(false);
    expect(await restores({ id: 'told', strict: true, restoreOnPost: true })).toBe(true);
  });

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
    const { body: same } = await house.call('put', `${at}/connections/okta`, { ...oidc, name: 'Renamed' }).expect(200);
    expect(same.change).toBeNull();
    const { body: moved } = await house
      .call('put', `${at}/connections/okta`, { ...rest, issuer: 'https://evil.example.com' })
      .expect(200);
    expect(moved.connection.signIn.hasClientSecret).toBe(false);
  });

  test('while a secret is replaced both are kept, sealed and untold, until a PUT says otherwise', async () => {
    const house = await build();
    const put = async (parts: object) => {
      const { body, text } = await house.call('put', `${at}/connections/okta`, { ...rest, ...parts }).expect(200);
      expect(text).not.toContain('seal1.');
      const { hasClientSecret, hasPreviousSecret } = body.connection.signIn;
      return [hasClientSecret, hasPreviousSecret];
    };
    const { clientSecret: _left, ...rest } = oidc;
    await house.call('post', `${at}/connections`, { ...oidc, id: 'okta' }).expect(201);
    expect(await put({})).toEqual([true, false]);
    expect(await put({ clientSecret: 'second-secret', keepPreviousSecret: true })).toEqual([true, true]);
    expect(await put({})).toEqual([true, true]);
    expect(await put({ clientSecret: 'second-secret' })).toEqual([true, false]);
    expect(await put({ clientSecret: 'third-secret', keepPreviousSecret: true })).toEqual([true, true]);
    expect(await put({ issuer: 'https://other.example.com' })).toEqual([false, false]);
    const { text: audit } = await house.call('get', `${at}/audit`).expect(200);
    expect(audit).not.toContain('seal1.');
  });

  test('the options of OIDC, of creation and of signals are stored and shown; left out they are not there', async () => {
    const house = await build();
    const options = {
      preset: 'entra',
      issuer: 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0',
      authMethod: 'private_key_jwt',
      attributes: { userName: 'upn' },
      scopes: ['offline_access'],
      idTokenAlgorithm: 'RS256',
      maxAgeSeconds: 3_600,
      prompt: 'select_account',
    };
    const { name: _name, ...oidcParts } = oidc;
    const { body } = await house
      .call('post', `${at}/connections`, {
        name: 'Entra',
        createUsers: true,
        signals: { accountDisabled: 'securityHold' },
        signIn: { ...oidcParts, ...options },
      })
      .expect(201);
    expect(body.connection).toMatchObject({
      createUsers: true,
      signIn: options,
      signals: { sessionRevoked: 'endSessions', accountDisabled: 'securityHold', credentialChange: 'ignore' },
      urls: {
        oidcJwks: 'https://people.example.com/sso/acme/entra/oidc/jwks',
        oidcBackchannelLogout: 'https://people.example.com/sso/acme/entra/oidc/backchannel-logout',
        globalTokenRevocation: 'https://people.example.com/sso/acme/entra/global-token-revocation',
        securityEvents: 'https://people.example.com/sso/acme/entra/security-events',
      },
    });
    const { body: plain } = await house.call('post', `${at}/connections`, oidc).expect(201);
    expect(plain.connection).toMatchObject({ createUsers: false });
    expect(plain.connection).not.toHaveProperty('signals');
    expect(Object.keys(plain.connection.signIn).sort()).toEqual([
      'clientId',
      'hasClientSecret',
      'hasPreviousSecret',
      'issuer',
      'kind',
    ]);
  });

  test.each([
    ['an issuer that is every tenant’s', { preset: 'entra', issuer: 'https://login.microsoftonline.com/common/v2.0' }],
    ['the same, told by the issuer alone', { issuer: 'https://login.microsoftonline.com/organizations/v2.0' }],
    ['an issuer that is not Google’s', { preset: 'google' }],
    ['a realm that is none', { preset: 'keycloak', issuer: 'https://sso.example.com/auth' }],
    ['HS256', { idTokenAlgorithm: 'HS256' }],
    ['a scope that is two', { scopes: ['a b'] }],
    ['creation without a rule', { createUsers: true, match: 'off' }],
    ['keys of signals over http', { signals: { jwksUri: 'http://idp.example.com/keys' } }],
    ['an action that is none', { signals: { sessionRevoked: 'delete' } }],
  ])('%s: refused, nothing stored', async (_what, parts) => {
    const house = await build();
    await house.call('post', `${at}/connections`, { ...oidc, ...parts }).expect(400);
    expect((await house.call('get', `${at}/connections`).expect(200)).body.items).toHaveLength(0);
  });

  test('signals without a sign-in by OIDC need an issuer', async () => {
    const house = await build();
    const scim = { kind: 'scim', name: 'x' };
    await house.call('post', `${at}/connections`, { ...scim, signals: {} }).expect(400);
    await house
      .call('post', `${at}/connections`, { ...scim, signals: { issuer: 'https://okta.example.com' } })
      .expect(201);
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
