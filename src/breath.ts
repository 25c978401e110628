// Lets the event loop turn between pieces of long work, so that the work of one request never holds up the others.

/** Resolves when the work may go on: mostly at once, and only after a turn of the loop where enough time went by since the last one. */
export type Breath = () => Promise<void> | undefined;

/**
 * A breath to be shared by all work of one kind: together they keep the loop for `afterMs` at a time, however many there are. While there is
 * nothing to wait for it costs a look at the clock.
 */
export function createBreath(afterMs: number): Breath {
  let turnedAt = performance.now();
  let turning: Promise<void> | undefined;
  return () => {
    if (turning === undefined && performance.now() - turnedAt < afterMs) return undefined;
    turning ??= new Promise((resolve) => {
      setImmediate(() => {
        turnedAt = performance.now();
        turning = undefined;
        resolve();
      });
    });
    return turning;
  };
}

/** For work that is done piece by piece: those who waited for the same turn go on one after another, each with time left. */
export async function waitForTurn(breathe: Breath): Promise<void> {
  for (let turn = breathe(); turn !== undefined; turn = breathe()) await turn;
}
