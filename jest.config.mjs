/** Jest runs the TypeScript sources as Node loads them, without a sandbox (docs/decisions/0024). One MongoDB is started per run. */
export default {
  testEnvironment: '<rootDir>/test/harness/native-environment.cjs',
  runtime: '<rootDir>/test/harness/native-runtime.cjs',
  transform: {},
  // Compiled copies of the package carry its name, too.
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testSequencer: '<rootDir>/test/harness/longest-first.cjs',
  globalSetup: '<rootDir>/test/harness/global-setup.mjs',
  globalTeardown: '<rootDir>/test/harness/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/harness/closing-line.mjs'],
  // Full counts take longer, and more of them are asked of the MongoDB-compatible server.
  testTimeout: process.env.FURLOUGH_TEST_SCALE === 'full' ? 300_000 : 60_000,
  // One more than the cores of a small machine: suites that wait for other processes and for clocks would leave one idle.
  maxWorkers: 3,
  workerIdleMemoryLimit: '1200MB',
};
