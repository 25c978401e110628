// While a test file runs, nock answers for other people's servers, and nothing else outside this machine is reached.

import { syncBuiltinESMExports } from 'node:module';
import nock from 'nock';

/** Declares it; what a test has set up is forgotten after the test by whoever set it up. */
export function reachNothingOutside(): void {
  // Loading nock switches it on, once in a process.
  beforeAll(() => {
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
    nock.enableNetConnect('127.0.0.1');
    // Whoever has imported `request` by its name has the one that nock put in its place, too.
    syncBuiltinESMExports();
  });
  afterAll(() => {
    nock.enableNetConnect();
    nock.restore();
    syncBuiltinESMExports();
  });
}
