// Makes the indexes exist before the first request, and keeps this program away from a database that a newer one has written.
// What the indexes are stands beside the queries that use them.

import { type Connection, type Model } from 'mongoose';
import { StorageError } from '../storage-error.ts';
import { isDuplicateKey } from './mongo-errors.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

/** Raised with every change of the documents that an older program could not read. */
const schemaVersion = 1;

interface SchemaDocument {
  readonly _id: string;
  readonly version: number;
}

/** Throws `StorageError('incompatible')` for a database of a newer program. */
export async function prepareSchema(connection: Connection, models: readonly Model<never>[]): Promise<void> {
  const schema = new DocumentSchema(
    { _id: { type: String, required: true }, version: Number },
    { versionKey: false, collection: 'furlough' },
  );
  const versions = defineModel<SchemaDocument>(connection, 'furlough', schema);
  const found = await versions.findById('schema').lean<SchemaDocument>();
  if (found !== null && found.version > schemaVersion) {
    const versionsSaid = `version ${found.version}, this program reads up to ${schemaVersion}`;
    throw new StorageError('incompatible', `The database was written by a newer Furlough: ${versionsSaid}.`);
  }
  for (const model of models) await model.createIndexes();
  if (found === null) await versions.insertOne({ _id: 'schema', version: schemaVersion }).catch(unlessThere);
}

/** Two nodes may start on an empty database at once. */
function unlessThere(error: unknown): void {
  if (!isDuplicateKey(error)) throw error;
}
