// S10 through the public door: whatever shape a response within the body limit has, it holds up nobody; the sign-ins of others go on meanwhile.

import type { ConnectionId } from '#directory/identifiers.ts';
import { recordKinds } from '#record-kinds.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { Browser } from '../harness/browser.ts';
import { watchLoopStall, withoutStall, type LoopStall } from '../harness/loop-stall.ts';
import { encryptAssertion } from '../harness/saml-encryption.ts';
import { encodeResponse } from '../harness/saml-identity-provider.ts';
import { organization } from './gate-world.ts';
import { sessionStatus } from './oidc-world.ts';
import { begin, openSamlWorld, post, type SamlWorld } from './saml-world.ts';

describe('S10 hostile responses at the assertion consumer service', () => {
  let world: SamlWorld;
  let stall: LoopStall;
  let encryptionKey = '';
  beforeAll(async () => {
    world = await openSamlWorld(await openSqliteStorage({ path: ':memory:', recordKinds }));
    const store = world.storage.records(connectionRecords);
    const record = await store.get(connectionRecordId(organization, 'corp' as ConnectionId), world.clock.now);
    if (record === null) throw new Error('no connection');
    const signIn = { ...world.signIn, encryption: 'optional', idpInitiated: 'restart' } as const;
    await store.replace({ ...record, value: { ...record.value, signIn } });
    const [key] = await world.context.samlKeys.published(record.value, ['encryption']);
    encryptionKey = key?.certificatePem ?? '';
    stall = watchLoopStall();
  });
  afterAll(async () => {
    stall.stop();
    await world.close();
    await world.storage.close();
  });

  const respond = (inside: string): string =>
    world.page.identityProvider.respondXml({
      acsUrl: world.acs,
      audience: `${world.baseUrl}/sso/acme/corp/saml/metadata`,
      inResponseTo: '_x',
      nameId: 'aoki@example.com',
      sign: 'response',
      edit: {
        unsigned: (xml) =>
          xml.replace('<samlp:Status>', `<samlp:Extensions>${inside}</samlp:Extensions><samlp:Status>`),
      },
    });
  /** Put in after signing, where signing it here would take long: the signature is refused in the end, all the work before is done. */
  const stuff = (inside: string): string => {
    const signed = respond('');
    return signed.replace(
      /<samlp:Extensions\s*\/>|<samlp:Extensions><\/samlp:Extensions>/,
      `<samlp:Extensions>${inside}</samlp:Extensions>`,
    );
  };
  const attributes = (count: number): string => Array.from({ length: count }, (_, at) => ` a${at}="1"`).join('');
  const namespaces = Array.from({ length: 90 }, (_, at) => ` xmlns:n${at}="urn:n${at}"`).join('');

  const shapes: readonly (readonly [string, () => string])[] = [
    ['1,900 siblings', () => stuff('<a/>'.repeat(1_900))],
    ['28 levels', () => stuff('<a>'.repeat(28) + '</a>'.repeat(28))],
    ['60 attributes on each of 200', () => stuff(`<a${attributes(60)}/>`.repeat(200))],
    ['180 kB of text', () => stuff(`<a>${'x'.repeat(180_000)}</a>`)],
    ['4,000 references to characters', () => stuff(`<a>${'&#65;'.repeat(4_000)}</a>`)],
    ['90 namespaces', () => stuff(`<a${namespaces}/>`.repeat(50))],
    ['more elements than there may be', () => stuff('<a/>'.repeat(40_000))],
    ['deeper than there may be', () => stuff('<a>'.repeat(40_000))],
    ['more attributes than there may be', () => stuff(`<a${attributes(15_000)}/>`)],
    ['180 kB of brackets', () => '<'.repeat(180_000)],
    ['180 kB of ampersands', () => `<a>${'&amp;'.repeat(36_000)}</a>`],
    ['180 kB of open quotes', () => `<a b="${'"'.repeat(180_000)}`],
    ['a document type', () => `<!DOCTYPE a [${'<!ENTITY a "b">'.repeat(10_000)}]><a/>`],
    [
      '130 kB encrypted',
      () =>
        encryptAssertion(respond(''), encryptionKey).replace(
          /(?<=<\/xenc:EncryptedKey>.*<xenc:CipherValue>)[^<]*/,
          Buffer.alloc(120_000, 7).toString('base64'),
        ),
    ],
  ];

  test.each(shapes)('%s', async (_what, make) => {
    const body = new URLSearchParams({ SAMLResponse: encodeResponse(make()) }).toString();
    expect(body.length).toBeLessThan(300_000);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const hostile = new Browser();
    await begin(world, hostile);
    await withoutStall(stall, async () => {
      const answers = await Promise.all([
        ...Array.from({ length: 3 }, () => post(world, hostile, body, world.acs, headers)),
        // Nobody waits for this one: it is looked at as a wish to sign in.
        post(world, new Browser(), body, world.acs, headers),
      ]);
      for (const { status } of answers) expect([400, 403, 413, 503]).toContain(status);
    });
    const person = new Browser();
    const form = await begin(world, person);
    const flood = Promise.all(Array.from({ length: 5 }, () => post(world, hostile, body, world.acs, headers)));
    expect((await post(world, person, form, world.acs, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(303);
    expect(await sessionStatus(world, person)).toBe(200);
    await flood;
  });
});
