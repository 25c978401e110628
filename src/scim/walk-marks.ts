// Where a client that walks a list by index stands. An index alone means passing over all rows before it, at every page; with the row that ended
// the page before, the next page costs what the first one did, and rows deleted meanwhile do not make the walk skip others. In memory, for a
// minute: a page without a mark is found by its index.

import type { CredentialId } from '#directory/identifiers.ts';

export interface WalkPlace {
  readonly credential: CredentialId;
  readonly resourceType: string;
  /** From 1, of the first row of the page. */
  readonly startIndex: number;
}

export interface WalkMarks {
  /** The id of the row before this page, if this client was just answered it. */
  find(place: WalkPlace): string | undefined;
  /** The page at `place` follows the row `id`. */
  put(place: WalkPlace, id: string): void;
}

const goodForMs = 60_000;
const mostMarks = 1_000;

export function createWalkMarks(now: () => number): WalkMarks {
  const marks = new Map<string, { readonly id: string; readonly at: number }>();
  const nameOf = ({ credential, resourceType, startIndex }: WalkPlace): string =>
    `${resourceType} ${startIndex} ${credential}`;
  return {
    find(place) {
      const mark = marks.get(nameOf(place));
      return mark !== undefined && Math.abs(now() - mark.at) <= goodForMs ? mark.id : undefined;
    },
    put(place, id) {
      const name = nameOf(place);
      // The newest stand last, so that the one that goes is the oldest.
      marks.delete(name);
      marks.set(name, { id, at: now() });
      const [oldest] = marks.keys();
      if (marks.size > mostMarks && oldest !== undefined) marks.delete(oldest);
    },
  };
}
