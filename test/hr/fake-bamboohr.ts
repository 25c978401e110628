// BambooHR as documented, played by nock: change tracking, the list of employees with its cursor, time-off requests; and its ways of saying no.

import nock from 'nock';

export interface FakeEmployee {
  readonly id: string;
  readonly employeeNumber: string | null;
  readonly status: 'Active' | 'Inactive' | null;
  readonly hireDate?: string;
  readonly terminationDate?: string;
  readonly changedAt?: string;
  /** Fields that the key may not read. */
  readonly restricted?: readonly string[];
}

export interface FakeTimeOff {
  readonly id: string;
  readonly employeeId: string;
  readonly status: string;
  readonly start: string;
  readonly end: string;
  readonly type?: { readonly id: string; readonly name: string };
}

export interface FakeBamboo {
  employees: FakeEmployee[];
  timeOff: FakeTimeOff[];
  pageSize: number;
  /** Answers instead, while it gives one. */
  trouble: (path: string) => readonly [status: number, body: string, headers?: Record<string, string>] | null;
  /** Paths as asked, with their query decoded. */
  readonly asked: string[];
  readonly authorizations: Set<string>;
}

export const bambooOrigin = 'https://acme.bamboohr.com';

/** Until `nock.cleanAll()`. */
export function playBamboo(): FakeBamboo {
  const fake: FakeBamboo = {
    employees: [],
    timeOff: [],
    pageSize: 250,
    trouble: () => null,
    asked: [],
    authorizations: new Set(),
  };
  nock(bambooOrigin)
    .persist()
    .get(/.*/)
    .reply(function (path) {
      const url = new URL(path, bambooOrigin);
      fake.asked.push(decodeURIComponent(path));
      fake.authorizations.add(String(this.req.headers['authorization']));
      const trouble = fake.trouble(decodeURIComponent(path));
      if (trouble !== null) return [...trouble];
      return [200, answerOf(fake, url), { 'Content-Type': 'application/json' }];
    });
  return fake;
}

function answerOf(fake: FakeBamboo, { pathname, searchParams }: URL): object {
  switch (pathname) {
    case '/api/v1/employees/changed': {
      const since = Date.parse(searchParams.get('since') ?? '');
      const changed = fake.employees.filter(({ changedAt = '1970-01-01T00:00:00Z' }) => Date.parse(changedAt) >= since);
      const rows = changed.map(({ id, changedAt }) => [id, { id, action: 'Updated', lastChanged: changedAt }]);
      return { latest: '2027-01-15T00:00:00+00:00', employees: rows.length === 0 ? [] : Object.fromEntries(rows) };
    }
    case '/api/v1/employees':
      return pageOf(fake, searchParams);
    case '/api/v1/time_off/requests':
      return fake.timeOff.map(toRequest);
    default:
      return { error: 'no such thing' };
  }
}

function pageOf({ employees, pageSize }: FakeBamboo, query: URLSearchParams): object {
  const ids = query.get('filter[ids]')?.split(',');
  const chosen = ids === undefined ? employees : employees.filter(({ id }) => ids.includes(id));
  const from = Number(query.get('page[after]') ?? 0);
  const data = chosen.slice(from, from + pageSize).map(({ id, changedAt: _changed, restricted = [], ...employee }) => ({
    employeeId: id,
    firstName: 'A',
    lastName: 'B',
    ...employee,
    _restrictedFields: restricted,
  }));
  const nextCursor = from + pageSize < chosen.length ? String(from + pageSize) : null;
  return { data, meta: { page: { nextCursor, prevCursor: null } }, _links: { next: null } };
}

function toRequest({ id, employeeId, status, start, end, type = { id: '78', name: 'Parental' } }: FakeTimeOff): object {
  return {
    id,
    employeeId,
    status: { lastChanged: '2027-01-10', lastChangedByUserId: '2', status },
    name: 'A B',
    start,
    end,
    created: '2027-01-09',
    type: { ...type, icon: 'baby' },
    amount: { unit: 'days', amount: '20' },
    dates: { [start]: '1' },
    notes: { employee: 'private' },
  };
}
