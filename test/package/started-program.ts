/** A program started by a test: its output, whether it answers, how it ended. Ended with the test file at the latest. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface StartedProgram {
  readonly pid: number;
  /** Standard output and error so far. */
  readonly output: () => string;
  /** Resolves once the address answers 2xx; throws with the output when the program ends before. */
  readonly waitFor: (url: string) => Promise<void>;
  /** Sends the signal and answers the exit code, or the signal that ended it. */
  readonly end: (signal: NodeJS.Signals) => Promise<number | NodeJS.Signals | null>;
  /** Resolves with the exit code when it ends by itself. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export interface ProgramOptions {
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Run as this user and group; only root can. */
  readonly uid?: number;
}

const running = new Set<StartedProgram>();

/** Starts a command line. The environment is the given one and PATH, nothing of the test's own. */
export function startProgram([command = '', ...rest]: readonly string[], options: ProgramOptions): StartedProgram {
  const { cwd, environment, uid } = options;
  const child = spawn(command === 'node' ? process.execPath : command, rest, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  let over = false;
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => {
    over = true;
    running.delete(program);
    return (code ?? signal ?? null) as number | NodeJS.Signals | null;
  });
  const program: StartedProgram = {
    pid: child.pid ?? 0,
    output: () => text,
    ended,
    async waitFor(url) {
      while (!(await answers(url))) {
        if (over) throw new Error(`The program ended (${String(await ended)}):\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    end(signal) {
      child.kill(signal);
      return ended;
    },
  };
  running.add(program);
  return program;
}

/** For `afterAll`: nothing that a failed test started stays. */
export async function endPrograms(): Promise<void> {
  for (const program of running) await program.end('SIGKILL');
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { redirect: 'manual' })).ok;
  } catch {
    return false;
  }
}
