// The question asked at every request of every app: may this session come in now? Directly, and as a reverse proxy asks it.

import type { Benchmark } from './benchmark.ts';

export const gateBenchmark: Benchmark = {
  name: 'gate',
  sentence: '/sso/session and /gate/forward-auth with a live session',
  async prepare(server, people) {
    const organization = 'default';
    const ids = await server.addUsers({ organization, count: people, active: true });
    const cookies = await server.openSessions({ organization, ids: ids.slice(0, 1_000) });
    const cookieOf = (n: number): string => cookies[n % cookies.length] ?? '';
    const forwarded = {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'localhost:1',
      'x-forwarded-uri': '/wiki',
    };
    return [
      { name: 'session', request: (n) => ({ path: '/sso/session', headers: { cookie: cookieOf(n) } }) },
      {
        name: 'forward-auth',
        request: (n) => ({ path: '/gate/forward-auth', headers: { cookie: cookieOf(n), ...forwarded } }),
      },
    ];
  },
};
