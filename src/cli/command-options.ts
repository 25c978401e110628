// What many commands have in common: which organisation, and whether a script reads the answer.

import type { Command } from 'commander';
import { UsageError } from './exit-code.ts';

export interface CommonOptions {
  readonly org: string;
  readonly json?: boolean;
}

/** Adds `--json`. */
export function withJson(command: Command): Command {
  return command.option('--json', 'write the answer as JSON');
}

/** Adds `--org` and `--json`. */
export function withOrganization(command: Command): Command {
  return withJson(command.option('--org <id>', 'organisation', 'default'));
}

/** A whole number, or `UsageError`. */
export function toCount(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${name} must be a whole number.`);
  return Number(text);
}

/** A number of seats, or `unlimited`. */
export function toSeats(text: string, name: string): number | null {
  return text === 'unlimited' ? null : toCount(text, `${name}, if not "unlimited",`);
}

/** For options that may be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
