// The options as a flat list: walks the schema, so that names and sentences are written in one place only.

import { z } from 'zod';
import { configSchema } from './config-schema.ts';
import { optionWords, type OptionWords } from './options.ts';

export interface Option extends OptionWords {
  /** Keys from the root, for example `['limits', 'scim', 'burst']`. */
  readonly path: readonly string[];
  /** The value without configuration; undefined when there is none. */
  readonly fallback: unknown;
}

/** Every option in the order of the schema. */
export function listOptions(): readonly Option[] {
  return [...optionsOf(configSchema, [])];
}

function* optionsOf(schema: z.core.$ZodType, path: readonly string[]): Generator<Option> {
  const words = optionWords.get(schema);
  if (words !== undefined) {
    yield { ...words, path, fallback: schema instanceof z.ZodDefault ? schema.parse(undefined) : undefined };
    return;
  }
  const object = schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(object instanceof z.ZodObject)) throw new TypeError(`The option ${path.join('.')} has no words.`);
  for (const [key, part] of Object.entries(object.shape as Record<string, z.core.$ZodType>))
    yield* optionsOf(part, [...path, key]);
}
