// Where a noun's file adds its commands.

import type { Command } from 'commander';
import type { ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** What a noun's file needs to add its commands. */
export interface CommandPlace {
  readonly program: Command;
  readonly terminal: Terminal;
  /** For a command that is done but whose outcome is not 0. */
  readonly endWith: (code: ExitCode) => void;
}
