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
  /** There is work for this job: it need not wait for its time. Does nothing before `start`. Never throws. */
  soon(name: string): void;
  /** Runs every job once, now, whoever holds the lease: for commands and tests. */
  runAll(): Promise<void>;
  stop(): Promise<void>;
}

/** What comes within this time is done together. */
const gatherMs = 20;

export function createBackgroundJobs(
  jobs: readonly Job[],
  leases: LeaseStore,
  holder: string,
  reportTrouble: (message: string, error: unknown) => void,
): BackgroundJobs {
  const timers: NodeJS.Timeout[] = [];
  const running = new Map<string, Promise<void>>();
  const hurried = new Map<string, NodeJS.Timeout>();

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
    soon(name) {
      const job = jobs.find((candidate) => candidate.name === name);
      if (job === undefined || timers.length === 0 || hurried.has(name)) return;
      const timer = setTimeout(() => {
        // A run that is under way may have looked too early.
        const before = running.get(name) ?? Promise.resolve();
        void before.then(() => {
          hurried.delete(name);
          if (timers.length > 0) void tick(job);
        });
      }, gatherMs);
      hurried.set(name, timer.unref());
    },
    async runAll() {
      for (const job of jobs) await job.run();
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      for (const timer of hurried.values()) clearTimeout(timer);
      await Promise.all(running.values());
      for (const job of jobs) {
        await leases
          .release(`job:${job.name}`, holder)
          .catch((error: unknown) => reportTrouble('lease not released', error));
      }
    },
  };
}
