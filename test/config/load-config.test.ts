// What the configuration accepts and refuses; every refusal of a start is one message with all faults.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeExample } from '#config/example-file.ts';
import { ConfigError, loadConfig } from '#config/load-config.ts';
import { listOptions } from '#config/option-list.ts';

const key = Buffer.alloc(32, 7).toString('base64');
const memory = { FURLOUGH_STORAGE: 'sqlite::memory:' };

function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'furlough-config-'));
}

function faultsOf(environment: Record<string, string>, folder = emptyFolder()): readonly string[] {
  try {
    loadConfig(environment, folder);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('defaults', () => {
  test('an empty environment listens on loopback and keeps everything in ./data', () => {
    const folder = emptyFolder();
    const config = loadConfig({}, folder);
    expect(config.server).toMatchObject({
      host: '127.0.0.1',
      port: 3000,
      baseUrl: 'http://localhost:3000',
      baseUrlGiven: false,
    });
    expect(config.storage).toEqual({ kind: 'sqlite', path: join(folder, 'data/furlough.db') });
    expect(config.limits.scim).toEqual({ perSecond: 1000, burst: 2000 });
    expect(config.limits.badCredentialsPerSecond).toBe(10);
  });

  test('config/example.yaml is what the schema writes', () => {
    const url = new URL('../../config/example.yaml', import.meta.url);
    expect(readFileSync(url, 'utf8')).toBe(writeExample());
  });

  test('the example file loads and says the same as no file at all', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'example.yaml'), writeExample());
    const { secret: _, secretSource: __, ...plain } = loadConfig({}, folder);
    const { secret: ___, secretSource: ____, ...fromFile } = loadConfig({ FURLOUGH_CONFIG: 'example.yaml' }, folder);
    expect(fromFile).toEqual(plain);
  });

  test('every option has a sentence and an environment name of its own', () => {
    const options = listOptions();
    expect(options.length).toBeGreaterThan(10);
    expect(new Set(options.map((option) => option.env)).size).toBe(options.length);
    for (const option of options) expect(option.sentence).toMatch(/^[A-Z].*\.$/);
  });
});

describe('sources', () => {
  test('the environment overrides the file, the file overrides the default', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'a.yaml'), 'server: { port: 4000, host: 0.0.0.0 }\nlog: { level: warn }\n');
    const config = loadConfig({ ...memory, FURLOUGH_CONFIG: 'a.yaml', PORT: '5000' }, folder);
    expect(config.server).toMatchObject({ port: 5000, host: '0.0.0.0', baseUrl: 'http://localhost:5000' });
    expect(config.log.level).toBe('warn');
  });

  test('a secret is read from the file that …_FILE names, without its last line break', () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'token'), `${'t'.repeat(40)}\n`);
    writeFileSync(join(folder, 'key'), `${key}\n`);
    const config = loadConfig(
      { ...memory, FURLOUGH_BOOTSTRAP_SCIM_TOKEN_FILE: 'token', FURLOUGH_SECRET_FILE: join(folder, 'key') },
      folder,
    );
    expect(config.bootstrap.scimToken).toBe('t'.repeat(40));
    expect(Buffer.from(config.secret).equals(Buffer.alloc(32, 7))).toBe(true);
  });

  test('lists are separated by commas, an empty variable counts as not set', () => {
    const config = loadConfig(
      { ...memory, FURLOUGH_TRUSTED_PROXIES: '10.0.0.0/8, ::1', FURLOUGH_BASE_URL: '' },
      emptyFolder(),
    );
    expect(config.server.trustedProxies).toEqual(['10.0.0.0/8', '::1']);
    expect(config.server.baseUrl).toBe('http://localhost:3000');
  });

  test('a base URL keeps its path and loses its last slash', () => {
    const config = loadConfig({ ...memory, FURLOUGH_BASE_URL: 'https://people.example.com/furlough/' }, emptyFolder());
    expect(config.server.baseUrl).toBe('https://people.example.com/furlough');
  });
});

describe('refusals', () => {
  test.each([
    ['an unknown variable', { FURLOUGH_STORRAGE: 'x' }, 'FURLOUGH_STORRAGE is not an option'],
    ['…_FILE of what is no secret', { FURLOUGH_LOG_LEVEL_FILE: 'x' }, 'FURLOUGH_LOG_LEVEL_FILE is not an option'],
    ['a port that is no number', { PORT: 'http' }, 'PORT (server.port) must be a whole number from 0 to 65535'],
    ['a port out of range', { PORT: '70000' }, 'PORT (server.port) must be a whole number from 0 to 65535'],
    ['a log level there is not', { FURLOUGH_LOG_LEVEL: 'loud' }, 'FURLOUGH_LOG_LEVEL (log.level) must be one of'],
    ['http beyond loopback', { FURLOUGH_BASE_URL: 'http://people.example.com' }, 'must be https'],
    [
      'a base URL with a password',
      { FURLOUGH_BASE_URL: 'https://a:b@people.example.com' },
      'must not contain a user name',
    ],
    ['a base URL that is none', { FURLOUGH_BASE_URL: 'people.example.com' }, 'must be an address'],
    ['a storage there is not', { FURLOUGH_STORAGE: 'postgres://x' }, 'FURLOUGH_STORAGE (storage) must be'],
    [
      'MongoDB without a secret',
      { FURLOUGH_STORAGE: 'mongodb://localhost/x' },
      'FURLOUGH_SECRET (secret) is required with MongoDB',
    ],
    ['a secret too short', { FURLOUGH_SECRET: 'c2hvcnQ=' }, 'must be 32 bytes in base64'],
    ['a bootstrap token too short', { FURLOUGH_BOOTSTRAP_SCIM_TOKEN: 'short' }, 'must have at least 32 characters'],
    [
      'a bootstrap token no header can carry',
      { FURLOUGH_BOOTSTRAP_ADMIN_KEY: 'a b'.repeat(20) },
      'must consist of the characters',
    ],
    [
      'a proxy that is no address',
      { FURLOUGH_TRUSTED_PROXIES: 'proxy.example.com' },
      'must be an IP address or a range',
    ],
    ['a range with too many bits', { FURLOUGH_TRUSTED_PROXIES: '10.0.0.0/33' }, 'must be an IP address or a range'],
    ['an idle time beyond the absolute one', { FURLOUGH_SESSION_IDLE_HOURS: '200' }, 'must not exceed'],
    ['a SCIM limit below what Entra sends', { FURLOUGH_LIMITS_SCIM_PER_SECOND: '5' }, 'from 25 to'],
    ['fewer at once than in a second', { FURLOUGH_LIMITS_OPENID_BURST: '50' }, 'must not be lower than'],
    [
      'a flag that is neither true nor false',
      { FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS: 'yes' },
      'must be true or false',
    ],
    ['a file that is not there', { FURLOUGH_CONFIG: 'nowhere.yaml' }, 'nowhere.yaml cannot be read (ENOENT)'],
    ['a secret file that is not there', { FURLOUGH_SECRET_FILE: 'nowhere' }, 'nowhere cannot be read (ENOENT)'],
  ])('%s', (_name, environment, fault) => {
    const faults = faultsOf({ ...memory, ...environment });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });

  test('all faults come in one message', () => {
    expect(faultsOf({ PORT: 'x', FURLOUGH_LOG_LEVEL: 'loud', FURLOUGH_OTHER: '1' })).toHaveLength(3);
  });

  test('two bootstrap secrets that are the same', () => {
    const same = 's'.repeat(40);
    const faults = faultsOf({ ...memory, FURLOUGH_BOOTSTRAP_SCIM_TOKEN: same, FURLOUGH_BOOTSTRAP_ADMIN_KEY: same });
    expect(faults).toEqual([expect.stringContaining('each secret must be a different one')]);
  });

  test('a fault never repeats a value, which may be a secret', () => {
    const faults = faultsOf({ ...memory, FURLOUGH_BOOTSTRAP_SCIM_TOKEN: 'hush-hush', FURLOUGH_SECRET: 'also-hush' });
    expect(faults).toHaveLength(2);
    expect(faults.join('\n')).not.toContain('hush-hush');
    expect(faults.join('\n')).not.toContain('also-hush');
  });

  test.each([
    ['an unknown key', 'server: { prot: 1 }', 'server.prot is not an option'],
    ['an unknown section', 'sevrer: { port: 1 }', 'sevrer is not an option'],
    ['a key said twice', 'log: { level: info }\nlog: { level: warn }', 'unique'],
    ['a list', '- 1', 'must be a mapping'],
    ['a section that is a number', 'server: 3', 'server'],
    ['what is not YAML', 'a: [', 'bad.yaml'],
  ])('%s in the file', (_name, text, fault) => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'bad.yaml'), text);
    const faults = faultsOf({ ...memory, FURLOUGH_CONFIG: 'bad.yaml' }, folder);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toContain(fault);
  });

  test('a secret given twice', () => {
    const faults = faultsOf({ ...memory, FURLOUGH_SECRET: key, FURLOUGH_SECRET_FILE: 'x' });
    expect(faults).toEqual(['FURLOUGH_SECRET and FURLOUGH_SECRET_FILE are both set; use one']);
  });
});

describe('the secret of an embedded store', () => {
  test('is made on first start, readable by the owner only, and is the same on the next', () => {
    const folder = emptyFolder();
    const first = loadConfig({}, folder);
    const path = join(folder, 'data/secret');
    expect(first.secretSource).toBe('made');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const second = loadConfig({}, folder);
    expect(second.secretSource).toBe('file');
    expect(Buffer.from(second.secret).equals(Buffer.from(first.secret))).toBe(true);
  });

  test('is not made by a mere check', () => {
    const folder = emptyFolder();
    loadConfig({}, folder, false);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  test('a damaged one is refused, never replaced: what it sealed would be lost', () => {
    const folder = emptyFolder();
    loadConfig({}, folder);
    writeFileSync(join(folder, 'data/secret'), 'damaged');
    expect(faultsOf({}, folder)).toEqual([expect.stringContaining('does not hold 32 bytes')]);
    expect(readFileSync(join(folder, 'data/secret'), 'utf8')).toBe('damaged');
  });

  test('a lost one is not replaced while the database it belongs to is there', () => {
    const folder = emptyFolder();
    loadConfig({}, folder);
    writeFileSync(join(folder, 'data/furlough.db'), '');
    rmSync(join(folder, 'data/secret'));
    expect(faultsOf({}, folder)).toEqual([expect.stringContaining('is there but')]);
    expect(existsSync(join(folder, 'data/secret'))).toBe(false);
  });

  test('in memory it is a new one each time and no file', () => {
    const folder = emptyFolder();
    expect(loadConfig(memory, folder).secretSource).toBe('memory');
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });
});
