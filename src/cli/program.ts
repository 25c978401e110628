// The program `furlough`: its commands, its options, and the exit code of every outcome (surface.md, "CLI").

import { Command, CommanderError } from 'commander';
import { version } from '../version.ts';
import { addAppCommands } from './app-commands.ts';
import { addAuditCommands } from './audit-commands.ts';
import { addConnectionCommands } from './connection-commands.ts';
import { addCredentialCommands } from './credential-commands.ts';
import { addDomainCommands } from './domain-commands.ts';
import { describeFailure, exitCodeOf, exitCodes, type ExitCode } from './exit-code.ts';
import { addImportCommands } from './import-commands.ts';
import { addLeaveCommands } from './leave-commands.ts';
import { addNoticeCommands } from './notice-commands.ts';
import { addOrganizationCommands } from './organization-commands.ts';
import { addSeatCommands } from './seat-commands.ts';
import { addServerCommands } from './server-commands.ts';
import { addSessionCommands } from './session-commands.ts';
import { createTerminal, type Terminal } from './terminal.ts';
import type { CommandPlace } from './command-place.ts';
import { addUserCommands } from './user-commands.ts';

/** Parses and runs; answers the exit code. Never throws and never exits by itself. */
export async function runCli(argv: readonly string[], terminal: Terminal = createTerminal()): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const program = createProgram(terminal, (other) => {
    code = other;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.wrongUse;
    terminal.talk(describeFailure(error));
    return exitCodeOf(error);
  }
}

function createProgram(terminal: Terminal, endWith: (code: ExitCode) => void): Command {
  const program = new Command('furlough')
    .description(
      'When an account is switched off, the person is out, everywhere, at once; the seat is free, the data stays.',
    )
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.result(text.trimEnd()),
      writeErr: (text) => terminal.talk(text.trimEnd()),
    })
    .showSuggestionAfterError();
  const place: CommandPlace = { program, terminal, endWith };
  addServerCommands(place);
  addOrganizationCommands(place);
  addCredentialCommands(place);
  addConnectionCommands(place);
  addDomainCommands(place);
  addAppCommands(place);
  addUserCommands(place);
  addSessionCommands(place);
  addLeaveCommands(place);
  addImportCommands(place);
  addSeatCommands(place);
  addNoticeCommands(place);
  addAuditCommands(place);
  return program;
}
