/** The globals of a test file: the process's own (docs/decisions/0024). Gives back what jest changes of them for a file. */
const { ModuleMocker } = require('jest-mock');

const { exit } = process;
const { console } = globalThis;

module.exports = class NativeEnvironment {
  global = globalThis;
  moduleMocker = new ModuleMocker(globalThis);
  fakeTimers = null;
  fakeTimersModern = null;

  async setup() {
    // Jest's own reading of source maps knows none of tsx's; Node's does.
    delete Error.prepareStackTrace;
  }

  async teardown() {
    process.exit = exit;
    globalThis.console = console;
  }

  getVmContext() {
    return null;
  }

  exportConditions() {
    return [];
  }
};
