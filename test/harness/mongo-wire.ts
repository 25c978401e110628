/**
 * Reads the frames of the MongoDB wire protocol: the 16-byte header, and of a command its name and collection.
 * Leaves to mongo-proxy.ts what to do with them. MongoDB wire protocol: OP_MSG (2013), OP_QUERY (2004).
 */
const headerLength = 16;
const opQuery = 2004;
const opMessage = 2013;
const bsonString = 2;

/** One message as it stands on the wire, header included. */
export type WireMessage = {
  readonly bytes: Buffer;
  readonly requestId: number;
  readonly responseTo: number;
};

/** A command's name as the driver wrote it, and the collection where its first value is a string. */
export type WireCommand = { readonly name: string; readonly collection?: string };

/**
 * Cuts a byte stream into messages. Feed every chunk of one direction of one connection, in order.
 * Throws on a length that no MongoDB message can have.
 */
export function createFrameReader(): (chunk: Buffer) => WireMessage[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const messages: WireMessage[] = [];
    while (rest.length >= headerLength) {
      const length = rest.readInt32LE(0);
      if (length < headerLength) throw new Error(`a wire message cannot be ${length} bytes long`);
      if (rest.length < length) break;
      const bytes = rest.subarray(0, length);
      messages.push({ bytes, requestId: bytes.readInt32LE(4), responseTo: bytes.readInt32LE(8) });
      rest = rest.subarray(length);
    }
    return messages;
  };
}

/** Names the command in a client's message; an opcode that carries none (or is compressed) is named by its number. */
export function readCommand(message: WireMessage): WireCommand {
  const { bytes } = message;
  const opcode = bytes.readInt32LE(12);
  if (opcode === opMessage) return readFirstElement(bytes, findBodySection(bytes));
  if (opcode === opQuery) {
    const endOfCollection = bytes.indexOf(0, headerLength + 4);
    return readFirstElement(bytes, endOfCollection + 1 + 8);
  }
  return { name: `opcode ${opcode}` };
}

/** A driver may put document sequences (kind 1) before the body (kind 0). */
function findBodySection(bytes: Buffer): number {
  let offset = headerLength + 4;
  while (offset < bytes.length) {
    if (bytes.readUInt8(offset) === 0) return offset + 1;
    offset += 1 + bytes.readInt32LE(offset + 1);
  }
  throw new Error('an OP_MSG without a body section');
}

function readFirstElement(bytes: Buffer, document: number): WireCommand {
  const type = bytes.readUInt8(document + 4);
  const endOfName = bytes.indexOf(0, document + 5);
  const name = bytes.toString('utf8', document + 5, endOfName);
  if (type !== bsonString) return { name };
  const length = bytes.readInt32LE(endOfName + 1);
  return { name, collection: bytes.toString('utf8', endOfName + 5, endOfName + 5 + length - 1) };
}
