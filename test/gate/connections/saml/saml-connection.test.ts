// The way out to the identity provider, the verification threads behind the way back, and a property over both: no
// change of a signed response ever signs in somebody else.

import { randomBytes } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';

import fc from 'fast-check';

import { createSamlConnection } from '#gate/connections/saml/saml-connection.ts';
import { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { createSignatureVerifier } from '#gate/connections/saml/signature-verifier.ts';
import { encodeResponse } from '../../../harness/saml-identity-provider.ts';
import {
  acsUrl,
  complete,
  connectionWith,
  goodResponse,
  goodSettings,
  idp,
  nameId,
  now,
  ownKeys,
  pause,
  requestId,
  serviceEntityId,
} from './saml-scene.ts';
import { runs } from '../../../harness/test-scale.ts';

const xmlOf = (redirectUrl: string): string =>
  inflateRawSync(Buffer.from(new URL(redirectUrl).searchParams.get('SAMLRequest') ?? '', 'base64')).toString();

describe('begin', () => {
  test('sends an AuthnRequest by redirect, with a random request ID and RelayState', async () => {
    const { redirectUrl, requestId, relayState } = await connectionWith({
      ssoUrl: 'https://idp.example/sso?tenant=1',
    }).begin();
    const url = new URL(redirectUrl);
    expect(`${url.origin}${url.pathname}`).toBe('https://idp.example/sso');
    expect([...url.searchParams.keys()].sort()).toEqual(['RelayState', 'SAMLRequest', 'tenant']);
    expect(url.searchParams.get('RelayState')).toBe(relayState);
    const xml = xmlOf(redirectUrl);
    for (const part of [
      ` ID="${requestId}"`,
      `AssertionConsumerServiceURL="${acsUrl}"`,
      `>${serviceEntityId}</saml:Issuer>`,
      'bindings:HTTP-POST"',
    ]) {
      expect(xml).toContain(part);
    }
    expect(xml).not.toContain('RequestedAuthnContext');
    expect(xml).not.toContain('ForceAuthn');
    const again = await connectionWith().begin({ forceAuthn: true });
    expect(xmlOf(again.redirectUrl)).toContain('ForceAuthn="true"');
    expect(again.requestId).not.toBe(requestId);
    expect(again.relayState).not.toBe(relayState);
    expect(requestId).toMatch(/^_[0-9a-f]{40}$/);
    expect(Buffer.byteLength(relayState)).toBeLessThanOrEqual(80);
  });

  test.each([
    ['ssoUrl', 'http://idp.example/sso'],
    ['acsUrl', 'http://furlough.example/acs'],
    ['acsUrl', '/acs'],
    ['ssoUrl', 'https://user:pass@idp.example/'],
    ['ssoUrl', 'javascript:alert(1)'],
    ['entityId', ''],
  ] as const)('%s "%s" is no setting', (name, value) => {
    expect(() => connectionWith({ [name]: value })).toThrow(RangeError);
  });

  test('http is for loopback', () => {
    expect(() =>
      connectionWith({ ssoUrl: 'http://127.0.0.1:8080/sso', acsUrl: 'http://localhost:3000/acs' }),
    ).not.toThrow();
  });
});

describe('verification threads', () => {
  const job = (samlResponse: string) => ({
    samlResponse,
    certificates: goodSettings.certificates,
    serviceEntityId,
    acsUrl,
    responseSigned: true,
    assertionSigned: true,
  });
  const sender = { address: '192.0.2.1' };
  const stranger = { address: '198.51.100.1' };
  /** No pre-scan stands before these, so the number of elements costs what it costs. */
  const heavy = (elements: number): string =>
    encodeResponse(
      idp
        .respondXml(goodResponse)
        .replace('<samlp:Status>', `<samlp:Extensions>${'<a/>'.repeat(elements)}</samlp:Extensions><samlp:Status>`),
    );

  test('S10 a sender of slow messages keeps one thread busy, and never the one another sender needs', async () => {
    const verifier = createSignatureVerifier({ deadlineMs: 10_000 });
    try {
      const good = () => job(idp.respond(goodResponse));
      await Promise.all([verifier.verify(good(), stranger), verifier.verify(good(), sender)]);
      const done: string[] = [];
      const slow = [1, 2, 3].map((turn) =>
        verifier.verify(job(heavy(4_000)), stranger).then(() => done.push(`slow ${turn}`)),
      );
      await verifier.verify(good(), sender).then(() => done.push('person'));
      await Promise.all(slow);
      expect(done.toSorted()).toEqual(['person', 'slow 1', 'slow 2', 'slow 3']);
      expect(done.indexOf('person')).toBeLessThan(done.indexOf('slow 2'));
    } finally {
      await verifier.close();
    }
  });

  test('S10 too many waiting of one address, or of one connection, are refused; others are served', async () => {
    const limits = { maxWaitingOfAddress: 2, maxWaitingOfConnection: 4 };
    const elsewhere = { ...job(idp.respond(goodResponse)), acsUrl: 'https://furlough.example/saml/other/acs' };
    for (const [flood, other] of [
      [Array.from({ length: 3 }, () => sender), stranger],
      [Array.from({ length: 5 }, (_, at) => ({ address: `203.0.113.${at}` })), stranger],
    ] as const) {
      const verifier = createSignatureVerifier(limits);
      try {
        const answers = Promise.allSettled(flood.map((from) => verifier.verify(job(idp.respond(goodResponse)), from)));
        const served = verifier.verify(elsewhere, other);
        expect((await answers).filter(({ status }) => status === 'fulfilled')).toHaveLength(flood.length - 1);
        expect((await answers).at(-1)).toMatchObject({ reason: { reason: 'verificationUnavailable' } });
        await expect(served).resolves.toBeDefined();
      } finally {
        await verifier.close();
      }
    }
  });

  test('a job past its deadline is refused, and the next one is served', async () => {
    const verifier = createSignatureVerifier({ threads: 1, deadlineMs: 1_500 });
    try {
      await expect(verifier.verify(job(idp.respond(goodResponse)), sender)).resolves.toMatchObject({
        objection: undefined,
      });
      const [slow, next] = await Promise.allSettled([
        verifier.verify(job(heavy(40_000)), sender),
        verifier.verify(job(idp.respond(goodResponse)), sender),
      ]);
      expect(slow).toMatchObject({ status: 'rejected', reason: { reason: 'verificationTimeout' } });
      expect(next).toMatchObject({ status: 'fulfilled', value: { objection: undefined } });
    } finally {
      await verifier.close();
    }
  });

  test('too many waiting are refused, the others served; after close none', async () => {
    const verifier = createSignatureVerifier({ threads: 2, maxWaiting: 3 });
    const answers = await Promise.allSettled(
      Array.from({ length: 5 }, () => verifier.verify(job(idp.respond(goodResponse)), sender)),
    );
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
    ]);
    expect(answers[4]).toMatchObject({ reason: { reason: 'verificationUnavailable' } });
    await verifier.close();
    await expect(verifier.verify(job(idp.respond(goodResponse)), sender)).rejects.toMatchObject({
      reason: 'verificationUnavailable',
    });
  });
});

test.each([
  [{ objection: undefined }, undefined],
  [{ objection: 'the library would not' }, 'samlResponseInvalid'],
  [{ signedXml: undefined }, 'signatureInvalid'],
])('a verified message that says %j: refused as %s', async (spoiled, reason) => {
  const verifier = createSignatureVerifier({ threads: 1 });
  const address = '192.0.2.1';
  const doubtful = {
    ...verifier,
    verify: async (...job: Parameters<typeof verifier.verify>) => ({ ...(await verifier.verify(...job)), ...spoiled }),
  };
  const connection = createSamlConnection(goodSettings, { verifier: doubtful, randomBytes, keys: ownKeys, pause });
  const answer = connection.complete({ samlResponse: idp.respond(goodResponse), attempt: { requestId }, now, address });
  if (reason === undefined) await expect(answer).resolves.toMatchObject({ subject: nameId });
  else await expect(answer).rejects.toMatchObject({ name: 'SamlRefusal', reason });
  await verifier.close();
});

test('whatever is changed in a signed response, it signs in the same person or nobody', async () => {
  const genuine = idp.respondXml({ ...goodResponse, sign: 'assertion' });
  const snippets = [
    '<',
    '>',
    '"',
    '&amp;',
    '<!---->',
    '<?x?>',
    '</saml:NameID><saml:NameID>',
    'mallory',
    ' ID="x"',
    '\u200b',
    '<saml:Assertion/>',
    '\n',
  ];
  const change = fc.tuple(
    fc.nat({ max: genuine.length - 1 }),
    fc.nat({ max: 40 }),
    fc.oneof(fc.constantFrom(...snippets), fc.string({ maxLength: 4 })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const changed = changes.reduce((xml, [at, cut, put]) => xml.slice(0, at) + put + xml.slice(at + cut), genuine);
      try {
        const { subject, issuer, attributes } = await complete(encodeResponse(changed));
        expect([subject, issuer, [...attributes]]).toEqual([nameId, idp.entityId, [['mail', ['ada@example.com']]]]);
      } catch (error) {
        if (!(error instanceof SamlRefusal)) throw error;
      }
    }),
    { numRuns: runs(120, 5_000), verbose: 1 },
  );
});
