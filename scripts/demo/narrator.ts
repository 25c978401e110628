// Tells the demo's story on the terminal: what happened, and when, in milliseconds since the chapter began.

import { styleText } from 'node:util';

export interface Narrator {
  chapter(title: string): void;
  /** One line: what was done or seen. */
  tell(text: string): void;
  /** A line that must be true: the demo ends with 1 when one was not. */
  check(text: string, holds: boolean): void;
  /** Runs `act` and tells how long it took. */
  timed<Result>(text: string, act: () => Promise<Result>): Promise<Result>;
  readonly failures: number;
}

export function createNarrator(write: (line: string) => void): Narrator {
  let failures = 0;
  const line = (mark: string, text: string): void => write(`  ${mark} ${text}\n`);
  return {
    chapter(title) {
      write(`\n${styleText('bold', title)}\n`);
    },
    tell: (text) => line(' ', text),
    check(text, holds) {
      if (!holds) failures += 1;
      line(holds ? styleText('green', '✓') : styleText('red', '✗'), text);
    },
    async timed(text, act) {
      const started = performance.now();
      const result = await act();
      line(' ', `${text} ${styleText('dim', `(${(performance.now() - started).toFixed(1)} ms)`)}`);
      return result;
    },
    get failures() {
      return failures;
    },
  };
}
