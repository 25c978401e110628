// How far long work is, for whoever watches: a bar on standard error, and nothing where nobody does.

import { SingleBar } from 'cli-progress';
import type { Terminal } from './terminal.ts';

export interface Progress {
  show(done: number, total: number): void;
  stop(): void;
}

export function createProgress({ isWatched = false }: Terminal, unit: string): Progress {
  if (!isWatched) return { show: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    format: `{bar} {percentage}% {value} of {total} ${unit}, {eta_formatted} left`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
  });
  let isStarted = false;
  return {
    show(done, total) {
      if (isStarted) {
        bar.setTotal(total);
        bar.update(done);
      } else {
        bar.start(total, done);
        isStarted = true;
      }
    },
    stop() {
      if (isStarted) bar.stop();
    },
  };
}
