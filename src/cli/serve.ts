// `furlough serve` and `npm start`: starts the server, tells what to do first, and stops it in order when asked to.

import { loadConfig } from '#config/load-config.ts';
import { createServer, type House } from '../server.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { keepHeapSmall } from './heap-growth.ts';
import type { Terminal } from './terminal.ts';

/** Runs until SIGTERM or SIGINT; answers the exit code. Throws `ConfigError`, `StorageError`, Node's error for a port that cannot be had. */
export async function serve(terminal: Terminal): Promise<ExitCode> {
  keepHeapSmall();
  const config = loadConfig(terminal.environment, terminal.folder);
  const server = createServer(config);
  const asked = waitForSignal();
  try {
    const { port, house } = await server.start();
    const origin = config.server.baseUrlGiven ? config.server.baseUrl : `http://localhost:${port}`;
    for (const line of openingWords(config.server.baseUrl, origin, house)) terminal.talk(line);
    await asked.first;
    asked.onSecond(() => process.exit(exitCodes.interrupted));
    return (await server.stop()) ? exitCodes.done : exitCodes.failed;
  } catch (error) {
    await server.stop();
    throw error;
  } finally {
    asked.forget();
  }
}

/** What is printed at start; more on the first one, when nobody can get in yet. With port 0 `origin` knows the port that `baseUrl` could not. */
export function openingWords(
  baseUrl: string,
  origin: string,
  { setUpLink }: Pick<House, 'setUpLink'>,
): readonly string[] {
  const lines = [...oldRuntimeWarning(process.versions.node), `Furlough is at ${origin}`];
  if (setUpLink === null) return lines;
  return [
    ...lines,
    '',
    ...setUpWords(setUpLink.replace(baseUrl, origin)),
    `SCIM base URL:  ${origin}/scim/v2`,
    `API reference:  ${origin}/api/docs`,
  ];
}

/** Whoever prepared an empty store hands on the link: it is in no other place. */
export function setUpWords(setUpLink: string): readonly string[] {
  return ['This store is new. The first administrator opens this link, once, within a day:', `  ${setUpLink}`];
}

function oldRuntimeWarning(node: string): readonly string[] {
  return Number(node.split('.')[0]) < 22
    ? [`Node ${node} gets no security fixes any more; use 22 or 24 in production.`]
    : [];
}

interface AskedToStop {
  readonly first: Promise<void>;
  onSecond(act: () => void): void;
  forget(): void;
}

/** The first signal stops in order, a second one at once. */
function waitForSignal(): AskedToStop {
  let count = 0;
  let second = (): void => {};
  let done = (): void => {};
  const first = new Promise<void>((resolve) => {
    done = resolve;
  });
  const onSignal = (): void => {
    count += 1;
    if (count === 1) done();
    else second();
  };
  const signals = ['SIGTERM', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    first,
    onSecond(act) {
      second = act;
    },
    forget() {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
