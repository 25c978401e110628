// Starts a measured process and speaks with it. The store is a fresh SQLite file, durable as always; limits are out of the way.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toLoadResult, type LoadResult } from './load.ts';

export type Measured = 'furlough' | 'node' | 'express';

export interface ServerProcess {
  /** Changes with a restart. */
  readonly url: string;
  /** Bytes of resident memory; `collected`: after a collection, so that it shows what is kept and not when the last one was. */
  memory(collected: boolean): Promise<number>;
  /** Adds people to an organisation; answers their ids. Their user names are `person-N@example.com`, N from 0. */
  addUsers(options: {
    readonly organization: string;
    readonly count: number;
    readonly active: boolean;
    /** Connections; `default` alone where left out. */
    readonly provisionedBy?: readonly string[];
  }): Promise<readonly string[]>;
  /** Adds a group of these users; answers its id. */
  addGroup(options: { readonly organization: string; readonly members: readonly string[] }): Promise<string>;
  /** Inserts as many rows as users would be, into a file of their own, with the driver and nothing else. */
  insertRows(options: { readonly count: number; readonly perTransaction: number }): Promise<LoadResult>;
  /** Opens a session for each; answers the cookies. */
  openSessions(options: { readonly organization: string; readonly ids: readonly string[] }): Promise<readonly string[]>;
  /** Registers an app at `host`; answers what browsers with these sessions' cookies have there. */
  openAppCookies(options: {
    readonly organization: string;
    readonly host: string;
    readonly cookies: readonly string[];
  }): Promise<readonly string[]>;
  /** Stops it in order and starts it anew on the same store: what filling left behind is no memory of the server. */
  restart(): Promise<void>;
  /** Everything that follows from what was done is carried out. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export const scimToken = 'scim-token-of-the-benchmarks-0123456789';
/** Where it believes to be; it answers at `url`. */
export const baseUrl = 'http://localhost:1';
export const adminKey = 'admin-key-of-the-benchmarks-0123456789';

export async function startServerProcess(measured: Measured): Promise<ServerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'furlough-bench-'));
  const start = (): ChildProcess =>
    fork(fileURLToPath(new URL('bench-server.mjs', import.meta.url)), [measured], {
      execArgv: ['--disable-proto=delete', '--no-warnings', '--expose-gc'],
      env: {
        PATH: process.env['PATH'],
        PORT: '0',
        FURLOUGH_STORAGE: `sqlite:${join(folder, 'furlough.db')}`,
        FURLOUGH_BASE_URL: baseUrl,
        FURLOUGH_BOOTSTRAP_SCIM_TOKEN: scimToken,
        FURLOUGH_BOOTSTRAP_ADMIN_KEY: adminKey,
        FURLOUGH_TRUSTED_PROXIES: '127.0.0.1',
        FURLOUGH_LIMITS_SCIM_PER_SECOND: '1000000',
        FURLOUGH_LIMITS_SCIM_BURST: '1000000',
        FURLOUGH_LIMITS_SIGN_INS_PER_MINUTE: '1000000',
        FURLOUGH_GATE_ALLOW_INSECURE_PROVIDERS: 'true',
        FURLOUGH_LOG_LEVEL: 'warn',
      },
    });
  let child = start();
  let port = await answerOf<number>(child);
  const ask = <Answer>(task: string, options: object = {}): Promise<Answer> => {
    const answer = answerOf<Answer>(child);
    child.send({ task, options });
    return answer;
  };
  return {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    memory: (collected) => ask('memory', { collected }),
    addUsers: (options) => ask('addUsers', options),
    addGroup: (options) => ask('addGroup', options),
    async insertRows({ count, perTransaction }) {
      const path = join(folder, 'rows.db');
      return toLoadResult(await ask<readonly number[]>('insertRows', { path, count, perTransaction }));
    },
    openSessions: (options) => ask('openSessions', options),
    openAppCookies: (options) => ask('openAppCookies', options),
    settle: () => ask('settle'),
    async restart() {
      await ask('stop');
      await end(child);
      child = start();
      port = await answerOf<number>(child);
    },
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

/** The next message of the process; throws when it ends instead, or says that it failed. */
async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  const waiting = new AbortController();
  const { signal } = waiting;
  try {
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error('The measured process ended.');
    });
    const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [
      { done?: Answer; failed?: string },
    ];
    if (message.failed !== undefined) throw new Error(message.failed);
    return message.done as Answer;
  } finally {
    waiting.abort();
  }
}
