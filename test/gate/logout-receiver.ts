/**
 * An app's logout endpoint on this machine (OpenID Connect Back-Channel Logout 1.0): takes logout tokens, checks them as an app must, and misbehaves
 * as it is told to.
 */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify, type JWTPayload } from 'jose';

export interface LogoutReceiver {
  readonly uri: string;
  /** What it does with the next requests; by default it takes them. */
  answer: (response: ServerResponse) => void;
  /** How many requests came. */
  readonly requests: () => number;
  /** The claims of the tokens that came, verified as §2.6 says; throws where one is not right. */
  verified(issuer: string, audience: string): Promise<readonly JWTPayload[]>;
  close(): Promise<void>;
}

export const takesIt = (response: ServerResponse): void => void response.writeHead(200).end();

export async function startLogoutReceiver(): Promise<LogoutReceiver> {
  const tokens: string[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      requests += 1;
      const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded';
      const token = new URLSearchParams(body).get('logout_token');
      if (request.method === 'POST' && isForm && token !== null) tokens.push(token);
      receiver.answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: LogoutReceiver = {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/logout`,
    answer: takesIt,
    requests: () => requests,
    async verified(issuer, audience) {
      const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
      const claims: JWTPayload[] = [];
      for (const token of tokens) {
        const { payload } = await jwtVerify(token, keys, {
          issuer,
          audience,
          typ: 'logout+jwt',
          algorithms: ['RS256'],
          maxTokenAge: '120s',
          requiredClaims: ['iat', 'exp', 'jti', 'events', 'sub', 'sid'],
        });
        if ('nonce' in payload) throw new Error('a logout token has no nonce');
        if ((payload.exp ?? 0) - (payload.iat ?? 0) !== 120) throw new Error('not for 120 seconds');
        const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
        if (JSON.stringify(payload['events']) !== JSON.stringify(events)) throw new Error('another event');
        claims.push(payload);
      }
      if (new Set(claims.map(({ jti }) => jti)).size !== claims.length) throw new Error('a jti came twice');
      return claims;
    },
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}
