/**
 * What a test file asks for when it needs MongoDB: the run's servers, a fresh database of its own, a proxy.
 * Leaves finding and starting the servers to global-setup.mjs (once per run) and mongo-server.ts.
 */
import { randomBytes } from 'node:crypto';
import type { MongoServerKind } from './mongo-server.ts';
import { withDatabase } from './mongo-uri.ts';

export type TestMongo = {
  readonly kind: MongoServerKind;
  readonly uri: string;
  /** A connection string for a database nobody else uses. */
  freshDatabaseUri(): string;
};

/** Under this name global-setup.mjs hands the run's servers to the test processes, as JSON. */
export const serversVariable = 'FURLOUGH_TEST_MONGO_SERVERS';

/** Every database of this run begins so; global-teardown.mjs drops them where the server outlives the run. */
const prefix = process.env['FURLOUGH_TEST_DATABASES'] ?? 'furlough_test_';

/** The run's MongoDB, or undefined where the machine offers none (never under CI=true: the run fails there). */
export const testMongo: TestMongo | undefined = readServers()[0];

/** All of the run's servers: two in a long run where FerretDB stands beside the first as a second opinion. */
export const testMongos: readonly TestMongo[] = readServers();

/** `describe`, for what needs MongoDB: reported as skipped where there is none, after a loud word at the start of the run. */
export function describeWithMongo(name: string, suite: () => void): void {
  (testMongo ? describe : describe.skip)(name, suite);
}

/** The run's MongoDB, inside tests that `describeWithMongo` or `beforeAll` guards. */
export function requireTestMongo(): TestMongo {
  if (!testMongo) throw new Error('no MongoDB: set MONGODB_URI');
  return testMongo;
}

function readServers(): readonly TestMongo[] {
  const servers = JSON.parse(process.env[serversVariable] ?? '[]') as { kind: MongoServerKind; uri: string }[];
  return servers.map(({ kind, uri }) => ({
    kind,
    uri,
    freshDatabaseUri: () => withDatabase(uri, `${prefix}${randomBytes(6).toString('hex')}`),
  }));
}
