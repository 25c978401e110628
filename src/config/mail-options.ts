// The options of mail: where the mail server is, who the sender is, and what must be encrypted.

import { z } from 'zod';
import { readSender } from './mail-address.ts';
import { flagOption, integerOption, optionalTextOption } from './options.ts';

export const mailOptions = z.strictObject({
  url: optionalTextOption(
    {
      env: 'FURLOUGH_MAIL_URL',
      sentence:
        'Mail server: `smtp://user:password@host:587` (with STARTTLS) or `smtps://user:password@host:465`. Without it notices are stored and not mailed.',
      secret: true,
      example: 'smtps://furlough:…@mail.example.com',
    },
    z.string().refine((text) => readMailServer(text) !== null, {
      error:
        'must be smtp://host:port or smtps://host:port, with user and password or without both, and nothing after it',
    }),
  ),
  from: optionalTextOption(
    {
      env: 'FURLOUGH_MAIL_FROM',
      sentence: 'Sender of all mails, an address with or without a name.',
      example: 'Furlough <furlough@example.com>',
    },
    z.string().refine((text) => readSender(text) !== null, {
      error: 'must be an address such as furlough@example.com or Furlough <furlough@example.com>',
    }),
  ),
  timeoutSeconds: integerOption(
    {
      env: 'FURLOUGH_MAIL_TIMEOUT_SECONDS',
      sentence: 'How long the mail server may take for one mail; then it is tried again later.',
      min: 1,
      max: 60,
    },
    15,
  ),
  allowInsecure: flagOption(
    {
      env: 'FURLOUGH_MAIL_ALLOW_INSECURE',
      sentence: 'INSECURE. Send mails, and the password, without TLS where the mail server does not offer it.',
    },
    false,
  ),
});

export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; else by STARTTLS. */
  readonly isTls: boolean;
  readonly user?: string;
  readonly password?: string;
}

/** Null for what is no address of a mail server. */
export function readMailServer(text: string): MailServer | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:')) return null;
  if (url.hostname === '' || !/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return null;
  if ((url.username === '') !== (url.password === '')) return null;
  const isTls = url.protocol === 'smtps:';
  const port = url.port === '' ? (isTls ? 465 : 587) : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    return { host, port, isTls, ...(user === '' ? {} : { user, password }) };
  } catch {
    return null;
  }
}

/** The faults between the options of mail. */
export function faultsOfMail({ url, from }: z.output<typeof mailOptions>): readonly string[] {
  if ((url === undefined) === (from === undefined)) return [];
  return [
    url === undefined
      ? 'FURLOUGH_MAIL_FROM (mail.from) needs FURLOUGH_MAIL_URL (mail.url)'
      : 'FURLOUGH_MAIL_URL (mail.url) needs FURLOUGH_MAIL_FROM (mail.from)',
  ];
}
