// Models without mongoose's schema types: the type checker spends ten seconds comparing those, and what a document is stands in the
// interface beside each model. What the models are, and the queries that use them, stands in one file per port.

import { type Connection, type Model, Schema } from 'mongoose';

interface PlainSchema {
  index(
    fields: Readonly<Record<string, 1 | -1>>,
    options: { readonly name: string; readonly unique?: boolean },
  ): unknown;
}

interface PlainSchemaOptions {
  readonly collection: string;
  readonly versionKey: false;
  /** Off: an empty object is kept as it is. */
  readonly minimize?: false;
}

/** mongoose's schema class with types that cost nothing. */
export const DocumentSchema = Schema as unknown as new (
  definition: Readonly<Record<string, unknown>>,
  options: PlainSchemaOptions,
) => PlainSchema;

/** Declares the model of documents that look like `Document`. */
export function defineModel<Document>(connection: Connection, name: string, schema: PlainSchema): Model<Document> {
  return connection.model(name, schema as never) as unknown as Model<Document>;
}
