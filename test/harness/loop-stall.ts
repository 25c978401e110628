// How long the event loop stood still: the one duration that tests assert (gate.md 11). What counts is the time that this thread computed or
// waited for a disk. Time in which it could have run, and the processor was somebody else's, is no standstill of ours and is left out.

import { openSync, readSync } from 'node:fs';

/** Milliseconds; on a shared machine of a build service others slow the processor down. */
export const stallLimitMs = process.env['CI'] === undefined ? 50 : 250;

const tickMs = 2;

/** How long the main thread has been kept from running since it began, milliseconds; where the system does not tell, 0. */
const keptWaiting = createDelayReader();

interface Moment {
  readonly at: number;
  readonly waited: number;
}

const now = (): Moment => ({ at: performance.now(), waited: keptWaiting() });
const since = (then: Moment, at: Moment): number => Math.max(0, at.at - then.at - (at.waited - then.waited));

export interface LoopStall {
  /** The longest gap between two turns of the loop since `reset`, up to this moment. */
  worst(): number;
  reset(): void;
  stop(): void;
}

export function watchLoopStall(): LoopStall {
  let last = now();
  let longest = 0;
  const lap = (): void => {
    const at = now();
    longest = Math.max(longest, since(last, at));
    last = at;
  };
  const timer = setInterval(lap, tickMs);
  return {
    worst() {
      lap();
      return longest;
    },
    reset() {
      last = now();
      longest = 0;
    },
    stop: () => clearInterval(timer),
  };
}

/**
 * Runs `work` and fails if it stalls the loop every time: a collection of garbage may fall into one run, a slow input is slow each time. What is
 * quicker for having been done before, as a write is, needs `prepare` to make it new, which is not measured. Answers how often it was run.
 */
export async function withoutStall(
  stall: LoopStall,
  work: () => Promise<void>,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const seen: number[] = [];
  while (seen.length < 4) {
    await prepare();
    stall.reset();
    await work();
    seen.push(stall.worst());
    if (Math.min(...seen) < stallLimitMs) return seen.length;
  }
  throw new Error(`the event loop stood still: ${seen.map((ms) => ms.toFixed(0)).join(', ')} ms`);
}

/** Runs what keeps the loop to itself; fails if it takes the limit every time. Answers what it answers. */
export function promptly<Result>(run: () => Result): Result {
  const begun = performance.now();
  const result = run();
  // Nearly always: what must be asked of the system costs more than most of what is measured.
  if (performance.now() - begun < stallLimitMs) return result;
  const seen: number[] = [];
  while (seen.length < 4) {
    const start = now();
    run();
    seen.push(since(start, now()));
    if (Math.min(...seen) < stallLimitMs) return result;
  }
  throw new Error(`kept the event loop for ${seen.map((ms) => ms.toFixed(0)).join(', ')} ms`);
}

/** Linux: the second number of a thread's `schedstat` is the time it waited on a run queue, in nanoseconds. */
function createDelayReader(): () => number {
  const text = Buffer.alloc(128);
  try {
    const file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    const read = (): number =>
      Number(text.toString('latin1', 0, readSync(file, text, 0, text.length, 0)).split(' ')[1]) / 1e6;
    if (!Number.isFinite(read())) return () => 0;
    return read;
  } catch {
    return () => 0;
  }
}
