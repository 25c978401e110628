// Jobs that come back by the clock, and those that are wanted sooner.

import { type BackgroundJobs, createBackgroundJobs } from '#background-jobs.ts';
import type { Storage } from '#storage/storage.ts';
import { describeOnBothStorages } from './harness/both-storages.ts';
import { eventually } from './harness/eventually.ts';

const hour = 3_600_000;

describeOnBothStorages('background jobs', (open) => {
  const started: BackgroundJobs[] = [];
  afterEach(async () => {
    for (const jobs of started.splice(0)) await jobs.stop();
  });

  const troubles: string[] = [];
  beforeEach(() => void troubles.splice(0));
  const prepare = (storage: Storage, holder: string, run: () => Promise<void>): BackgroundJobs => {
    const list = [{ name: 'work', everyMs: hour, run }];
    const jobs = createBackgroundJobs(list, storage.leases, holder, (message) => void troubles.push(message));
    started.push(jobs);
    return jobs;
  };

  test('a job that is wanted sooner runs long before its time, and again when it was wanted while it ran', async () => {
    let runs = 0;
    let release: (() => void) | undefined;
    const jobs = prepare(await open(), 'one', async () => {
      runs += 1;
      if (runs === 2) await new Promise<void>((resolve) => (release = resolve));
    });
    jobs.start();
    await eventually(() => runs === 1);
    jobs.soon('work');
    await eventually(() => release !== undefined);
    jobs.soon('work');
    jobs.soon('work');
    release?.();
    await eventually(() => runs === 3);
    expect(troubles).toEqual([]);
  });

  test('before the start nothing runs, after the stop neither, and another name is nobody’s', async () => {
    let runs = 0;
    const jobs = prepare(await open(), 'one', async () => void (runs += 1));
    jobs.soon('work');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(runs).toBe(0);
    jobs.start();
    await eventually(() => runs === 1);
    jobs.soon('nothing');
    jobs.soon('work');
    await jobs.stop();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([runs, troubles]).toEqual([1, []]);
  });

  test('wanted where another node has the lease: it does not run here', async () => {
    const storage = await open();
    const runs = { one: 0, two: 0 };
    const one = prepare(storage, 'one', async () => void (runs.one += 1));
    const two = prepare(storage, 'two', async () => void (runs.two += 1));
    one.start();
    await eventually(() => runs.one === 1);
    two.start();
    two.soon('work');
    one.soon('work');
    await eventually(() => runs.one === 2);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([runs.two, troubles]).toEqual([0, []]);
  });
});
