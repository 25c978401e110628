// The log: JSON lines, one event each, through pino. What must never be written is removed twice: by key, and by form in the finished line.
// Which events there are is the business of whoever logs them (console.md 8, "Logs").

import pino, { type DestinationStream, type Logger as PinoLogger } from 'pino';

/** Fields first, then the event's words: `logger.info({ event: 'http.request', status: 200 }, 'GET /livez 200')`. */
export type Logger = Pick<PinoLogger, 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'isLevelEnabled'>;

export interface LoggerOptions {
  readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';
  /** Standard output unless given. */
  readonly destination?: DestinationStream;
}

/** Keys whose value is never written, at any of the first four levels, in the spellings that occur. */
const secretKeys = [
  'authorization',
  'Authorization',
  'proxy-authorization',
  'cookie',
  'Cookie',
  'cookies',
  'set-cookie',
  'SAMLResponse',
  'SAMLRequest',
  'RelayState',
  'id_token',
  'idToken',
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
  'logout_token',
  'code',
  'code_verifier',
  'token',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'filter',
];
/** `code` is also what errors are told by, one level below `err`: there it stays. */
const paths = secretKeys.flatMap((key) => {
  const quoted = `["${key}"]`;
  const nested = [`*${quoted}`, `*.*${quoted}`, `*.*.*${quoted}`];
  return key === 'code' ? [quoted] : [quoted, ...nested];
});

/** Whatever has the form of a secret, wherever it stands: our credentials, bearer and basic tokens, JSON web tokens, passwords in addresses. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  [/furl_(scim|hr|admin|app)_[0-9A-Za-z]+/g, 'furl_$1_[redacted]'],
  [/\b(Bearer|Basic) +[A-Za-z0-9\-._~+/]{8,}=*/gi, '$1 [redacted]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, '[redacted]'],
  [/\b([a-z][a-z0-9+]{2,20}:\/\/)[^\s/@"\\]+@/gi, '$1[redacted]@'],
];

export function createLogger(options: LoggerOptions): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[redacted]' },
      serializers: { err: describeError, error: describeError },
      hooks: { streamWrite: withoutSecrets },
    },
    options.destination ?? pino.destination({ dest: 1, sync: true }),
  );
}

/** A finished text without anything that has the form of a secret. */
export function withoutSecrets(text: string): string {
  return secretForms.reduce((rest, [form, instead]) => rest.replace(form, instead), text);
}

/** An error by an allow-list: libraries hang requests, answers and options on theirs. */
function describeError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return { message: String(error) };
  const { name, message, code, stack, cause } = error as { [key: string]: unknown };
  return {
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(cause === undefined ? {} : { cause: describeError(cause) }),
  };
}
