/** The globals of a test file: the process's own (docs/decisions/0024). Gives back what jest changes of them for a file. */
const { ModuleMocker } = require('jest-mock');

const { exit } = process;
const { console } = globalThis;

// When jest has no more files for a worker it listens to it no longer and waits for it to run dry; what a process keeps for its next file would not.
process.on('removeListener', (event) => {
  if (event === 'message' && process.connected) exit(0);
});

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
