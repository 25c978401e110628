// One mail to a real mail server: what arrives, what cannot be smuggled in, and what each way of failing is called.

import { connect, createServer, type AddressInfo } from 'node:net';
import { createMailer, MailError, type Mail, type Mailer } from '#notices/mailer.ts';
import { bodyOf, headerOf, startMailServer, type MailServer } from './mail-server.ts';

const mail: Mail = {
  id: '0190-a.b',
  to: { name: '青木 春', address: 'aoki@example.com' },
  language: 'ja',
  subject: '空きがありません',
  text: 'こんにちは',
};

function mailerAt(url: string, parts: { readonly allowInsecure?: boolean } = {}): Mailer {
  const config = { url, from: 'Furlough <furlough@example.com>', timeoutSeconds: 1, allowInsecure: false, ...parts };
  const mailer = createMailer(config, 'https://people.example.com');
  if (mailer === null) throw new Error('no mailer');
  return mailer;
}

async function failureOf(mailer: Mailer): Promise<string> {
  try {
    await mailer.send(mail);
    return 'sent';
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    return error.kind;
  }
}

describe('a mail', () => {
  let server: MailServer;
  beforeEach(async () => {
    server = await startMailServer();
  });
  afterEach(() => server.close());

  test('arrives with sender, recipient, subject and text in any script, and says that no person wrote it', async () => {
    await mailerAt(server.url).send(mail);
    const [taken] = server.taken;
    if (taken === undefined) throw new Error('nothing came');
    expect([taken.from, taken.to]).toEqual(['furlough@example.com', ['aoki@example.com']]);
    expect(headerOf(taken, 'Subject')).toBe('空きがありません');
    expect(headerOf(taken, 'To')).toBe('青木 春 <aoki@example.com>');
    expect(headerOf(taken, 'From')).toBe('Furlough <furlough@example.com>');
    expect(headerOf(taken, 'Message-ID')).toBe('<0190-a.b@people.example.com>');
    expect(headerOf(taken, 'Auto-Submitted')).toBe('auto-generated');
    expect(headerOf(taken, 'Content-Language')).toBe('ja');
    expect(bodyOf(taken).trim()).toBe('こんにちは');
  });

  test.each([
    ['a line break', 'Aoki\r\nBcc: all@example.com'],
    ['a bare line feed', 'Aoki\nBcc: all@example.com\n\nbody'],
    ['a carriage return', 'Aoki\rBcc: all@example.com'],
    ['separators of lines', 'Aoki\u2028Bcc: all@example.com\u0085Bcc: all@example.com'],
    ['another recipient', 'Aoki <all@example.com>, "x'],
    ['an encoded word', '=?utf-8?q?Aoki=0D=0ABcc:_all@example.com?='],
    ['direction overrides and nothing', '\u202eikoA\u0000\u200b'],
  ])('with %s in a name and in the subject gets no header and no recipient by it', async (_what, name) => {
    await mailerAt(server.url).send({ ...mail, to: { ...mail.to, name }, subject: `${name} waits` });
    const [taken] = server.taken;
    if (taken === undefined) throw new Error('nothing came');
    expect(taken.to).toEqual(['aoki@example.com']);
    expect(headerOf(taken, 'Bcc')).toBeUndefined();
    const [head = ''] = taken.source.split('\r\n\r\n');
    expect(head).not.toMatch(/^bcc/im);
    expect(head.match(/^to:/gim)).toHaveLength(1);
    expect(head.match(/^subject:/gim)).toHaveLength(1);
    expect(bodyOf(taken).trim()).toBe('こんにちは');
  });

  test('is refused for good by 550, put off by 450, and sent once the mailbox is there', async () => {
    const mailer = mailerAt(server.url);
    server.answerRecipients(550);
    expect(await failureOf(mailer)).toBe('refused');
    server.answerRecipients(450);
    expect(await failureOf(mailer)).toBe('postponed');
    server.answerRecipients(undefined);
    expect(await failureOf(mailer)).toBe('sent');
  });

  test.each([550, 553, 450])(
    'waits while the server does not take the sender (%d): that is no fault of the mail',
    async (code) => {
      const mailer = mailerAt(server.url);
      server.answerSenders(code);
      expect(await failureOf(mailer)).toBe('away');
      server.answerSenders(undefined);
      expect(await failureOf(mailer)).toBe('sent');
    },
  );

  test('is not waited for longer than configured: a server that says nothing any more is away', async () => {
    server.answerRecipients('silence');
    expect(await failureOf(mailerAt(server.url))).toBe('away');
  });
});

test('a server that cannot be reached, or does not take the password, is away: the mail waits', async () => {
  const server = await startMailServer({ user: 'furlough', password: 'se/cret' });
  expect(await failureOf(mailerAt(server.url))).toBe('sent');
  expect(await failureOf(mailerAt(server.url.replace('cret@', 'cred@')))).toBe('away');
  expect(await failureOf(mailerAt(server.url.replace(/\/\/.*@/, '//')))).toBe('away');
  await server.close();
  expect(await failureOf(mailerAt(server.url))).toBe('away');
});

test('without TLS nothing leaves this machine, not the password and not the mail, unless that is allowed', async () => {
  // The server is here, under a name that is not known to be: what counts is what was configured.
  const server = await startMailServer({ user: 'furlough', password: 'secret' });
  const heard: string[] = [];
  const relay = createServer((socket) => {
    const onward = connect(Number(new URL(server.url).port), '127.0.0.1');
    socket.on('data', (data) => heard.push(data.toString()));
    for (const end of [socket, onward]) end.on('error', () => undefined);
    socket.pipe(onward).pipe(socket);
  });
  await new Promise<void>((resolve) => relay.listen(0, '::', resolve));
  const { port } = relay.address() as AddressInfo;
  const url = `smtp://furlough:secret@[::ffff:127.0.0.1]:${port}`;
  expect(await failureOf(mailerAt(url))).toBe('away');
  expect(heard.join('')).not.toMatch(/AUTH|MAIL FROM/);
  expect(await failureOf(mailerAt(url, { allowInsecure: true }))).toBe('sent');
  await server.close();
  await new Promise((resolve) => relay.close(resolve));
});
