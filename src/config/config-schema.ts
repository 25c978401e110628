// Every option of the server, described once: YAML key, environment name, default, sentence, bounds (surface.md, "Configuration").
// From this come validation, `config/example.yaml` and the names that are known. Rules across options are in config-rules.ts.

import { isIP } from 'node:net';
import { z } from 'zod';
import { mailOptions } from './mail-options.ts';
import { choiceOption, flagOption, integerOption, listOption, optionalTextOption, textOption } from './options.ts';

const bootstrapSecret = z
  .string()
  .min(32, { error: 'must have at least 32 characters' })
  .max(512)
  .regex(/^[A-Za-z0-9\-._~+/]+=*$/, {
    error: 'must consist of the characters a bearer token may have: letters, digits and - . _ ~ + / =',
  });

const addressOrRange = z
  .string()
  .refine(isAddressOrRange, { error: 'must be an IP address or a range such as 10.0.0.0/8' });

export const configSchema = z.strictObject({
  server: z
    .strictObject({
      port: integerOption(
        { env: 'PORT', sentence: 'Port to listen on; 0 takes any free one.', min: 0, max: 65_535 },
        3000,
      ),
      host: textOption({ env: 'HOST', sentence: 'Address to listen on.' }, z.string().min(1), '127.0.0.1'),
      baseUrl: optionalTextOption(
        {
          env: 'FURLOUGH_BASE_URL',
          sentence:
            'Public origin; every URL we print or check is built from it, never from `Host`. http only on loopback. Default: http://localhost:PORT.',
          example: 'https://people.example.com',
        },
        z.string(),
      ),
      trustedProxies: listOption(
        {
          env: 'FURLOUGH_TRUSTED_PROXIES',
          sentence: 'Addresses and ranges whose `X-Forwarded-*` is believed.',
          example: ['10.0.0.0/8'],
        },
        addressOrRange,
      ),
      stopSeconds: integerOption(
        { env: 'FURLOUGH_STOP_SECONDS', sentence: 'How long a stop waits for running requests.', min: 1, max: 300 },
        30,
      ),
    })
    .prefault({}),
  storage: textOption(
    {
      env: 'FURLOUGH_STORAGE',
      sentence:
        'Where everything is kept: `sqlite:PATH`, `mongodb://…` or `mongodb+srv://…`; `sqlite::memory:` for tests.',
      secret: true,
    },
    z
      .string()
      .regex(/^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/, { error: 'must be sqlite:PATH, mongodb://… or mongodb+srv://…' }),
    'sqlite:./data/furlough.db',
  ),
  secret: optionalTextOption(
    {
      env: 'FURLOUGH_SECRET',
      sentence:
        'Encrypts stored secrets: 32 bytes in base64 (`openssl rand -base64 32`). Made on first start in the data folder for SQLite, required for MongoDB.',
      secret: true,
    },
    z.string().refine(isKey, { error: 'must be 32 bytes in base64' }),
  ),
  bootstrap: z
    .strictObject({
      scimToken: optionalTextOption(
        {
          env: 'FURLOUGH_BOOTSTRAP_SCIM_TOKEN',
          sentence: 'SCIM token registered on an empty store, for unattended set-ups.',
          secret: true,
        },
        bootstrapSecret,
      ),
      adminKey: optionalTextOption(
        {
          env: 'FURLOUGH_BOOTSTRAP_ADMIN_KEY',
          sentence: 'Admin API key with scope `instance` registered on an empty store.',
          secret: true,
        },
        bootstrapSecret,
      ),
      hrKey: optionalTextOption(
        { env: 'FURLOUGH_BOOTSTRAP_HR_KEY', sentence: 'HR feed key registered on an empty store.', secret: true },
        bootstrapSecret,
      ),
    })
    .prefault({}),
  session: z
    .strictObject({
      idleHours: integerOption(
        { env: 'FURLOUGH_SESSION_IDLE_HOURS', sentence: 'A session unused for so long has ended.', min: 1, max: 8_760 },
        12,
      ),
      absoluteHours: integerOption(
        {
          env: 'FURLOUGH_SESSION_ABSOLUTE_HOURS',
          sentence: 'No session lasts longer, used or not.',
          min: 1,
          max: 8_760,
        },
        168,
      ),
      perPerson: integerOption(
        {
          env: 'FURLOUGH_SESSION_PER_PERSON',
          sentence: 'How many sessions a person may have at once; one more ends the oldest.',
          min: 1,
          max: 1_000,
        },
        20,
      ),
    })
    .prefault({}),
  limits: z
    .strictObject({
      scim: z
        .strictObject({
          perSecond: integerOption(
            {
              env: 'FURLOUGH_LIMITS_SCIM_PER_SECOND',
              sentence: 'SCIM requests per second and credential; Entra alone sends 25.',
              min: 25,
              max: 1_000_000,
            },
            1_000,
          ),
          burst: integerOption(
            {
              env: 'FURLOUGH_LIMITS_SCIM_BURST',
              sentence: 'SCIM requests a credential may send at once.',
              min: 25,
              max: 1_000_000,
            },
            2_000,
          ),
        })
        .prefault({}),
      badCredentialsPerSecond: integerOption(
        {
          env: 'FURLOUGH_LIMITS_BAD_CREDENTIALS_PER_SECOND',
          sentence: 'Refused credentials per second and address, at any door; beyond it the answer is 429.',
          min: 1,
          max: 10_000,
        },
        10,
      ),
      signInsPerMinute: integerOption(
        {
          env: 'FURLOUGH_LIMITS_SIGN_INS_PER_MINUTE',
          sentence:
            'Sign-ins begun per minute and address, and apart from them sign-ins of apps by OpenID Connect; a whole office may share one.',
          min: 10,
          max: 1_000_000,
        },
        600,
      ),
      openid: z
        .strictObject({
          perSecond: integerOption(
            {
              env: 'FURLOUGH_LIMITS_OPENID_PER_SECOND',
              sentence:
                'What apps ask of the OpenID Provider (token, introspection, userinfo) per second, by address; an app with a secret that it sends in the header counts by itself.',
              min: 10,
              max: 1_000_000,
            },
            1_000,
          ),
          burst: integerOption(
            {
              env: 'FURLOUGH_LIMITS_OPENID_BURST',
              sentence: 'How many such requests may come at once.',
              min: 10,
              max: 1_000_000,
            },
            2_000,
          ),
        })
        .prefault({}),
      signalsPerSecond: integerOption(
        {
          env: 'FURLOUGH_LIMITS_SIGNALS_PER_SECOND',
          sentence: 'Logout tokens and security signals per second and address; ten times that may come at once.',
          min: 1,
          max: 1_000_000,
        },
        100,
      ),
      bodyBytes: integerOption(
        { env: 'FURLOUGH_LIMITS_BODY_BYTES', sentence: 'Largest request body.', min: 16_384, max: 67_108_864 },
        1_048_576,
      ),
    })
    .prefault({}),
  scim: z
    .strictObject({
      tokenMinutes: integerOption(
        {
          env: 'FURLOUGH_SCIM_TOKEN_MINUTES',
          sentence: 'How long an access token from /scim/oauth/token is good.',
          min: 60,
          max: 360,
        },
        60,
      ),
    })
    .prefault({}),
  provisioningLog: z
    .strictObject({
      days: integerOption(
        {
          env: 'FURLOUGH_PROVISIONING_LOG_DAYS',
          sentence: 'How long the provisioning log keeps an entry.',
          min: 1,
          max: 3_650,
        },
        30,
      ),
    })
    .prefault({}),
  gate: z
    .strictObject({
      allowInsecureProviders: flagOption(
        {
          env: 'FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS',
          sentence:
            'INSECURE. Accept identity providers at http addresses; they must be on this machine (loopback). For demonstrations and tests.',
        },
        false,
      ),
      privateProviderHosts: listOption(
        {
          env: 'FURLOUGH_GATE_PRIVATE_PROVIDER_HOSTS',
          sentence:
            'Host names of identity providers that may have a private address; any other private address is refused.',
          example: ['sso.internal.example.com'],
        },
        z.string().regex(/^[a-z0-9.-]{1,253}$/, { error: 'must be a host name in lower case' }),
      ),
      dnsServers: listOption(
        {
          env: 'FURLOUGH_GATE_DNS_SERVERS',
          sentence:
            'DNS servers asked when an e-mail domain is verified, with the port if it is not 53; none: the system’s own.',
          example: ['192.0.2.53'],
        },
        z.string().refine(isServer, { error: 'must be an IP address, with a port if it is not 53' }),
      ),
      privateAppHosts: listOption(
        {
          env: 'FURLOUGH_GATE_PRIVATE_APP_HOSTS',
          sentence:
            'Host names of OpenID Connect apps that may have a private address: logouts are delivered and keys fetched there; any other private address is refused.',
          example: ['wiki.internal.example.com'],
        },
        z.string().regex(/^[a-z0-9.-]{1,253}$/, { error: 'must be a host name in lower case' }),
      ),
    })
    .prefault({}),
  mail: mailOptions.prefault({}),
  log: z
    .strictObject({
      level: choiceOption(
        { env: 'FURLOUGH_LOG_LEVEL', sentence: 'How much is logged.' },
        ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
        'info',
      ),
    })
    .prefault({}),
});

/** What the options say, checked one by one but not yet against each other. */
export type ConfigValues = z.output<typeof configSchema>;

function isAddressOrRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
}

function isServer(text: string): boolean {
  const [, address = text, port = '53'] = /^\[?([0-9a-f:.]+?)\]?(?::(\d{1,5}))?$/i.exec(text) ?? [];
  return isIP(text) !== 0 || (isIP(address) !== 0 && Number(port) > 0 && Number(port) < 65_536);
}

function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text.trim()) && Buffer.from(text.trim(), 'base64').length === 32;
}
