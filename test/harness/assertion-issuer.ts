/** An issuer of client assertions on loopback: its metadata, its keys, and assertions signed as a test wants them. */
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, SignJWT, type JWK, type JWTPayload } from 'jose';
import { takeRsaKey } from './spare-rsa-keys.ts';

export interface AssertionIssuer {
  /** Its address; issuers are below it. */
  readonly url: string;
  /** How often keys were asked for. */
  readonly asked: { keys: number };
  /** What it answers; changed by tests. */
  readonly answers: { metadata: unknown; keys: unknown; status: number };
  sign(claims: JWTPayload, header?: { readonly kid?: string; readonly alg?: string }): Promise<string>;
  /** Signs with a new key from now on, which it publishes, or not. */
  changeKey(kid: string, publish: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Starts an issuer whose metadata stands below `path`. */
export async function startAssertionIssuer(path: string): Promise<AssertionIssuer> {
  const asked = { keys: 0 };
  const answers: AssertionIssuer['answers'] = { metadata: {}, keys: {}, status: 200 };
  const server = createServer((request, response) => {
    const isKeys = request.url === '/keys';
    if (isKeys) asked.keys += 1;
    const isMetadata = request.url === `${path}/.well-known/openid-configuration`;
    response.statusCode = isKeys || isMetadata ? answers.status : 404;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(isKeys ? answers.keys : answers.metadata));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  answers.metadata = { issuer: url + path, jwks_uri: `${url}/keys` };
  const published: JWK[] = [];
  let present: { readonly key: KeyObject; readonly kid: string };
  const changeKey = async (kid: string, publish: boolean): Promise<void> => {
    const { privateKey, publicKey } = takeRsaKey();
    present = { key: privateKey, kid };
    if (publish) published.push({ ...(await exportJWK(publicKey)), kid, use: 'sig' });
    answers.keys = { keys: published };
  };
  await changeKey('first', true);
  return {
    url,
    asked,
    answers,
    changeKey,
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: present.kid, ...header })
        .sign(present.key),
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
