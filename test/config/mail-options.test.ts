// The options of mail: what is an address of a mail server and of a sender, what belongs together, and that the secret can be a file.

import { loadConfig } from '#config/load-config.ts';
import { isMailAddress, readSender } from '#config/mail-address.ts';
import { readMailServer } from '#config/mail-options.ts';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = { FURLOUGH_STORAGE: 'sqlite::memory:' };
const from = { FURLOUGH_MAIL_FROM: 'Furlough <furlough@example.com>' };

test.each([
  ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, isTls: false }],
  ['smtps://mail.example.com/', { host: 'mail.example.com', port: 465, isTls: true }],
  ['smtp://a%40b:p%2Fw@[::1]:2525', { host: '::1', port: 2525, isTls: false, user: 'a@b', password: 'p/w' }],
])('%s is a mail server', (text, server) => expect(readMailServer(text)).toEqual(server));

test.each([
  'mail.example.com',
  'https://mail.example.com',
  'smtp://user@mail.example.com',
  'smtp://mail.example.com/path',
  'smtp://mail.example.com?tls=no',
  'smtp://a%zz:b@mail.example.com',
  'smtp://',
])('%s is none', (text) => {
  expect(() => loadConfig({ ...memory, ...from, FURLOUGH_MAIL_URL: text })).toThrow(/FURLOUGH_MAIL_URL/);
});

test('server and sender belong together, and a fault never tells the secret', () => {
  expect(() => loadConfig({ ...memory, ...from })).toThrow(/FURLOUGH_MAIL_FROM .* needs FURLOUGH_MAIL_URL/);
  const alone = () => loadConfig({ ...memory, FURLOUGH_MAIL_URL: 'smtp://user:geheim@mail.example.com' });
  expect(alone).toThrow(/FURLOUGH_MAIL_URL .* needs FURLOUGH_MAIL_FROM/);
  expect(alone).not.toThrow(/geheim/);
});

test('the server may stand in a file, since it holds a password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-mail-'));
  writeFileSync(join(folder, 'url'), 'smtps://user:pw@mail.example.com\n');
  const { mail } = loadConfig({ ...memory, ...from, FURLOUGH_MAIL_URL_FILE: join(folder, 'url') });
  expect(mail).toEqual({
    url: 'smtps://user:pw@mail.example.com',
    from: 'Furlough <furlough@example.com>',
    timeoutSeconds: 15,
    allowInsecure: false,
  });
  rmSync(folder, { recursive: true });
});

test.each([
  ['a@example.com', true],
  ['ünïcode@例え.jp', true],
  ['a@b, c@d', false],
  ['a@example.com\r\nRCPT TO:<b@example.com>', false],
  ['<a@example.com>', false],
  ['"a b"@example.com', false],
  ['a@', false],
  ['a', false],
  [`${'a'.repeat(65)}@example.com`, false],
  [`a@${'b'.repeat(260)}`, false],
])('whether %j is one address: %s', (text, is) => expect(isMailAddress(text)).toBe(is));

test.each([
  ['a@example.com', { name: '', address: 'a@example.com' }],
  ['Furlough, Tokyo <a@example.com>', { name: 'Furlough, Tokyo', address: 'a@example.com' }],
  ['Furlough\nBcc: x <a@example.com>', null],
  ['a@example.com, b@example.com', null],
])('the sender %j', (text, sender) => expect(readSender(text)).toEqual(sender));
