// Texts of files to bytes and back: UTF-8 and Shift_JIS, which here is Windows code page 932. Nothing is ever replaced: bytes that are none of the
// encoding are refused, and so are characters that it lacks.

import { TextDecoder } from 'node:util';
import encodingJapanese from 'encoding-japanese';
import { ImportError } from './import-error.ts';

export type TextEncoding = 'utf-8' | 'shift_jis';

/** So much from the first byte that is not ASCII decides. */
const evidence = 64 * 1024;

export interface DecodedText {
  /** Known once there was a byte that is not ASCII; until then it makes no difference. */
  encoding(): TextEncoding;
  readonly text: AsyncIterable<string>;
}

/** Decodes as it is read; without a wanted encoding it is found out: UTF-8 if the first bytes that are not ASCII are that. Throws `fileUnreadable`. */
export function decodeText(bytes: AsyncIterable<Uint8Array>, wanted: TextEncoding | null): DecodedText {
  let encoding: TextEncoding | null = wanted;
  async function* decode(): AsyncGenerator<string> {
    let decoder: TextDecoder | null = wanted === null ? null : createDecoder(wanted);
    let waiting: Uint8Array[] = [];
    let waitingBytes = 0;
    const begin = (): string => {
      const start = Buffer.concat(waiting);
      encoding = detectEncoding(start);
      decoder = createDecoder(encoding);
      waiting = [];
      return decodeOrRefuse(decoder, start, encoding, true);
    };
    for await (const chunk of bytes) {
      if (decoder !== null) {
        yield decodeOrRefuse(decoder, chunk, encoding ?? 'utf-8', true);
      } else if (waiting.length === 0 && chunk.every((byte) => byte < 0x80)) {
        yield Buffer.from(chunk).toString('latin1');
      } else {
        waiting.push(chunk);
        waitingBytes += chunk.length;
        if (waitingBytes >= evidence) yield begin();
      }
    }
    if (decoder === null && waiting.length > 0) yield begin();
    if (decoder !== null) yield decodeOrRefuse(decoder, new Uint8Array(0), encoding ?? 'utf-8', false);
  }
  return { encoding: () => encoding ?? 'utf-8', text: decode() };
}

function createDecoder(encoding: TextEncoding): TextDecoder {
  return new TextDecoder(encoding, { fatal: true });
}

function decodeOrRefuse(decoder: TextDecoder, bytes: Uint8Array, encoding: TextEncoding, stream: boolean): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch {
    throw new ImportError(
      'fileUnreadable',
      `The file is not ${encoding === 'utf-8' ? 'UTF-8' : 'Shift_JIS'} text. Say which encoding it has, or save it as UTF-8.`,
    );
  }
}

/** Valid UTF-8, cut anywhere, is UTF-8; Japanese text of any length in Shift_JIS is not. */
export function detectEncoding(start: Uint8Array): TextEncoding {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
    return 'utf-8';
  } catch {
    return 'shift_jis';
  }
}

/** The bytes of a text, or null where the encoding lacks a character of it: what is written is read back and compared. */
export function encodeText(text: string, encoding: TextEncoding): Uint8Array | null {
  if (encoding === 'utf-8') {
    const bytes = Buffer.from(text, 'utf8');
    return bytes.toString('utf8') === text ? bytes : null;
  }
  const codes = encodingJapanese.convert(encodingJapanese.stringToCode(text), { from: 'UNICODE', to: 'SJIS' });
  const bytes = Uint8Array.from(codes);
  return readsBackAs(bytes, text) ? bytes : null;
}

function readsBackAs(bytes: Uint8Array, text: string): boolean {
  try {
    return new TextDecoder('shift_jis', { fatal: true }).decode(bytes) === text;
  } catch {
    return false;
  }
}

/** The characters of a text that the encoding lacks, each once. */
export function lackingCharacters(text: string, encoding: TextEncoding): readonly string[] {
  return [...new Set(text)].filter((character) => encodeText(character, encoding) === null);
}
