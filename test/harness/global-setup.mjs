/**
 * Starts the run's MongoDB, once, and hands its address to the test files; says which one it is. Makes the keys of spare-rsa-keys.ts.
 * Leaves the search to mongo-server.ts and the end to global-teardown.mjs.
 */
import { generateKeyPair, randomBytes } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tsImport } from 'tsx/esm/api';

const spareKeys = 24;

export default async function setUp() {
  process.env.FURLOUGH_TEST_RSA_KEYS = await writeSpareKeys();
  const { findMongoServerKind, startMongoServer } = await tsImport('./mongo-server.ts', import.meta.url);
  const servers = [];
  globalThis.furloughTestServers = servers;
  const kind = findMongoServerKind(process.env);
  if (kind === undefined) {
    const message = 'MongoDB: none found. Set MONGODB_URI, or put mongod, or a JDK and mvn, or go on the PATH.';
    if (process.env.CI === 'true') throw new Error(message);
    console.error(`\n${'*'.repeat(100)}\n${message}\nEvery test on MongoDB will be SKIPPED.\n${'*'.repeat(100)}\n`);
    return;
  }
  servers.push(await startMongoServer(kind, process.env));
  const isLong = process.env.FURLOUGH_TEST_SCALE === 'full';
  if (isLong && kind !== 'ferretdb' && findMongoServerKind({ PATH: process.env.PATH, MONGODB_URI: '' }) !== undefined) {
    const { isOnPath } = await tsImport('./mongo-builds.ts', import.meta.url);
    if (isOnPath('go', process.env)) servers.push(await startMongoServer('ferretdb', process.env));
  }
  for (const { description } of servers) console.error(`MongoDB: ${description}`);
  process.env.FURLOUGH_TEST_DATABASES = `furlough_test_${randomBytes(4).toString('hex')}_`;
  process.env.FURLOUGH_TEST_MONGO_SERVERS = JSON.stringify(servers.map(({ kind, uri }) => ({ kind, uri })));
}

/** Answers where they are; global-teardown.mjs removes them. */
async function writeSpareKeys() {
  const pairs = await Promise.all(
    Array.from({ length: spareKeys }, () => promisify(generateKeyPair)('rsa', { modulusLength: 2_048 })),
  );
  const path = join(mkdtempSync(join(tmpdir(), 'furlough-keys-')), 'rsa.json');
  const pems = pairs.map(({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(path, JSON.stringify(pems), { mode: 0o600 });
  return path;
}
