// Hands one mail to the mail server, by nodemailer. TLS is required except on this machine, or where the operator says otherwise; nothing a person
// may be called can become a header or another recipient.

import type { Transporter } from 'nodemailer';
import { readSender } from '#config/mail-address.ts';
import { readMailServer, type MailServer } from '#config/mail-options.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';

export interface MailConfig {
  readonly url?: string | undefined;
  readonly from?: string | undefined;
  readonly timeoutSeconds: number;
  readonly allowInsecure: boolean;
}

export interface Mail {
  /** Stays the same when it is tried again, so that a mail server can tell. */
  readonly id: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly language: string;
  readonly subject: string;
  readonly text: string;
}

export interface Mailer {
  /** Throws `MailError`. */
  send(mail: Mail): Promise<void>;
}

/** `refused`: this mail will never be taken. `postponed`: not now. `away`: the mail server takes none at the moment. */
export class MailError extends Error {
  readonly kind: 'refused' | 'postponed' | 'away';

  constructor(kind: MailError['kind'], message: string) {
    super(message);
    this.name = 'MailError';
    this.kind = kind;
  }
}

/** Null where no mail is configured. `baseUrl` names this server in the mails' ids. */
export function createMailer(config: MailConfig, baseUrl: string): Mailer | null {
  const server = config.url === undefined ? null : readMailServer(config.url);
  const from = config.from === undefined ? null : readSender(config.from);
  if (server === null || from === null) return null;
  const { hostname } = new URL(baseUrl);
  const timeoutMs = config.timeoutSeconds * 1_000;
  let opening: Promise<Transporter> | undefined;
  return {
    async send({ id, to, language, subject, text }) {
      opening ??= openTransport(server, config, hostname);
      const transport = await opening;
      const sending = transport.sendMail({
        from,
        to: { name: inOneLine(to.name), address: to.address },
        envelope: { from: from.address, to: [to.address] },
        messageId: `<${id.replaceAll(/[^\w.-]/g, '-')}@${hostname}>`,
        subject: inOneLine(subject),
        text,
        headers: { 'Auto-Submitted': 'auto-generated', 'Content-Language': language },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      // A server that answers a byte at a time runs into no timeout of its own.
      const late = Symbol('late');
      const done = sending.then(
        () => null,
        (error: unknown) => toMailError(error),
      );
      const error = await waitAtMost(done, timeoutMs).then((result) => (result === undefined ? late : result));
      if (error === late) throw new MailError('away', `The mail server took longer than ${config.timeoutSeconds} s.`);
      if (error !== null) throw error;
    },
  };
}

async function openTransport(
  { host, port, isTls, user, password }: MailServer,
  { timeoutSeconds, allowInsecure }: MailConfig,
  name: string,
): Promise<Transporter> {
  const { createTransport } = await import('nodemailer');
  const timeout = timeoutSeconds * 1_000;
  return createTransport({
    host,
    port,
    name,
    secure: isTls,
    requireTLS: !isTls && !allowInsecure && !isThisMachine(host),
    tls: { minVersion: 'TLSv1.2' },
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
  });
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Of the other side's words only the code and one line. */
function toMailError(error: unknown): MailError {
  const {
    code = '',
    responseCode = 0,
    command = '',
    message = String(error),
  } = error as {
    readonly code?: string;
    readonly responseCode?: number;
    readonly command?: string;
    readonly message?: string;
  };
  const said = inOneLine(message).slice(0, 300);
  // A sender that is not taken, or only after a login, is configured wrongly: every mail meets that, until somebody mends it.
  const isAboutSender = command === 'MAIL FROM' || responseCode === 530;
  const isAboutMail = (code === 'EENVELOPE' || code === 'EMESSAGE') && !isAboutSender;
  if (!isAboutMail || responseCode === 0) return new MailError('away', said);
  return new MailError(responseCode >= 500 ? 'refused' : 'postponed', said);
}

/** What would begin another header, or turn the direction of a line, is a space. */
export function inOneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim();
}
