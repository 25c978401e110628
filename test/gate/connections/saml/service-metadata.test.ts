// Our own metadata: what it says, and that its signature is made by the key it names.

import { createSignatureVerifier } from '#gate/connections/saml/signature-verifier.ts';
import { buildServiceMetadata, type ServiceMetadata } from '#gate/connections/saml/service-metadata.ts';
import { childrenCalled, nameOf } from '#gate/connections/saml/saml-names.ts';
import { parseXml, type XmlElement } from '#gate/connections/saml/xml-tree.ts';
import { acsUrl, decrypters, serviceEntityId, signer } from './saml-scene.ts';

const verifier = createSignatureVerifier();
afterAll(() => verifier.close());

const base = { createdAt: 0 };
const service: ServiceMetadata = {
  serviceEntityId,
  acsUrl,
  signsRequests: true,
  keys: [
    { ...base, id: 's', use: 'signing', certificatePem: signer.certificatePem },
    ...decrypters.map(({ certificatePem }, at) => ({
      ...base,
      id: `e${at}`,
      use: 'encryption' as const,
      certificatePem,
    })),
  ],
};
const read = (xml: string): Promise<XmlElement> => parseXml(xml, { maxElements: 100, maxDepth: 12, maxAttributes: 8 });
const roleOf = async (xml: string): Promise<XmlElement | undefined> =>
  childrenCalled(await read(xml), 'md:SPSSODescriptor')[0];

test('says who we are, where responses go, that requests are signed, and all keys', async () => {
  const tricky = `${serviceEntityId}?a=1&b="<>`;
  const metadata = buildServiceMetadata({ ...service, serviceEntityId: tricky }, signer);
  expect((await read(metadata)).attributes.get('entityID')).toBe(tricky);
  const role = await roleOf(metadata);
  expect(role?.attributes.get('AuthnRequestsSigned')).toBe('true');
  expect(role?.children.map(nameOf)).toEqual([
    'md:KeyDescriptor',
    'md:KeyDescriptor',
    'md:KeyDescriptor',
    'md:AssertionConsumerService',
  ]);
  expect(role?.children.map(({ attributes }) => attributes.get('use') ?? attributes.get('Location'))).toEqual([
    'signing',
    'encryption',
    'encryption',
    acsUrl,
  ]);
});

test('names the place for logout only where there is one', async () => {
  const sloUrl = 'https://furlough.example/slo';
  const services = (await roleOf(buildServiceMetadata({ ...service, sloUrl }, signer)))?.children.filter(
    (child) => nameOf(child) === 'md:SingleLogoutService',
  );
  expect(services?.map(({ attributes }) => attributes.get('Location'))).toEqual([sloUrl, sloUrl]);
  expect(buildServiceMetadata(service, signer)).not.toContain('SingleLogoutService');
});

test('is signed by the key it names, and by no other; a change shows', async () => {
  const xml = buildServiceMetadata(service, signer);
  const verify = (text: string, pem: string) =>
    verifier.verifyElement({ xml: text, certificates: [pem], acsUrl }, { address: '192.0.2.1' });
  expect(await verify(xml, signer.certificatePem)).toContain(acsUrl);
  expect(await verify(xml, decrypters[0].certificatePem)).toBeUndefined();
  expect(await verify(xml.replace(acsUrl, `${acsUrl}x`), signer.certificatePem)).toBeUndefined();
});
