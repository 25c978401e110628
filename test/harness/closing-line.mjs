/** A jest reporter: the closing line `jest: N passed, N failed, N skipped`, after everything else jest prints. */
export default class ClosingLine {
  onRunComplete(_contexts, results) {
    // A file that cannot even be loaded has no tests to count, and must not look like success.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    process.once('exit', () => {
      process.stderr.write(`jest: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
    });
  }
}
