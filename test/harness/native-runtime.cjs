/**
 * How a test file is loaded: by Node itself, as the program is, and not into a sandbox of jest's (docs/decisions/0024). What the files of one worker
 * import is loaded once and stays compiled; the file itself is loaded each time. Leaves globals to native-environment.cjs and types to tsx.
 */
const { pathToFileURL } = require('node:url');
const { default: Runtime } = require('jest-runtime');

let files = 0;

module.exports = class NativeRuntime extends Runtime {
  unstable_shouldLoadAsEsm() {
    return true;
  }

  unstable_importModule(path) {
    files += 1;
    return import(`${pathToFileURL(path).href}?file=${files}`);
  }

  /** What collects and runs tests is made anew for each file, so that none inherits another's hooks. */
  requireInternalModule(path) {
    delete require.cache[path];
    return require(path);
  }
};
