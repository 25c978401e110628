// Our own metadata, for an administrator to hand to the identity provider or for it to fetch: who we are, where messages go, which keys are ours.
// Signed, so that whoever pinned our certificate sees that it is ours (SAML metadata 2.4.4, 3).

import { createHash } from 'node:crypto';

import type { SamlKey } from '#secrets/saml-keys.ts';
import type { CertifiedKey } from '#secrets/self-signed-certificate.ts';
import {
  encryption11Namespace,
  encryptionNamespace,
  metadataNamespace,
  postBinding,
  protocolNamespace,
  redirectBinding,
  signatureNamespace,
} from './saml-names.ts';
import { escapeXml, signDocument } from './write-xml.ts';

export interface ServiceMetadata {
  readonly serviceEntityId: string;
  readonly acsUrl: string;
  /** Absent: no logout by SAML. */
  readonly sloUrl?: string;
  readonly signsRequests: boolean;
  /** What is published, signing and encryption keys alike, two of one use while one is replaced. */
  readonly keys: readonly SamlKey[];
}

/** @param signer one of the signing keys among `keys` */
export function buildServiceMetadata(service: ServiceMetadata, signer: CertifiedKey): string {
  const { serviceEntityId, acsUrl, sloUrl, signsRequests, keys } = service;
  const content = [
    `<md:SPSSODescriptor AuthnRequestsSigned="${String(signsRequests)}" WantAssertionsSigned="true" protocolSupportEnumeration="${protocolNamespace}">`,
    ...keys.map(writeKey),
    ...(sloUrl === undefined ? [] : [redirectBinding, postBinding].map((binding) => writeLogout(binding, sloUrl))),
    `<md:AssertionConsumerService Binding="${postBinding}" Location="${escapeXml(acsUrl)}" index="0" isDefault="true"/>`,
    '</md:SPSSODescriptor>',
  ].join('');
  // The same document has the same ID: whoever fetches it again sees that nothing changed.
  const id = `_${createHash('sha256').update(`${serviceEntityId}\n${content}`).digest('hex').slice(0, 40)}`;
  const open = `<md:EntityDescriptor xmlns:md="${metadataNamespace}" ID="${id}" entityID="${escapeXml(serviceEntityId)}">`;
  const signed = signDocument(`${open}${content}</md:EntityDescriptor>`, id, signer);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${signed}\n`;
}

function writeLogout(binding: string, sloUrl: string): string {
  return `<md:SingleLogoutService Binding="${binding}" Location="${escapeXml(sloUrl)}"/>`;
}

function writeKey({ use, certificatePem }: SamlKey): string {
  const base64 = certificatePem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  return [
    `<md:KeyDescriptor use="${use}"><ds:KeyInfo xmlns:ds="${signatureNamespace}"><ds:X509Data>`,
    `<ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`,
    ...(use === 'encryption' ? acceptedCiphers : []),
    '</md:KeyDescriptor>',
  ].join('');
}

/** Said for those who ask: in order of preference (SAML metadata 2.4.1.1). */
const acceptedCiphers = [
  ...['aes256-gcm', 'aes128-gcm'].map((name) => `<md:EncryptionMethod Algorithm="${encryption11Namespace}${name}"/>`),
  `<md:EncryptionMethod Algorithm="${encryption11Namespace}rsa-oaep"><ds:DigestMethod xmlns:ds="${signatureNamespace}" Algorithm="${encryptionNamespace}sha256"/><xenc11:MGF xmlns:xenc11="${encryption11Namespace}" Algorithm="${encryption11Namespace}mgf1sha256"/></md:EncryptionMethod>`,
  `<md:EncryptionMethod Algorithm="${encryptionNamespace}rsa-oaep-mgf1p"/>`,
];
