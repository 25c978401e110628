// While one call is under way, those that come are gathered and go together when it ends. Whoever comes alone goes at once.

/** Answers, for each item, the promise of its own outcome; throws for all of them. */
export type Together<Item, Result> = (items: readonly Item[]) => Promise<readonly Promise<Result>[]>;

/** A call that does not answer holds up those behind it no longer than this. Milliseconds. */
const patienceMs = 100;
const mostTogether = 100;

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (outcome: Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls of one `key` are gathered, those of others are not waited for. */
export function gatherCalls<Item, Result>(
  together: Together<Item, Result>,
): (key: string, item: Item) => Promise<Result> {
  const queues = new Map<string, Waiting<Item, Result>[]>();

  async function go(some: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const outcomes = await together(some.map(({ item }) => item));
      for (const [n, { resolve, reject }] of some.entries()) {
        const outcome = outcomes[n];
        if (outcome === undefined) reject(new Error('a gathered call was left without an outcome'));
        else resolve(outcome);
      }
      await Promise.allSettled(outcomes);
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  async function run(key: string, queue: Waiting<Item, Result>[]): Promise<void> {
    while (queue.length > 0) {
      const late = pause(patienceMs);
      await Promise.race([go(queue.splice(0, mostTogether)), late.over]);
      late.cancel();
    }
    queues.delete(key);
  }

  return (key, item) =>
    new Promise<Result>((resolve, reject) => {
      const waiting = { item, resolve, reject };
      const queue = queues.get(key);
      if (queue !== undefined) {
        queue.push(waiting);
        return;
      }
      const own = [waiting];
      queues.set(key, own);
      void run(key, own);
    });
}

function pause(ms: number): { readonly over: Promise<void>; readonly cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return { over, cancel: () => clearTimeout(timer) };
}
