// Work that comes back by the clock: each job runs on one node at a time, under a lease of the store. server.ts fills the list from above.

import type { LeaseStore } from '#storage/lease-store.ts';

/** A sweep: idempotent, short, safe to run late, twice, or not at all for a while. */
export interface Job {
  readonly name: string;
  readonly everyMs: number;
  run(): Promise<void>;
}

export interface BackgroundJobs {
  start(): void;
  /** Runs every job once, now, whoever holds the lease: for commands and tests. */
  runAll(): Promise<void>;
  stop(): Promise<void>;
}

export function createBackgroundJobs(
  jobs: readonly Job[],
  leases: LeaseStore,
  holder: string,
  reportTrouble: (message: string, error: unknown) => void,
): BackgroundJobs {
  const timers: NodeJS.Timeout[] = [];
  const running = new Map<string, Promise<void>>();

  async function tick(job: Job): Promise<void> {
    if (running.has(job.name)) return;
    const work = (async () => {
      const lease = await leases.acquire(`job:${job.name}`, holder, Math.max(job.everyMs * 2, 30_000));
      if (lease !== null) await job.run();
    })().catch((error: unknown) => reportTrouble(`job ${job.name} failed`, error));
    running.set(job.name, work);
    await work;
    running.delete(job.name);
  }

  return {
    start() {
      for (const job of jobs) {
        void tick(job);
        timers.push(setInterval(() => void tick(job), job.everyMs).unref());
      }
    },
    async runAll() {
      for (const job of jobs) await job.run();
    },
    async stop() {
      for (const timer of timers) clearInterval(timer);
      await Promise.all(running.values());
      for (const job of jobs) {
        await leases
          .release(`job:${job.name}`, holder)
          .catch((error: unknown) => reportTrouble('lease not released', error));
      }
    },
  };
}
