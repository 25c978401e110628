// Work that goes on behind an answer, and that is waited for before the store is closed.

export interface LaterWork {
  /** Runs beside the caller; what it throws is reported. */
  begin(work: () => Promise<unknown>): void;
  /** Until nothing runs any more, what came meanwhile included. */
  finish(): Promise<void>;
}

export function createLaterWork(reportTrouble: (message: string, error: unknown) => void): LaterWork {
  const running = new Set<Promise<unknown>>();
  return {
    begin(work) {
      const going = work()
        .catch((error: unknown) => reportTrouble('work behind an answer failed', error))
        .finally(() => running.delete(going));
      running.add(going);
    },
    async finish() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
