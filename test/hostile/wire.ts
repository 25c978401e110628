// Requests as they come from strangers: any method, target, header and body that HTTP lets through, over kept-alive connections to a real port.

import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';

export interface WireRequest {
  readonly method: string;
  /** The request target, sent as it is. */
  readonly target: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Uint8Array;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Name and value in turn, as sent. */
  readonly rawHeaders: readonly string[];
  readonly text: string;
}

export interface Wire {
  send(request: WireRequest): Promise<WireAnswer>;
  close(): void;
}

export function createWire(port: number): Wire {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  return {
    send: ({ method, target, headers = {}, body }) =>
      new Promise((resolve, reject) => {
        const bytes = body === undefined ? undefined : Buffer.from(body as string);
        const length = bytes === undefined ? {} : { 'Content-Length': String(bytes.length) };
        const sent = httpRequest(
          { host: '127.0.0.1', port, agent, method, path: target, headers: { ...headers, ...length } as never },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () => {
              const text = Buffer.concat(chunks).toString('utf8');
              const { statusCode: status = 0, headers: received, rawHeaders } = response;
              resolve({ status, headers: received, rawHeaders, text });
            });
          },
        );
        sent.on('error', reject);
        sent.end(bytes);
      }),
    close: () => agent.destroy(),
  };
}
