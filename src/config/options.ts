// What an option is: its zod schema, its name in the environment, its sentence, and whether it is a secret.
// The options themselves stand in config-schema.ts; reading files and environment is load-config.ts's business.

import { z } from 'zod';

export interface OptionWords {
  readonly env: string;
  /** What it does, in one sentence, for the example file and the docs. */
  readonly sentence: string;
  /** Also readable as `<env>_FILE`, never printed. */
  readonly secret?: boolean;
  /** What the example file shows when there is no default. */
  readonly example?: unknown;
  /** How the text of an environment variable becomes the value. */
  readonly fromText: (text: string) => unknown;
}

/** The words of every option, found by its schema. */
export const optionWords = z.registry<OptionWords>();

type Words = Omit<OptionWords, 'fromText'>;

/** A whole number within bounds. */
export function integerOption(words: Words & { readonly min: number; readonly max: number }, fallback: number) {
  const { min, max, ...rest } = words;
  const error = `must be a whole number from ${min} to ${max}`;
  const schema = z.int({ error }).min(min, { error }).max(max, { error });
  return schema.default(fallback).register(optionWords, { ...rest, fromText: toNumber });
}

/** Text with a default. */
export function textOption(words: Words, schema: z.ZodType<string, string>, fallback: string) {
  return schema.default(fallback).register(optionWords, { ...words, fromText: (text) => text });
}

/** Text that may be left out. */
export function optionalTextOption(words: Words, schema: z.ZodType<string, string>) {
  return schema.optional().register(optionWords, { ...words, fromText: (text) => text });
}

/** One word out of a list. */
export function choiceOption<const Choice extends readonly [string, ...string[]]>(
  words: Words,
  choices: Choice,
  fallback: Choice[number],
) {
  const schema = z.enum(choices, { error: `must be one of ${choices.join(', ')}` });
  return schema.default(fallback as never).register(optionWords, { ...words, fromText: (text) => text });
}

/** Yes or no. */
export function flagOption(words: Words, fallback: boolean) {
  const schema = z.boolean({ error: 'must be true or false' });
  return schema.default(fallback).register(optionWords, { ...words, fromText: toBoolean });
}

/** A list of texts; in the environment separated by commas. */
export function listOption(words: Words, element: z.ZodType<string, string>) {
  return z
    .array(element, { error: 'must be a list' })
    .default([])
    .register(optionWords, { ...words, fromText: toList });
}

/** Left as text when it is no number, so that the schema names the fault. */
function toNumber(text: string): unknown {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}

function toBoolean(text: string): unknown {
  const word = text.trim().toLowerCase();
  return word === 'true' ? true : word === 'false' ? false : text;
}

function toList(text: string): unknown {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
