// A TCP connection of a client that keeps to no rule of HTTP: writes what it is told when it is told, and remembers what came back and how it ended.

import { connect, type Socket } from 'node:net';
import { eventually } from '../harness/eventually.ts';

export interface RawConnection {
  /** Writes; resolves when the bytes were taken, or at once when nobody takes them any more. */
  write(data: string | Uint8Array): Promise<void>;
  /** Everything received so far. */
  received(): string;
  /** Waits for an answer that is complete by its length, takes it away and answers it. */
  answer(): Promise<{ readonly status: number; readonly body: string }>;
  /** Null while it is open; then how it ended: `closed`, or the error's code. */
  ending(): string | null;
  destroy(): void;
}

export async function openRawConnection(port: number): Promise<RawConnection> {
  const socket = await connected(port);
  let text = '';
  let ending: string | null = null;
  socket.setNoDelay(true);
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    ending ??= error.code ?? error.message;
  });
  socket.on('close', () => {
    ending ??= 'closed';
  });
  const take = (): readonly [string, string] | null => {
    const blank = text.indexOf('\r\n\r\n');
    if (blank === -1) return null;
    const head = text.slice(0, blank);
    if (head.startsWith('HTTP/1.1 100 ')) {
      text = text.slice(blank + 4);
      return take();
    }
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
    const end = blank + 4 + length;
    if (text.length < end) return null;
    const body = text.slice(blank + 4, end);
    text = text.slice(end);
    return [head, body];
  };
  return {
    write: (data) =>
      new Promise((resolve) => {
        if (socket.destroyed || !socket.writable) resolve();
        else {
          socket.once('close', () => resolve());
          socket.write(data, () => resolve());
        }
      }),
    received: () => text,
    async answer() {
      let taken: readonly [string, string] | null = null;
      await eventually(() => {
        taken = take();
        if (taken === null && ending !== null) throw new Error(`ended (${ending}) before it was answered: ${text}`);
        return taken !== null;
      });
      const [head, body] = (taken ?? ['', '']) as readonly [string, string];
      return { status: Number(head.split(' ', 2)[1]), body: Buffer.from(body, 'latin1').toString('utf8') };
    },
    ending: () => ending,
    destroy: () => socket.destroy(),
  };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.setMaxListeners(0);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
