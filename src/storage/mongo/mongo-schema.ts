// Makes the indexes exist before the first request, and keeps this program away from a database that a newer one has written.
// What the indexes are stands beside the queries that use them.

import type { Connection, Model, mongo } from 'mongoose';
import { StorageError } from '../storage-error.ts';
import { isDuplicateKey } from './mongo-errors.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';
import { toStoredKey } from './mongo-user-document.ts';

/** Raised with every change of the documents that an older program could not read or keep up. */
const schemaVersion = 3;

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
  else if (found.version < schemaVersion) {
    if (found.version < 2) await addEmployeeNumberKeys(connection);
    await versions.updateOne({ _id: 'schema' }, { $set: { version: schemaVersion } });
  }
}

/** Version 3 changes no document: budgets are seats charged to departments, which an older program would not give back. Version 2: users are found by their employee number, too. Doing it again changes nothing. */
async function addEmployeeNumberKeys(connection: Connection): Promise<void> {
  const users = connection.collection<{
    _id: string;
    keys: string[];
    profile: { enterprise: { employeeNumber: string } };
  }>('users');
  const numbered = { 'profile.enterprise.employeeNumber': { $type: 'string' }, deletedAt: null } as const;
  const found = users.find(numbered, { projection: { 'profile.enterprise.employeeNumber': 1 } });
  for await (const { _id, profile } of found) {
    const key = toStoredKey({ kind: 'employeeNumber', value: profile.enterprise.employeeNumber });
    await users.updateOne({ _id }, { $addToSet: { keys: key } });
  }
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
