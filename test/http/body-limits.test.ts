// Bodies: too large, packed, broken, too deep. Every refusal is a 4xx.

import { gzipSync } from 'node:zlib';
import request from 'supertest';
import { readJson } from '#http/body-limits.ts';
import { createTestApp } from './http-app.ts';

const limit = 10_000;
const house = () =>
  createTestApp((router) => {
    router.post('/json', async (req, response) => void response.json({ got: await readJson(req, limit, 8) }));
  }).app;

const post = (body: string | Buffer, headers: Record<string, string> = {}) => {
  const test = request(house()).post('/x/json').set('Content-Type', 'application/json').set(headers);
  // supertest would encode a Buffer as JSON.
  return test.serialize((given: unknown) => given as string).send(body as string);
};

test('JSON up to the limit is read', async () => {
  const text = JSON.stringify({ text: 'あ'.repeat(3_000) });
  const { body } = await post(text).expect(200);
  expect(body.got.text).toHaveLength(3_000);
});

test('a packed body is unpacked', async () => {
  const { body } = await post(gzipSync('{"a":1}'), { 'Content-Encoding': 'gzip' }).expect(200);
  expect(body.got).toEqual({ a: 1 });
});

test.each([
  ['one byte too many', '"'.padEnd(limit, 'a') + '"', {}, 413, 'bodyTooLarge'],
  [
    'a packed body that grows beyond the limit',
    gzipSync('"'.padEnd(limit * 100, 'a')),
    { 'Content-Encoding': 'gzip' },
    413,
    'bodyTooLarge',
  ],
  ['bytes that are not gzip', '{"a":1}', { 'Content-Encoding': 'gzip' }, 400, 'malformedBody'],
  ['an encoding nobody knows', '{"a":1}', { 'Content-Encoding': 'rot13' }, 415, 'unsupportedMediaType'],
  [
    'a charset nobody knows',
    '{"a":1}',
    { 'Content-Type': 'application/json; charset=shift_jis' },
    415,
    'unsupportedMediaType',
  ],
  ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400, 'malformedBody'],
  ['broken JSON', '{"a":', {}, 400, 'malformedBody'],
  ['no JSON at all', ' ', {}, 400, 'malformedBody'],
  ['nine levels where eight are allowed', '[[[[[[[[[]]]]]]]]]', {}, 400, 'malformedBody'],
  ['five thousand open brackets', '['.repeat(5_000), {}, 400, 'malformedBody'],
])('%s', async (_name, text, headers, status, code) => {
  const { body } = await post(text, headers as Record<string, string>).expect(status);
  expect(body.code).toBe(code);
});

test('brackets inside strings are no levels', async () => {
  await post('["[[[[[[[[[[[[", "\\"[[[[[[[[[[[["]').expect(200);
});

test('a body sent in pieces without a length is counted too', async () => {
  const test = request(house())
    .post('/x/json')
    .set('Content-Type', 'application/json')
    .set('Transfer-Encoding', 'chunked');
  for (let i = 0; i < 30; i += 1) test.write('a'.repeat(1_000));
  const { body } = await test.expect(413);
  expect(body.code).toBe('bodyTooLarge');
});
