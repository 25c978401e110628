// The gate: letting somebody in, and the question asked at every request after that.

import type { Benchmark } from './benchmark.ts';
import { prepareGateRequests } from './gate-requests.ts';
import { prepareSignInCases } from './sign-in-cases.ts';

export const gateBenchmark: Benchmark = {
  name: 'gate',
  sentence: '/sso/session and /gate/forward-auth with a live session; sign-ins by OIDC and SAML',
  async prepare(server, people) {
    const { session, forwardAuth, forwardAuthSigned } = await prepareGateRequests(server, people);
    return [
      { name: 'session', request: session },
      { name: 'forward-auth', request: forwardAuth },
      { name: 'forward-auth, signed header', request: forwardAuthSigned },
      ...(await prepareSignInCases(server, people)),
    ];
  },
};
