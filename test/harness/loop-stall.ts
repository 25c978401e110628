// How long the event loop stood still: the one duration that tests assert (gate.md 11).

/** Milliseconds; on a shared machine of a build service others take the processor away. */
export const stallLimitMs = process.env['CI'] === undefined ? 50 : 250;

const tickMs = 2;

export interface LoopStall {
  /** The longest gap between two turns of the loop since `reset`, up to this moment. */
  worst(): number;
  reset(): void;
  stop(): void;
}

export function watchLoopStall(): LoopStall {
  let last = performance.now();
  let longest = 0;
  const lap = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const timer = setInterval(lap, tickMs);
  return {
    worst() {
      lap();
      return longest;
    },
    reset() {
      last = performance.now();
      longest = 0;
    },
    stop: () => clearInterval(timer),
  };
}

/** Runs `work` and fails if it stalls the loop every time: another process may take the processor away, a slow input is slow each time. */
export async function withoutStall(stall: LoopStall, work: () => Promise<void>): Promise<void> {
  const seen: number[] = [];
  for (let tries = 0; tries < 4; tries += 1) {
    stall.reset();
    await work();
    seen.push(stall.worst());
    if (Math.min(...seen) < stallLimitMs) return;
  }
  throw new Error(`the event loop stood still: ${seen.map((ms) => ms.toFixed(0)).join(', ')} ms`);
}

/** Runs what keeps the loop to itself; fails if it takes the limit every time. Answers what it answers. */
export function promptly<Result>(run: () => Result): Result {
  const seen: number[] = [];
  for (;;) {
    const start = performance.now();
    const result = run();
    seen.push(performance.now() - start);
    if (Math.min(...seen) < stallLimitMs) return result;
    if (seen.length === 4) throw new Error(`kept the event loop for ${seen.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  }
}
