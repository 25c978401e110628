// Reads the configuration: defaults, the YAML file named by FURLOUGH_CONFIG, the environment over both, secrets also from files.
// Every fault is reported in one message; what to do about it (exit code 2) is main.ts's and the CLI's business.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { findFaults, toBaseUrl, toStorageAddress, type StorageAddress } from './config-rules.ts';
import { configSchema, type ConfigValues } from './config-schema.ts';
import { listOptions, type Option } from './option-list.ts';
import { readOrMakeSecret, type SecretSource } from './secret-file.ts';

export interface Config extends Omit<ConfigValues, 'secret' | 'storage' | 'server'> {
  readonly server: Omit<ConfigValues['server'], 'baseUrl'> & {
    /** Public origin, perhaps with a path, without a slash at the end. */
    readonly baseUrl: string;
    /** Whether `baseUrl` was configured; if not, it follows the port that was really opened. */
    readonly baseUrlGiven: boolean;
  };
  readonly storage: StorageAddress;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly secretSource: SecretSource;
}

/** All that is wrong with the configuration, in one message. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Names that are not options: where the file is, and what our own tests and tools read. */
const otherNames = /^FURLOUGH_(CONFIG$|TEST_|DEMO_|BENCH_)/;

/**
 * The configuration from `environment` and its file. Relative paths count from `folder`.
 * `makeSecret` false (`check`): no secret file is made. Throws `ConfigError`.
 */
export function loadConfig(environment: Environment, folder: string = process.cwd(), makeSecret = true): Config {
  const options = listOptions();
  const faults: string[] = [];
  const tree = readConfigFile(environment['FURLOUGH_CONFIG'], folder, faults);
  const broken = new Set<Option>();
  for (const option of options) {
    const text = readText(option, environment, folder, faults, () => broken.add(option));
    if (text !== undefined) setAt(tree, option.path, option.fromText(text));
  }
  faults.push(...unknownNames(options, environment));
  const parsed = configSchema.safeParse(tree);
  if (!parsed.success) {
    throw new ConfigError([...faults, ...parsed.error.issues.flatMap((issue) => describeIssue(issue, options))]);
  }
  const values = parsed.data;
  // A secret whose file could not be read is not missing as well.
  const secretBroken = [...broken].some((option) => option.env === 'FURLOUGH_SECRET');
  faults.push(...findFaults(secretBroken ? { ...values, secret: 'unreadable' } : values));
  if (faults.length > 0) throw new ConfigError(faults);
  return assemble(values, folder, makeSecret);
}

function assemble(values: ConfigValues, folder: string, makeSecret: boolean): Config {
  const storage = toStorageAddress(values.storage, folder);
  const secret = readOrMakeSecret(values.secret, storage, makeSecret);
  if (secret.kind === 'fault') throw new ConfigError([secret.fault]);
  return {
    ...values,
    server: { ...values.server, baseUrl: toBaseUrl(values), baseUrlGiven: values.server.baseUrl !== undefined },
    storage,
    secret: secret.secret,
    secretSource: secret.source,
  };
}

function readConfigFile(name: string | undefined, folder: string, faults: string[]): Record<string, unknown> {
  if (name === undefined || name === '') return {};
  let text: string;
  try {
    text = readFileSync(resolve(folder, name), 'utf8');
  } catch (error) {
    faults.push(`FURLOUGH_CONFIG: ${name} cannot be read (${codeOf(error)})`);
    return {};
  }
  const document = parseDocument(text, { maxAliasCount: 0, uniqueKeys: true } as Parameters<typeof parseDocument>[1]);
  if (document.errors.length > 0) {
    faults.push(...document.errors.map((error) => `${name}: ${error.message.split('\n')[0] ?? 'is not YAML'}`));
    return {};
  }
  const value: unknown = document.toJS({ maxAliasCount: 0 });
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    faults.push(`${name}: must be a mapping of option names to values`);
    return {};
  }
  return withoutNulls(value as Record<string, unknown>);
}

/** `key:` without a value is an option left out. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  const kept = Object.entries(value).filter(([, part]) => part !== null);
  return Object.fromEntries(kept.map(([key, part]) => [key, isMapping(part) ? withoutNulls(part) : part]));
}

/** The variable, or for a secret the file that `…_FILE` names; an empty variable counts as not set. */
function readText(
  option: Option,
  environment: Environment,
  folder: string,
  faults: string[],
  onBroken: () => void,
): string | undefined {
  const direct = emptyAsUnset(environment[option.env]);
  const file = option.secret === true ? emptyAsUnset(environment[`${option.env}_FILE`]) : undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) {
    faults.push(`${option.env} and ${option.env}_FILE are both set; use one`);
    return direct;
  }
  try {
    return readFileSync(resolve(folder, file), 'utf8').trim();
  } catch (error) {
    faults.push(`${option.env}_FILE: ${file} cannot be read (${codeOf(error)})`);
    onBroken();
    return undefined;
  }
}

function unknownNames(options: readonly Option[], environment: Environment): readonly string[] {
  const known = new Set(
    options.flatMap((option) => (option.secret === true ? [option.env, `${option.env}_FILE`] : [option.env])),
  );
  return Object.keys(environment)
    .filter((name) => name.startsWith('FURLOUGH_') && !known.has(name) && !otherNames.test(name))
    .map((name) => `${name} is not an option`);
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** Names the option by both its names; a value is never repeated, it may be a secret. */
function describeIssue(issue: Issue, options: readonly Option[]): readonly string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => `${[...path, key].join('.')} is not an option`);
  const option = options.find((candidate) => candidate.path.every((key, i) => path[i] === key));
  const name = option === undefined ? path.join('.') : `${option.env} (${option.path.join('.')})`;
  return [`${name} ${issue.message}`];
}

function setAt(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    tree[key] = value;
    return;
  }
  const below = tree[key];
  const next = isMapping(below) ? below : {};
  tree[key] = next;
  setAt(next, rest, value);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function emptyAsUnset(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unreadable';
}
