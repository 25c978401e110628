// Looks at an organisation's seats soon after they moved, once for many movements: who changed them does not wait for it.

import type { OrganizationId } from '#directory/identifiers.ts';

export interface SeatWatch {
  /** Seats of this organisation have moved, or what is licensed. Never throws. */
  note(id: OrganizationId): void;
  /** What was noted is looked at now. */
  finish(): Promise<void>;
}

/** What comes within this time is one. */
const gatherMs = 250;

export function createSeatWatch(
  look: (id: OrganizationId) => Promise<void>,
  reportTrouble: (message: string, error: unknown) => void,
): SeatWatch {
  const moved = new Set<OrganizationId>();
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> = Promise.resolve();

  async function lookAtAll(): Promise<void> {
    timer = null;
    const ids = [...moved];
    moved.clear();
    try {
      for (const id of ids) await look(id);
    } catch (error) {
      // The sweep comes to it.
      reportTrouble('the thresholds of seats could not be looked at', error);
    }
  }

  return {
    note(id) {
      moved.add(id);
      timer ??= setTimeout(() => {
        looking = looking.then(lookAtAll);
      }, gatherMs).unref();
    },
    async finish() {
      if (timer !== null) clearTimeout(timer);
      await looking;
      if (moved.size > 0) await lookAtAll();
    },
  };
}
