// Starts crash-process.ts and tells how it ended: answered, or killed on the way.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CrashOperation, Scene } from './crash-operations.ts';
import { compileProgram } from '../../harness/compiled-program.ts';

export interface CrashingChild {
  readonly child: ChildProcess;
  /** The store is open; nothing has been done yet. */
  readonly ready: Promise<unknown>;
  go(): void;
  /** Fails when the process ended in any way but by itself or by SIGKILL. */
  readonly ended: Promise<{ readonly killed: boolean; readonly answer: ChildAnswer | null }>;
}

export interface ChildAnswer {
  readonly answered: true;
  readonly places: number;
  /** Of the connection that served, on SQLite. */
  readonly journal?: string;
}

const script = join(process.cwd(), 'test/storage/crash/crash-process.ts');

/** `place` is where it kills itself; on MongoDB whoever watches the wire kills it. */
export function startCrashingChild(
  address: string,
  operation: CrashOperation,
  { organization, person, departments }: Scene,
  place = 0,
): CrashingChild {
  const what = [address, organization, person ?? '-', operation.name, String(place), ...(departments ?? [])];
  const child = spawn(process.execPath, ['--no-warnings', compileProgram(script), ...what], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let trouble = '';
  child.stderr?.on('data', (chunk: Buffer) => (trouble += chunk.toString()));
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the process ended with ${String(code)}: ${trouble}`);
    return { killed: signal === 'SIGKILL', answer };
  });
  let answer: ChildAnswer | null = null;
  const ready = Promise.race([once(child, 'message'), ended]).then(() => {
    child.on('message', (message) => (answer = message as ChildAnswer));
  });
  return { child, ready, go: () => void child.send('go'), ended };
}

/** Lets the process do its work, or as much of it as it lives to do. */
export async function runCrashingChild(...of: Parameters<typeof startCrashingChild>): CrashingChild['ended'] {
  const child = startCrashingChild(...of);
  await child.ready;
  child.go();
  return child.ended;
}
