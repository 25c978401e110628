// A real mail server for tests, on a port of this machine: keeps what it takes, and misbehaves as told.

import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface TakenMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came, headers first. */
  readonly source: string;
}

export interface MailServer {
  readonly url: string;
  readonly taken: readonly TakenMail[];
  /** Answers `RCPT TO` with this code from now on; undefined: takes it. `silence`: does not answer at all. */
  answerRecipients(how: number | 'silence' | undefined): void;
  /** Answers `MAIL FROM` with this code from now on; undefined: takes it. */
  answerSenders(code: number | undefined): void;
  close(): Promise<void>;
}

export async function startMailServer(login?: {
  readonly user: string;
  readonly password: string;
}): Promise<MailServer> {
  const taken: TakenMail[] = [];
  let how: number | 'silence' | undefined;
  let ofSenders: number | undefined;
  const server = new SMTPServer({
    authOptional: login === undefined,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 1,
    onAuth({ username, password }, _session, done) {
      if (username === login?.user && password === login?.password) done(null, { user: username });
      else done(new Error('Wrong user or password'));
    },
    onMailFrom(_address, _session, done) {
      const refusal = Object.assign(new Error('Not this sender'), { responseCode: ofSenders });
      done(ofSenders === undefined ? null : refusal);
    },
    onRcptTo(_address, _session, done) {
      if (how === 'silence') return;
      done(how === undefined ? null : Object.assign(new Error('No such mailbox'), { responseCode: how }));
    },
    onData(stream, session, done) {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          source: Buffer.concat(parts).toString('utf8'),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const account = login === undefined ? '' : `${login.user}:${encodeURIComponent(login.password)}@`;
  return {
    url: `smtp://${account}127.0.0.1:${port}`,
    taken,
    answerRecipients(answer) {
      how = answer;
    },
    answerSenders(code) {
      ofSenders = code;
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The value of a header, unfolded and decoded; undefined where there is none. */
export function headerOf({ source }: TakenMail, name: string): string | undefined {
  const [head = ''] = source.split('\r\n\r\n');
  const line = head
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n')
    .find((one) => one.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line === undefined ? undefined : decodeWords(line.slice(name.length + 1).trim());
}

/** RFC 2047, as far as nodemailer writes it. */
function decodeWords(text: string): string {
  return text
    .replaceAll(/\?= =\?/g, '?==?')
    .replaceAll(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_all, kind: string, word: string) => {
      if (kind.toLowerCase() === 'b') return Buffer.from(word, 'base64').toString('utf8');
      const bytes = word.replaceAll('_', ' ').replaceAll(/=([0-9A-F]{2})/gi, (_hex, code: string) => `%${code}`);
      return decodeURIComponent(bytes);
    });
}

export function bodyOf({ source }: TakenMail): string {
  const [head = '', ...rest] = source.split('\r\n\r\n');
  const body = rest.join('\r\n\r\n');
  if (/^content-transfer-encoding: base64/im.test(head)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/^content-transfer-encoding: quoted-printable/im.test(head)) return body;
  const bytes = body.replaceAll(/=\r\n/g, '').replaceAll(/=([0-9A-F]{2})/g, (_hex, code: string) => `%${code}`);
  return decodeURIComponent(bytes);
}
