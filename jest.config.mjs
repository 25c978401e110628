/** Jest runs the TypeScript sources as native ES modules; swc strips the types. One MongoDB is started per run. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['furlough-source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', experimental: { keepImportAttributes: true } },
        module: { type: 'es6' },
      },
    ],
  },
  // Compiled copies of the package carry its name, too.
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  globalSetup: '<rootDir>/test/harness/global-setup.mjs',
  globalTeardown: '<rootDir>/test/harness/global-teardown.mjs',
  reporters: ['default', '<rootDir>/test/harness/closing-line.mjs'],
  testTimeout: 60_000,
  // One more than the cores of a small machine: suites that wait for other processes and for clocks would leave one idle.
  maxWorkers: 3,
  workerIdleMemoryLimit: '1200MB',
};
