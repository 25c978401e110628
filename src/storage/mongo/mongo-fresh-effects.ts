// Where this program's own writes left effects just now, so that the relay need not ask every collection after each of them. A hint only: what it
// misses (another node's, a crash's, a postponed one) is found by the look everywhere that comes every second.

export interface FreshEffects {
  /** The same call; once it is done, the collection is looked at. `carries` says whether the call brought effects. */
  watched<Parts extends readonly unknown[], Result>(
    collection: string,
    call: (...parts: Parts) => Promise<Result>,
    carries: (...parts: Parts) => boolean,
  ): (...parts: Parts) => Promise<Result>;
  note(collection: string): void;
  /** What was noted since; forgotten with the answer. */
  take(): readonly string[];
}

export function createFreshEffects(): FreshEffects {
  const noted = new Set<string>();
  return {
    watched:
      (collection, call, carries) =>
      async (...parts) => {
        try {
          return await call(...parts);
        } finally {
          // Also where the answer was lost: the write may have been carried out.
          if (carries(...parts)) noted.add(collection);
        }
      },
    note: (collection) => void noted.add(collection),
    take() {
      const collections = [...noted];
      noted.clear();
      return collections;
    },
  };
}
