// The keys an organisation signs with, on both storages: made once, rotated without a gap, withdrawn at once, sealed.

import { createLocalJWKSet, jwtVerify } from 'jose';
import { rotateOldKeys } from '#admin/rotate-signing-keys.ts';
import { createSigningKeys } from '#secrets/signing-keys.ts';
import { signingKeyRecords } from '#storage/signing-key-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, other, type AdminHouse } from './admin-house.ts';

const at = '/organizations/acme/signing-keys';
interface Shown {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
}

describeAtDoors('signing keys', (open) => {
  const houses: AdminHouse[] = [];
  afterEach(async () => {
    for (const house of houses.splice(0)) await house.stop();
  });
  const build = async () => {
    const house = await openAdminHouse(await open());
    houses.push(house);
    const { storage, now, randomBytes, sealing } = house.context;
    /** As another node sees them. */
    const elsewhere = () => createSigningKeys({ storage, now, randomBytes, sealing });
    const shown = async (): Promise<readonly Shown[]> => (await house.call('get', at).expect(200)).body.keys;
    return { house, elsewhere, shown };
  };
  const kidsOf = (keys: readonly Shown[], state: string) =>
    keys.filter((key) => key.state === state).map(({ kid }) => kid);

  test('made once, whoever asks first, and a signature holds on every node', async () => {
    const { house, elsewhere } = await build();
    const nodes = [elsewhere(), elsewhere(), elsewhere(), house.context.signingKeys];
    const sets = await Promise.all(nodes.map((node) => node.keysOf(acme)));
    expect(new Set(sets.map((set) => JSON.stringify(set.jwks))).size).toBe(1);
    expect(sets[0]?.keys.map(({ alg, state }) => `${alg} ${state}`)).toEqual([
      'RS256 current',
      'ES256 current',
      'RS256 next',
      'ES256 next',
    ]);
    for (const alg of ['RS256', 'ES256'] as const) {
      const token = await elsewhere().sign(acme, alg, 'JWT', { sub: 'u', aud: 'wiki' });
      const keys = createLocalJWKSet({ keys: [...(await elsewhere().keysOf(acme)).jwks.keys] });
      expect((await jwtVerify(token, keys, { algorithms: [alg], audience: 'wiki', typ: 'JWT' })).payload.sub).toBe('u');
      const foreign = createLocalJWKSet({ keys: [...(await elsewhere().keysOf(other)).jwks.keys] });
      await expect(jwtVerify(token, foreign)).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    }
  });

  test('rotated: what was published signs, what signed stays published for two days, and a new one follows', async () => {
    const { house, elsewhere, shown } = await build();
    const before = await shown();
    const token = await house.context.signingKeys.sign(acme, 'ES256', 'JWT', { sub: 'u' });
    const { body } = await house.call('post', `${at}/rotate`, {}).expect(200);
    const after = await shown();
    expect(body.keys).toEqual(after);
    expect(kidsOf(after, 'current')).toEqual(kidsOf(before, 'next'));
    expect(kidsOf(after, 'previous')).toEqual(kidsOf(before, 'current'));
    const keys = createLocalJWKSet({ keys: [...(await elsewhere().keysOf(acme)).jwks.keys] });
    await expect(jwtVerify(token, keys)).resolves.toBeTruthy();
    house.clock.now += 2 * 86_400_000;
    await house.call('post', `${at}/rotate`, {}).expect(200);
    expect(kidsOf(await shown(), 'previous')).toEqual(kidsOf(after, 'current'));
    const { body: audit } = await house.call('get', '/organizations/acme/audit').expect(200);
    expect(audit.items).toContainEqual(expect.objectContaining({ action: 'signingKeys.rotated', change: body.change }));
  });

  test('a compromised key is withdrawn at once, and what was to follow it too; another node knows within five seconds', async () => {
    const { house, elsewhere, shown } = await build();
    const node = elsewhere();
    const before = (await node.keysOf(acme)).keys;
    await house.call('post', `${at}/rotate`, { compromised: true }).expect(200);
    const after = await shown();
    expect(after.map(({ state }) => state)).toEqual(['current', 'current', 'next', 'next']);
    expect(after.filter(({ kid }) => before.some((old) => old.kid === kid))).toEqual([]);
    house.clock.now += 5_000;
    expect((await node.keysOf(acme)).keys.map(({ kid }) => kid)).toEqual(after.map(({ kid }) => kid));
  });

  test('rotate by themselves after 90 days, once, and only where there are any', async () => {
    const { house, shown } = await build();
    const before = await shown();
    house.clock.now += 90 * 86_400_000 - 1;
    await rotateOldKeys(house.context);
    expect(await shown()).toEqual(before);
    house.clock.now += 1;
    await rotateOldKeys(house.context);
    await rotateOldKeys(house.context);
    expect(kidsOf(await shown(), 'current')).toEqual(kidsOf(before, 'next'));
    expect(await house.context.storage.records(signingKeyRecords).get(other, house.clock.now)).toBeNull();
  });

  test('at rest no private key is readable, and one moved to another organisation does not open', async () => {
    const { house, elsewhere } = await build();
    await house.context.signingKeys.keysOf(acme);
    const records = house.context.storage.records(signingKeyRecords);
    const stored = await records.get(acme, house.clock.now);
    expect(JSON.stringify(stored)).not.toMatch(/"(?:d|p|q)":/);
    if (stored === null) throw new Error('nothing was stored');
    await records.insert({ id: other, organizationId: other, value: stored.value });
    await expect(elsewhere().keysOf(other)).rejects.toMatchObject({ code: 'tampered' });
  });
});
