// Reads request bodies up to a limit, unpacks and decodes them. What a body means is the edge's business.
// Too large 413, unknown encoding 415, broken bytes 400: never a 5xx (gate.md 9).

import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { RequestError } from './request-error.ts';

const unpackers = {
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const;

/** Beyond the limit we still read so much, so that the sender sees the answer instead of a broken pipe. */
const patience = 64 * 1024 * 1024;

/** The body as bytes, unpacked; at most `limit` bytes before and after unpacking. Throws `RequestError`. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const packed = await readRaw(request, limit);
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (encoding === 'identity' || encoding === '' || packed.length === 0) return packed;
  if (!isKnownEncoding(encoding)) {
    throw new RequestError(
      'unsupportedMediaType',
      `Content-Encoding ${encoding.slice(0, 40)} is not known here; use identity, gzip, deflate or br.`,
    );
  }
  try {
    return await unpackers[encoding](packed, { maxOutputLength: limit });
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new RequestError('malformedBody', `The body is not ${encoding}.`);
  }
}

/** The body as text. UTF-8 only: bytes that are none are refused, not replaced. */
export async function readText(request: IncomingMessage, limit: number): Promise<string> {
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers['content-type'] ?? '')?.[1]?.toLowerCase();
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii') {
    throw new RequestError('unsupportedMediaType', `charset ${charset.slice(0, 40)} is not known here; use utf-8.`);
  }
  const bytes = await readBody(request, limit);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new RequestError('malformedBody', 'The body is not UTF-8.');
  }
}

/** The body as JSON. Nested deeper than `maximumDepth` it is refused before parsing. Of equal keys the last one counts. */
export async function readJson(request: IncomingMessage, limit: number, maximumDepth = 64): Promise<unknown> {
  const text = await readText(request, limit);
  assertJsonShape(text, maximumDepth);
  try {
    return JSON.parse(text);
  } catch {
    throw new RequestError(
      'malformedBody',
      text.trim() === '' ? 'The body is empty; JSON is expected.' : 'The body is not JSON.',
    );
  }
}

function readRaw(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const declared = Number(request.headers['content-length'] ?? 0);
    let isOver = declared > limit;
    if (isOver) reject(tooLarge(limit));
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit && !isOver) {
        isOver = true;
        reject(tooLarge(limit));
      }
      if (isOver) {
        chunks.length = 0;
        if (size > limit + patience) request.socket.destroy();
      } else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', () => reject(new RequestError('requestAborted', 'The body ended too early.')));
    request.on('close', () => {
      if (!request.complete) reject(new RequestError('requestAborted', 'The body ended too early.'));
    });
  });
}

/**
 * Refuses JSON that is nested deeper, or has more values (an object or array counting as one more), before it is parsed: a body within its limit
 * in bytes has room for more of them than anybody should wait for. One linear pass; what stands inside strings does not count.
 */
export function assertJsonShape(text: string, maximum: number, maximumValues = Number.POSITIVE_INFINITY): void {
  let depth = 0;
  let values = 1;
  let isInString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (isInString) {
      if (char === 0x5c) i += 1;
      else if (char === 0x22) isInString = false;
    } else if (char === 0x22) isInString = true;
    else if (char === 0x2c) values += 1;
    else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      values += 1;
      if (depth > maximum) throw new RequestError('malformedBody', `The body is nested deeper than ${maximum} levels.`);
    } else if (char === 0x7d || char === 0x5d) depth -= 1;
  }
  if (values > maximumValues)
    throw new RequestError('malformedBody', `The body has more than ${maximumValues} values.`);
}

function isKnownEncoding(encoding: string): encoding is keyof typeof unpackers {
  return Object.hasOwn(unpackers, encoding);
}

function tooLarge(limit: number): RequestError {
  return new RequestError('bodyTooLarge', `The body is larger than ${limit} bytes.`);
}
