// Federated client assertions (RFC 7523) at /scim/oauth/token, as Entra's workload identity federation sends them. Each refusal has the accepted
// assertion as its control: it differs in one thing.

import { createHmac, createPublicKey } from 'node:crypto';
import type { JWTPayload } from 'jose';
import type { IssuerTrust } from '#directory/credential.ts';
import type { ConnectionId, UserId } from '#directory/identifiers.ts';
import { hashSecret, trustRecordId } from '#secrets/credential-secret.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { startAssertionIssuer, type AssertionIssuer } from '../harness/assertion-issuer.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byTest, CORE, globex, startScimWorld, type ScimWorld, type WorldOptions } from './scim-world.ts';

const tenant = 'ce5f061f-abe6-4e40-9615-301f87bcb7f0';
const path = `/${tenant}/v2.0`;
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const audience = 'api://b5ba7a93-4452-4522-aeb4-a2b5da870c16';
const subject = 'the-sync-service';

describeAtDoors('SCIM client assertions', (open) => {
  let world: ScimWorld;
  let issuer: AssertionIssuer;
  let client: string;
  beforeEach(async () => {
    issuer = await startAssertionIssuer(path);
  });
  afterEach(async () => {
    await world.stop();
    await issuer.close();
  });

  const trusting = async (parts: Partial<IssuerTrust> = {}, more: object = {}) => {
    const request = { kind: 'scim', name: 'Entra', connection: 'default' as ConnectionId, ...more } as const;
    const trust = { issuer: issuer.url + path, audience, subject, ...parts };
    return (await world.credentials.trustIssuer(acme, request, trust, byTest)).credential;
  };
  const begin = async (options: WorldOptions = {}) => {
    world = await startScimWorld(await open(), options);
    client = (await trusting()).id;
  };
  const seconds = () => Math.floor(world.clock.now / 1_000);
  const claims = (parts: JWTPayload = {}): JWTPayload => ({
    iss: issuer.url + path,
    aud: audience,
    sub: subject,
    tid: tenant,
    iat: seconds(),
    nbf: seconds(),
    exp: seconds() + 3_900,
    ...parts,
  });
  const ask = (
    assertion: string | undefined,
    fields: Record<string, string | undefined> = {},
    headers: object = {},
  ) => {
    const form = Object.entries({
      grant_type: 'client_credentials',
      client_id: client,
      client_assertion_type: jwtBearer,
      client_assertion: assertion,
      scope: 'scim',
      ...fields,
    }).flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]]));
    return world.send({
      method: 'POST',
      path: '/oauth/token',
      headers: { Authorization: '', 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: new URLSearchParams(form).toString(),
    });
  };
  const accepted = async (parts: JWTPayload = {}) => (await ask(await issuer.sign(claims(parts)))).status;
  /** The reason in the log line of the last refusal. */
  const refusedFor = () =>
    world.lines
      .map((line) => JSON.parse(line) as { credential_refused?: string })
      .filter((line) => line.credential_refused !== undefined)
      .at(-1)?.credential_refused;
  const expectRefused = async (assertion: string, reason: string, fields: Record<string, string | undefined> = {}) => {
    const answer = await ask(assertion, fields);
    expect([reason, answer.status, answer.json]).toEqual([
      reason,
      401,
      { error: 'invalid_client', error_description: 'This client is not accepted.' },
    ]);
    expect(refusedFor()).toBe(reason);
    if (assertion.length > 20) expect(world.lines.join('')).not.toContain(assertion);
  };

  test('an assertion of the trusted issuer gets a token with the rights of its credential, for an hour', async () => {
    await begin();
    const answer = await ask(await issuer.sign(claims()));
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: 'read users groups',
    });
    const created = await world.post('/Users', { schemas: [CORE], userName: 'a@acme.test' }, answer.json.access_token);
    expect(created.status).toBe(201);
    client = (await trusting({}, { scopes: ['read'] })).id;
    const narrow = (await ask(await issuer.sign(claims()))).json;
    expect(narrow.scope).toBe('read');
    expect((await world.post('/Users', {}, narrow.access_token)).status).toBe(403);
    // The keys were fetched once for all.
    expect(issuer.asked.keys).toBe(1);
    world.clock.now += 3_600_000;
    expect((await world.get('/Users', answer.json.access_token)).status).toBe(401);
  });

  test.each<[string, string, (now: number) => JWTPayload]>([
    ['another issuer', 'issuerMismatch', () => ({ iss: `https://login.example.com${path}` })],
    ['no issuer', 'issuerMismatch', () => ({ iss: undefined as never })],
    ['another audience', 'audienceMismatch', () => ({ aud: `${audience}/x` })],
    ['two audiences', 'audienceMismatch', () => ({ aud: [audience, 'api://other'] })],
    ['another subject', 'subjectMismatch', () => ({ sub: 'another-service' })],
    ['no subject', 'subjectMismatch', () => ({ sub: undefined as never })],
    ['another tenant', 'tenantMismatch', () => ({ tid: tenant.replace('ce5', 'ce6') })],
    ['no end', 'assertionMalformed', () => ({ exp: undefined as never })],
    ['an end that is text', 'assertionMalformed', () => ({ exp: '9999999999' as never })],
    ['an end far ahead', 'assertionMalformed', (now) => ({ exp: now + 90_000 })],
    ['an end that is past', 'assertionExpired', (now) => ({ exp: now - 61 })],
    ['a beginning ahead', 'assertionNotYetValid', (now) => ({ nbf: now + 90 })],
    ['issued in the future', 'issuedAtInvalid', (now) => ({ iat: now + 90 })],
    ['an id that is no text', 'assertionMalformed', () => ({ jti: 17 as never })],
  ])('with %s: refused (%s)', async (_what, reason, parts) => {
    await begin();
    await expectRefused(await issuer.sign(claims(parts(seconds()))), reason);
    expect(await accepted()).toBe(200);
  });

  test('clocks may differ by a minute', async () => {
    await begin();
    const now = seconds();
    expect(await accepted({ iat: now + 50, nbf: now + 50 })).toBe(200);
    expect(await accepted({ exp: now - 50 })).toBe(200);
  });

  test('unsigned, signed with the public key as a secret, altered or cut: refused', async () => {
    await begin();
    const good = await issuer.sign(claims());
    const [header = '', payload = '', signature = ''] = good.split('.');
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    await expectRefused(`${encode({ alg: 'none' })}.${payload}.`, 'algorithmRefused');
    const [jwk] = (issuer.answers.keys as { keys: object[] }).keys;
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const start = `${encode({ alg: 'HS256', kid: 'first' })}.${payload}`;
    const mac = createHmac('sha256', pem).update(start).digest('base64url');
    await expectRefused(`${start}.${mac}`, 'algorithmRefused');
    await expectRefused(`${header}.${encode({ ...claims(), more: 1 })}.${signature}`, 'signatureInvalid');
    await expectRefused(`${header}.${payload}.`, 'signatureInvalid');
    for (const broken of ['x', 'a.b.c', `${header}.${payload}`, `${good}.x`, 'é.é.é'])
      await expectRefused(broken, 'assertionMalformed');
    expect((await ask(good)).status).toBe(200);
  });

  test('with a jti it counts once, also when sent twenty times at once; without one until it ends', async () => {
    await begin();
    const once = await issuer.sign(claims({ jti: 'one' }));
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await ask(once)).status));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
    expect(refusedFor()).toBe('assertionReplayed');
    expect(await accepted({ jti: 'two' })).toBe(200);
    const free = await issuer.sign(claims());
    expect([(await ask(free)).status, (await ask(free)).status]).toEqual([200, 200]);
    world.clock.now += 3_961_000;
    await expectRefused(free, 'assertionExpired');
  });

  test('a new key is found at its first use; an unknown one is looked for seldom', async () => {
    await begin();
    expect(await accepted()).toBe(200);
    world.clock.now += 31_000;
    await issuer.changeKey('second', true);
    expect(await accepted()).toBe(200);
    expect(issuer.asked.keys).toBe(2);
    await issuer.changeKey('never-published', false);
    for (let n = 0; n < 20; n += 1) await expectRefused(await issuer.sign(claims()), 'keyUnknown');
    expect(issuer.asked.keys).toBe(2);
    world.clock.now += 31_000;
    await expectRefused(await issuer.sign(claims()), 'keyUnknown');
    expect(issuer.asked.keys).toBe(3);
    // The same name, another key.
    await issuer.changeKey('first', false);
    await expectRefused(await issuer.sign(claims()), 'signatureInvalid');
  });

  test('while the issuer cannot be asked it is 503 with Retry-After, not a refusal; then it goes on', async () => {
    await begin({ badCredentialsPerSecond: 1 });
    issuer.answers.status = 500;
    for (let n = 0; n < 5; n += 1) {
      const { status, headers, json } = await ask(await issuer.sign(claims()));
      expect([status, headers['retry-after'], json.error]).toEqual([503, '30', 'temporarily_unavailable']);
    }
    issuer.answers.status = 200;
    world.clock.now += 31_000;
    expect(await accepted()).toBe(200);
    // Keys are not kept beyond their time when they cannot be had again.
    issuer.answers.status = 500;
    expect(await accepted()).toBe(200);
    world.clock.now += 600_000;
    expect(await accepted()).toBe(503);
  });

  test.each<[string, (issuer: AssertionIssuer) => void]>([
    ['metadata of somebody else', ({ answers, url }) => (answers.metadata = { issuer: url, jwks_uri: `${url}/keys` })],
    ['metadata without keys', ({ answers, url }) => (answers.metadata = { issuer: url + path })],
    ['metadata that is null', ({ answers }) => (answers.metadata = null)],
    ['keys that are no list', ({ answers }) => (answers.keys = { keys: 'x' })],
    ['too many keys', ({ answers }) => (answers.keys = { keys: Array.from({ length: 101 }, () => ({ kty: 'RSA' })) })],
    ['an answer too large', ({ answers }) => (answers.keys = { keys: [], more: 'x'.repeat(300_000) })],
  ])('an issuer with %s: 503, and nobody gets a token', async (_what, spoil) => {
    await begin();
    spoil(issuer);
    expect(await accepted()).toBe(503);
  });

  test('where the keys are may be configured; an address inside the house is not asked', async () => {
    await begin();
    client = (await trusting({ jwksUri: `${issuer.url}/keys` })).id;
    issuer.answers.metadata = null;
    expect(await accepted()).toBe(200);
    await world.stop();
    await begin({ trustsLoopback: false });
    client = (await trusting({ jwksUri: `${issuer.url}/keys` })).id;
    const before = issuer.asked.keys;
    expect(await accepted()).toBe(503);
    expect(issuer.asked.keys).toBe(before);
  });

  test('revoked or ended it is refused at once, with its tokens; so is one whose owner is out', async () => {
    await begin();
    const owner = await world.create('owner@acme.test');
    const expiresAt = world.clock.now + 600_000;
    const [revoked, ended, owned] = [
      await trusting(),
      await trusting({}, { expiresAt }),
      await trusting({}, { owner: owner.id as UserId }),
    ];
    const tokens: string[] = [];
    for (const { id } of [revoked, ended, owned]) {
      client = id;
      tokens.push((await ask(await issuer.sign(claims()))).json.access_token);
    }
    for (const token of tokens) expect((await world.get('/Users', token)).status).toBe(200);
    await world.credentials.revoke(acme, revoked.id, byTest);
    await world.patch(owner.id, [{ op: 'replace', path: 'active', value: false }]);
    world.clock.now = expiresAt;
    for (const token of tokens) expect((await world.get('/Users', token)).status).toBe(401);
    for (const [one, reason] of [
      [revoked, 'revoked'],
      [ended, 'expired'],
      [owned, 'ownerInactive'],
    ] as const)
      await expectRefused(await issuer.sign(claims()), reason, { client_id: one.id });
  });

  test('nothing can be presented as its secret, and no other client can use its assertion', async () => {
    await begin();
    const record = await world.storage.records(credentialRecords).get(trustRecordId(client), world.clock.now);
    expect(record?.value).toMatchObject({ id: client, lastFour: '' });
    for (const secret of [`trust ${client}`, client, trustRecordId(client), `trust%20${client}`]) {
      const bare = await world.send({ method: 'GET', path: '/Users', headers: { Authorization: secret } });
      const bearer = await world.get('/Users', secret);
      const basic = Buffer.from(`${client}:${secret}`).toString('base64');
      const asked = await ask(undefined, { client_assertion_type: undefined }, { Authorization: `Basic ${basic}` });
      expect([bare.status, bearer.status, asked.status]).toEqual([401, 401, 401]);
    }
    expect(hashSecret(`trust ${client}`)).toBe(trustRecordId(client));
    const good = await issuer.sign(claims());
    const [other] = await world.credentials.list(globex);
    for (const id of [other?.id, 'nobody', undefined])
      expect((await ask(good, { client_id: id })).json.error).toBe('invalid_client');
    expect((await ask(good)).status).toBe(200);
    await expect(world.credentials.rotate(acme, client as never, 0, byTest)).rejects.toMatchObject({
      code: 'invalidValue',
    });
  });

  test('a request that proves itself in two ways, or in none that is known, is refused', async () => {
    await begin();
    const good = await issuer.sign(claims());
    for (const [assertion, fields, headers, status, error] of [
      [good, { client_assertion_type: undefined }, {}, 400, 'invalid_request'],
      [undefined, {}, {}, 400, 'invalid_request'],
      [good, { client_secret: 'x' }, {}, 400, 'invalid_request'],
      [good, {}, { Authorization: `Basic ${world.clientBasic}` }, 400, 'invalid_request'],
      [good, { client_assertion_type: 'urn:other' }, {}, 401, 'invalid_client'],
      [good, { scope: 'everything' }, {}, 400, 'invalid_scope'],
      [good, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' }, {}, 400, 'unsupported_grant_type'],
      ['x'.repeat(13_000), {}, {}, 401, 'invalid_client'],
    ] as const) {
      const answer = await ask(assertion, fields, headers);
      expect([fields, answer.status, answer.json.error]).toEqual([fields, status, error]);
    }
    expect((await ask(good)).status).toBe(200);
  });
});
