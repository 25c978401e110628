/**
 * Ends the servers global-setup.mjs started; they also end by themselves when the run is killed. On a server that was
 * given and lives on, the run's databases are dropped.
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import mongoose from 'mongoose';

export default async function tearDown() {
  await globalThis.furloughCloseStores?.();
  rmSync(dirname(process.env.FURLOUGH_TEST_RSA_KEYS), { recursive: true, force: true });
  for (const server of globalThis.furloughTestServers ?? []) {
    if (server.kind === 'given') await dropDatabases(server.uri);
    await server.close();
  }
}

async function dropDatabases(uri) {
  const client = await mongoose.mongo.MongoClient.connect(uri);
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    for (const { name } of databases) {
      if (name.startsWith(process.env.FURLOUGH_TEST_DATABASES)) await client.db(name).dropDatabase();
    }
  } finally {
    await client.close();
  }
}
