// Makes the indexes exist before the first request, and keeps this program away from a database that a newer one has written.
// What the indexes are stands beside the queries that use them.

import type { Connection, Model, mongo } from 'mongoose';
import { StorageError } from '../storage-error.ts';
import { isDuplicateKey } from './mongo-errors.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

/** Raised with every change of the documents that an older program could not read. */
const schemaVersion = 1;

type IndexDescription = mongo.IndexDescription;

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
  await Promise.all(models.map(createIndexes));
  if (found === null) await versions.insertOne({ _id: 'schema', version: schemaVersion }).catch(unlessThere);
}

/** All of a collection's in one command; those that are there already stay. */
async function createIndexes(model: Model<never>): Promise<void> {
  const indexes = model.schema.indexes().map(([key, options]) => ({ key, ...options }) as IndexDescription);
  if (indexes.length > 0) await model.collection.createIndexes(indexes);
}

/** Two nodes may start on an empty database at once. */
function unlessThere(error: unknown): void {
  if (!isDuplicateKey(error)) throw error;
}
