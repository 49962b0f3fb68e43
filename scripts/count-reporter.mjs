import { writeFileSync } from 'node:fs';

/** Leaves the closing line in the file that the caller names: a suite that could not run counts as a failure. */
export default class CountReporter {
  onRunComplete(_contexts, results) {
    const target = process.env.HARTO_TEST_COUNTS;
    if (!target) return;
    const skipped = results.numPendingTests + results.numTodoTests;
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    writeFileSync(target, line);
  }

  getLastError() {}
}
