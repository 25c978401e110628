// Where a command reads and writes: results on standard output, talk on standard error, JSON for scripts, tables for people.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import Table from 'cli-table3';
import { UsageError } from './exit-code.ts';

export interface Terminal {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: string;
  /** Without a line break at the end. */
  result(text: string): void;
  talk(text: string): void;
  /** All of standard input. */
  readInput(): string;
  /** The same as bytes, as they come; left out: `readInput` is asked. */
  readonly openInput?: () => AsyncIterable<Uint8Array>;
  /** A piece of a file to standard output; resolves once there is room for more. Left out: `result` is told. */
  readonly writeBytes?: (bytes: Uint8Array) => Promise<void>;
  /** Whether somebody looks at what is said on standard error. */
  readonly isWatched?: boolean;
}

export function createTerminal(): Terminal {
  return {
    environment: process.env,
    folder: process.cwd(),
    result: (text) => void process.stdout.write(`${text}\n`),
    talk: (text) => void process.stderr.write(`${text}\n`),
    readInput: () => readFileSync(0, 'utf8'),
    openInput: () => process.stdin,
    writeBytes: async (bytes) => {
      if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
    },
    isWatched: process.stderr.isTTY,
  };
}

/** The text of a file, `-` for standard input. Throws `UsageError`. */
export function readGiven(terminal: Terminal, path: string): string {
  try {
    return path === '-' ? terminal.readInput() : readFileSync(resolve(terminal.folder, path), 'utf8');
  } catch {
    throw new UsageError(`${path} cannot be read.`);
  }
}

/** The JSON object of a file, `-` for standard input. Throws `UsageError`. */
export function readGivenObject(terminal: Terminal, path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(readGiven(terminal, path));
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError('The file is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('The file must hold a JSON object.');
  return value as Record<string, unknown>;
}

/** One thing, as `name: value` lines; what is nested as JSON in one line. */
export function writeFacts(facts: Readonly<Record<string, unknown>>): string {
  const entries = Object.entries(facts).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${`${name}:`.padEnd(width + 1)} ${inOneLine(value)}`).join('\n');
}

/** Many things, as a table without frames: readable, and still easy to cut. */
export function writeTable(names: readonly string[], rows: readonly Readonly<Record<string, unknown>>[]): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
  };
  const inner = { left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' };
  const table = new Table({
    head: names.map((name) => name.toUpperCase()),
    chars: { ...none, ...inner },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push(names.map((name) => inOneLine(row[name])));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** Control characters would let a display name write to the administrator's terminal. */
export function inOneLine(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value ?? null) ?? '-').replace(/^null$/, '-');
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
}
