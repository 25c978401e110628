/**
 * A DNS server on loopback that answers TXT questions as it is told: with records, with "no such name", or not at all. Only what a resolver needs
 * to hear is written (RFC 1035 4).
 */
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';

export interface DnsServer {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Texts by name; a name that is not there does not exist. `silent`: no answer. */
  readonly zone: Map<string, readonly string[] | 'silent'>;
  readonly asked: string[];
  close(): Promise<void>;
}

export async function startDnsServer(): Promise<DnsServer> {
  const socket = createSocket('udp4');
  const server: DnsServer = {
    address: '',
    zone: new Map(),
    asked: [],
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (message, from) => {
    const { name, end } = readName(message, 12);
    server.asked.push(name);
    const texts = server.zone.get(name);
    if (texts === 'silent') return;
    const question = message.subarray(12, end + 4);
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    // An answer, recursion available; 3: no such name.
    header.writeUInt16BE(texts === undefined ? 0x8183 : 0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(texts?.length ?? 0, 6);
    socket.send(Buffer.concat([header, question, ...(texts ?? []).map(toRecord)]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return Object.assign(server, { address: `127.0.0.1:${(socket.address() as AddressInfo).port}` });
}

function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let size = message[at] ?? 0; size > 0; size = message[at] ?? 0) {
    labels.push(message.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

/** The name as a pointer to the question, TXT, IN, no time to live, the text in pieces of 255. */
function toRecord(text: string): Buffer {
  const pieces = (text.match(/.{1,255}/gs) ?? ['']).map((piece) =>
    Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece, 'latin1')]),
  );
  const data = Buffer.concat(pieces);
  const head = Buffer.from([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
