// A request body that is taken in piece by piece instead of as a whole.

import type { IncomingMessage } from 'node:http';
import { RequestError } from './request-error.ts';

/** What is sent beyond a refusal is read so far, so that the sender sees the answer instead of a broken pipe. */
const patience = 64 * 1024 * 1024;

/** The bytes as they come. Whoever stops reading leaves the connection as it is. Throws `RequestError`. */
export async function* readUpload(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  let isRead = false;
  try {
    if (encoding !== 'identity' && encoding !== '')
      throw new RequestError('unsupportedMediaType', 'Send the file as it is, without Content-Encoding.');
    for await (const chunk of request.iterator({ destroyOnReturn: false })) yield chunk as Uint8Array;
    isRead = true;
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw new RequestError('requestAborted', 'The body ended too early.');
  } finally {
    if (!isRead && !request.destroyed) drain(request);
  }
}

function drain(request: IncomingMessage): void {
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > patience) request.socket.destroy();
  });
  request.on('error', () => undefined);
}
