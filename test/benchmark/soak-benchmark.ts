// Ten minutes of the gate's daily work, minute by minute: whether the server's memory grows with what it has served.

import type { Benchmark, BenchmarkCase } from './benchmark.ts';
import { prepareGateRequests } from './gate-requests.ts';
import { applyLoad } from './load.ts';

const minutes = 10;

export const soakBenchmark: Benchmark = {
  name: 'soak',
  sentence: 'ten minutes of forward-auth and /sso/session: memory minute by minute',
  async prepare(server, people) {
    const { session, forwardAuth } = await prepareGateRequests(server, people);
    return Array.from(
      { length: minutes },
      (_, minute): BenchmarkCase => ({
        name: `minute ${minute + 1}`,
        collected: true,
        measure: () =>
          applyLoad({
            url: server.url,
            request: (n) => (n % 2 === 0 ? session(n) : forwardAuth(n)),
            expectedStatus: 200,
            seconds: 60,
          }),
      }),
    );
  },
};
