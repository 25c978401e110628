// How a token of an outside issuer may be signed: asymmetrically, so that no public key can be taken for a shared secret, and never not at all.

/** RS256 first: every OpenID Provider must offer it. */
export const asymmetricAlgorithms = [
  'RS256',
  'PS256',
  'ES256',
  'RS384',
  'PS384',
  'ES384',
  'RS512',
  'PS512',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;
