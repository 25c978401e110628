import { createFrameReader, readCommand } from './mongo-wire.ts';

/** `{find: "users"}` as an OP_MSG. */
function opMessage(): Buffer {
  const name = Buffer.from('users\0');
  const body = Buffer.concat([
    Buffer.from([0, 0, 0, 0, 2]),
    Buffer.from('find\0'),
    int32(name.length),
    name,
    Buffer.from([0]),
  ]);
  body.writeInt32LE(body.length, 0);
  const message = Buffer.concat([Buffer.alloc(20), Buffer.from([0]), body]);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(7, 4);
  message.writeInt32LE(2013, 12);
  return message;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

test('messages are cut out of the stream however the bytes arrive', () => {
  const stream = Buffer.concat([opMessage(), opMessage(), opMessage()]);
  for (let size = 1; size <= stream.length; size += 1) {
    const read = createFrameReader();
    const messages = [];
    for (let at = 0; at < stream.length; at += size) messages.push(...read(stream.subarray(at, at + size)));
    expect(messages.map((message) => readCommand(message))).toEqual(
      Array(3).fill({ name: 'find', collection: 'users' }),
    );
    expect(messages[0]?.requestId).toBe(7);
  }
});

test('a length no message can have is refused', () => {
  expect(() => createFrameReader()(Buffer.alloc(16))).toThrow('0 bytes long');
});
