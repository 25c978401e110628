// compose.yaml against the configuration schema: no container engine is at hand, so what it would hand to Furlough is read here.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { ConfigError, loadConfig, type Config } from '#config/load-config.ts';
import { readDockerfile } from './dockerfile-stages.ts';

interface Service {
  readonly build?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const compose = parse(readFileSync(join(root, 'compose.yaml'), 'utf8')) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const furlough = compose.services['furlough'] ?? {};

/** What stands in `.env`: only what the first line of compose.yaml asks for. */
const dotEnv = { FURLOUGH_SECRET: Buffer.alloc(32, 7).toString('base64') };

/** `${NAME}`, `${NAME:-default}` and `${NAME:?what to do}`, as compose fills them in. */
function interpolate(text: string, given: Readonly<Record<string, string | undefined>>): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_all, name: string, sign?: string, rest?: string) => {
    const value = given[name];
    if (value !== undefined && value !== '') return value;
    if (sign === '?') throw new Error(`${name}: ${rest}`);
    return rest ?? '';
  });
}

function environmentOf(service: Service, given: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(service.environment ?? {});
  return Object.fromEntries(entries.map(([name, text]) => [name, interpolate(text, given)]));
}

function load(environment: Record<string, string>): Config {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-compose-'));
  try {
    return loadConfig(environment, folder, false);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the service furlough of compose.yaml', () => {
  const environment = environmentOf(furlough, dotEnv);

  test('gives only options that exist, with values they may have', () => {
    expect(Object.keys(environment).length).toBeGreaterThan(3);
    const config = load(environment);
    expect(config.server).toMatchObject({ host: '0.0.0.0', baseUrl: 'http://localhost:3000' });
    expect(config.storage.kind).toBe('mongodb');
  });

  test('would be refused with an option that does not exist', () => {
    expect(() => load({ ...environment, FURLOUGH_STORE: 'x' })).toThrow(
      new ConfigError(['FURLOUGH_STORE is not an option']),
    );
  });

  test('says what to do when there is no secret', () => {
    expect(() => environmentOf(furlough, {})).toThrow(/^FURLOUGH_SECRET: set FURLOUGH_SECRET in \.env/);
  });

  test('takes the public address from .env', () => {
    const config = load(environmentOf(furlough, { ...dotEnv, FURLOUGH_BASE_URL: 'https://people.example.com' }));
    expect(config.server.baseUrl).toBe('https://people.example.com');
  });

  test('is built from the Dockerfile, publishes the port it listens on and that the image exposes, and runs on a read-only tree', () => {
    const exposed = readDockerfile(root).flatMap((stage) => stage.steps.filter(({ word }) => word === 'EXPOSE'));
    const { port } = load(environment).server;
    expect(furlough.build).toBe('.');
    expect(furlough.ports).toEqual([`3000:${port}`]);
    expect(exposed.map(({ text }) => text)).toEqual([String(port)]);
    expect(furlough.read_only).toBe(true);
  });
});

describe('what the service depends on', () => {
  test('is a service with a health check, named as the storage address names it', () => {
    const environment = environmentOf(furlough, dotEnv);
    const { hostname } = new URL(environment['FURLOUGH_STORAGE'] ?? '');
    expect(furlough.depends_on).toEqual({ [hostname]: { condition: 'service_healthy' } });
    expect(compose.services[hostname]?.healthcheck?.test.length).toBeGreaterThan(1);
  });

  test('keeps its data in a volume that is declared', () => {
    const named = Object.values(compose.services).flatMap((service) => service.volumes ?? []);
    expect(named.length).toBeGreaterThan(0);
    for (const volume of named) expect(compose.volumes).toHaveProperty([volume.split(':')[0] ?? '']);
  });
});
