// Runs the CLI in this process, in a folder of its own with an embedded store.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '#cli/program.ts';

export interface CliOutcome {
  readonly code: number;
  /** Standard output. */
  readonly result: string;
  /** Standard error. */
  readonly talk: string;
}

export interface Cli {
  readonly folder: string;
  run(line: string, input?: string): Promise<CliOutcome>;
  /** Runs with `--json`, expects exit code 0, answers what was written. */
  json<Value>(line: string): Promise<Value>;
}

export function createCli(environment: Readonly<Record<string, string>> = {}): Cli {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-cli-'));
  const run = async (line: string, input = ''): Promise<CliOutcome> => {
    const result: string[] = [];
    const talk: string[] = [];
    const argv = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
    const code = await runCli(argv, {
      environment,
      folder,
      result: (text) => result.push(text),
      talk: (text) => talk.push(text),
      readInput: () => input,
    });
    return { code, result: result.join('\n'), talk: talk.join('\n') };
  };
  return {
    folder,
    run,
    async json<Value>(line: string) {
      const outcome = await run(`${line} --json`);
      if (outcome.code !== 0) throw new Error(`furlough ${line} ended with ${outcome.code}: ${outcome.talk}`);
      return JSON.parse(outcome.result) as Value;
    },
  };
}
