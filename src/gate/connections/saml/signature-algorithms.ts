// The signature and digest algorithms that count, as data: what each is called in XML Signature, the one kind of key it goes with, and how it is
// worked out (gate.md 2.1 "weak algorithms"; RFC 6931 2.3). The arithmetic is signature-worker.mjs', which is given these tables when it starts.
// SHA-1 and HMAC are absent on purpose (HMAC would take a public certificate for a secret key).

import { constants } from 'node:crypto';

export type SignatureHash = 'sha256' | 'sha384' | 'sha512';

export interface SignatureAlgorithm {
  /** A key of another kind has no signature by this algorithm, whatever a library would make of the two. */
  readonly keyType: 'rsa' | 'ec';
  readonly hash: SignatureHash;
  /** For `crypto.verify`. */
  readonly options:
    | { readonly padding: number; readonly saltLength?: number }
    /** r and s side by side, each as long as the curve's order (RFC 6931 2.3.6); X.509's DER is another text of the same and is refused. */
    | { readonly dsaEncoding: 'ieee-p1363' };
}

const [xmldsig2001, xmldsig2007] = [
  'http://www.w3.org/2001/04/xmldsig-more#',
  'http://www.w3.org/2007/05/xmldsig-more#',
];
const bits: Readonly<Record<SignatureHash, number>> = { sha256: 256, sha384: 384, sha512: 512 };
const hashes = Object.keys(bits) as readonly SignatureHash[];

/** `rsa-pss`, which names its hashes in parameters, is not among them: nobody was seen to send it, and parameters are a way to confuse. */
export const signatureAlgorithms: ReadonlyMap<string, SignatureAlgorithm> = new Map(
  hashes.flatMap((hash): readonly (readonly [string, SignatureAlgorithm])[] => {
    const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits[hash] / 8 };
    return [
      [`${xmldsig2001}rsa-${hash}`, { keyType: 'rsa', hash, options: { padding: constants.RSA_PKCS1_PADDING } }],
      [`${xmldsig2007}${hash}-rsa-MGF1`, { keyType: 'rsa', hash, options: pss }],
      [`${xmldsig2001}ecdsa-${hash}`, { keyType: 'ec', hash, options: { dsaEncoding: 'ieee-p1363' } }],
    ];
  }),
);

export const digestAlgorithms: ReadonlyMap<string, SignatureHash> = new Map([
  ['http://www.w3.org/2001/04/xmlenc#sha256', 'sha256'],
  [`${xmldsig2001}sha384`, 'sha384'],
  ['http://www.w3.org/2001/04/xmlenc#sha512', 'sha512'],
]);
