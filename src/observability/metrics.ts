// The metrics by name (console.md 8). Counters are counted where things happen; gauges of the store are read at scrape time through `readValues`.
// Labels are few and never name a person.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface OrganizationValues {
  readonly organization: string;
  /** Null: unlimited, shown as +Inf. */
  readonly licensed: number | null;
  readonly used: number;
  readonly reserved: number;
  readonly waiting: number;
  /** Ledger minus counted holders: 0 unless something is wrong or a seat is moving right now. */
  readonly drift: number;
  /** Days until the first shortage the forecast saw; null: it saw none. */
  readonly shortageDays: number | null;
  /** How many users are in each status. */
  readonly users: Readonly<Record<string, number>>;
}

/** What the store says at the moment of a scrape. */
export interface ScrapedValues {
  readonly organizations: readonly OrganizationValues[];
  readonly effectBacklog: number;
  readonly deadLetters: number;
  /** People of whose leaves something has been due for more than a minute; 1,000 stands for that many or more. */
  readonly overdueLeaves: number;
}

export interface Metrics {
  readonly signInDecisions: Counter<'protocol' | 'outcome' | 'reason'>;
  readonly signInDuration: Histogram<'protocol'>;
  readonly sessionsRevoked: Counter<'cause'>;
  readonly scimRequests: Counter<'connection' | 'resource' | 'method' | 'code'>;
  readonly scimDuration: Histogram<'resource' | 'method'>;
  readonly httpDuration: Histogram<'http_request_method' | 'http_route' | 'http_response_status_code'>;
  readonly provisioningLogDropped: Counter;
  readonly deliveries: Counter<'kind' | 'outcome'>;
  readonly brakes: Counter<'connection' | 'outcome'>;
  readonly pulls: Counter<'connection' | 'outcome'>;
  readonly leaveTransitions: Counter<'kind' | 'outcome'>;
  readonly leaveTransitionLag: Histogram;
  /** Set when the schedule of leaves has run to its end. */
  readonly leavesRanAt: Gauge;
  /** Set by whoever verified a chain: 1 whole, 0 broken. */
  readonly auditChainOk: Gauge<'organization'>;
  readonly contentType: string;
  /** The page for Prometheus. When the store cannot be read its gauges are left out and `furlough_scrape_ok` is 0. */
  render(): Promise<string>;
}

export interface MetricsOptions {
  readonly version: string;
  readonly commit?: string;
  readonly readValues: () => Promise<ScrapedValues>;
}

const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const storeGauges = createStoreGauges(registry);
  const scrapeOk = new Gauge({
    name: 'furlough_scrape_ok',
    help: 'Whether the store could be read for this page.',
    registers,
  });
  const build = new Gauge({
    name: 'furlough_build_info',
    help: 'Version and commit.',
    labelNames: ['version', 'commit'],
    registers,
  });
  build.set({ version: options.version, commit: options.commit ?? 'unknown' }, 1);

  return {
    signInDecisions: new Counter({
      name: 'furlough_sign_in_decisions_total',
      help: 'Sign-ins decided, by protocol, outcome and reason code.',
      labelNames: ['protocol', 'outcome', 'reason'],
      registers,
    }),
    signInDuration: new Histogram({
      name: 'furlough_sign_in_decision_duration_seconds',
      help: 'From the answer of the identity provider to our decision.',
      labelNames: ['protocol'],
      buckets,
      registers,
    }),
    sessionsRevoked: new Counter({
      name: 'furlough_sessions_revoked_total',
      help: 'Sessions ended before their time, by cause.',
      labelNames: ['cause'],
      registers,
    }),
    scimRequests: new Counter({
      name: 'furlough_scim_requests_total',
      help: 'SCIM requests answered.',
      labelNames: ['connection', 'resource', 'method', 'code'],
      registers,
    }),
    scimDuration: new Histogram({
      name: 'furlough_scim_request_duration_seconds',
      help: 'Duration of SCIM requests.',
      labelNames: ['resource', 'method'],
      buckets,
      registers,
    }),
    httpDuration: new Histogram({
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP requests, by the part of the server that answered.',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
      buckets,
      registers,
    }),
    provisioningLogDropped: new Counter({
      name: 'furlough_provisioning_log_dropped_total',
      help: 'Entries of the provisioning log that found no place and were dropped.',
      registers,
    }),
    deliveries: new Counter({
      name: 'furlough_deliveries_total',
      help: 'Tries to tell an outside system something, by what and how the try ended.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    brakes: new Counter({
      name: 'furlough_brake_total',
      help: 'What brakes for mass change did: trips that hold or warn, and changes that were held.',
      labelNames: ['connection', 'outcome'],
      registers,
    }),
    pulls: new Counter({
      name: 'furlough_hr_pulls_total',
      help: 'Runs that fetched from an HR system, by how they ended.',
      labelNames: ['connection', 'outcome'],
      registers,
    }),
    leaveTransitions: new Counter({
      name: 'furlough_leave_transitions_total',
      help: 'Beginnings and ends of leaves that this process carried out, by kind and outcome.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    leaveTransitionLag: new Histogram({
      name: 'furlough_leave_transition_lag_seconds',
      help: 'How long after it was due a leave began or ended.',
      buckets: [1, 5, 15, 60, 300, 3_600, 86_400],
      registers,
    }),
    leavesRanAt: new Gauge({
      name: 'furlough_leaves_last_run_timestamp_seconds',
      help: 'When this process last carried out everything that was due of leaves; 0 where another one does it.',
      registers,
    }),
    auditChainOk: new Gauge({
      name: 'furlough_audit_chain_ok',
      help: 'Result of the last verification of the audit chain: 1 whole, 0 broken.',
      labelNames: ['organization'],
      registers,
    }),
    contentType: registry.contentType,
    async render() {
      storeGauges.clear();
      try {
        storeGauges.set(await options.readValues());
        scrapeOk.set(1);
      } catch {
        scrapeOk.set(0);
      }
      return registry.metrics();
    },
  };
}

function createStoreGauges(registry: Registry) {
  const registers = [registry];
  const perOrganization = (name: string, help: string) =>
    new Gauge({ name: `furlough_${name}`, help, labelNames: ['organization'], registers });
  const licensed = perOrganization('seats_licensed', 'Seats bought; +Inf without a limit.');
  const used = perOrganization('seats_used', 'Seats in use.');
  const reserved = perOrganization('seats_reserved', 'Seats kept for people who return from leave.');
  const waiting = perOrganization('seats_waiting', 'People who wait for a seat.');
  const drift = perOrganization('seats_drift', 'Ledger minus counted holders of seats; 0 unless something is wrong.');
  const shortage = perOrganization(
    'seat_shortage_days',
    'Days until the first day with too few seats that the forecast of the next weeks knows; 0 now, +Inf none.',
  );
  const users = new Gauge({
    name: 'furlough_users',
    help: 'People by status.',
    labelNames: ['organization', 'status'],
    registers,
  });
  const backlog = new Gauge({
    name: 'furlough_effect_backlog',
    help: 'Changes whose effects wait to be carried out.',
    registers,
  });
  const deadLetters = new Gauge({ name: 'furlough_dead_letters', help: 'Effects given up on.', registers });
  const overdueLeaves = new Gauge({
    name: 'furlough_leave_overdue',
    help: 'People of whose leaves something has been due for more than a minute.',
    registers,
  });
  const gauges = [licensed, used, reserved, waiting, drift, shortage, users, backlog, deadLetters, overdueLeaves];
  return {
    /** What could not be read must not look like an answer: labelled gauges vanish, the others are not a number. */
    clear(): void {
      for (const gauge of gauges) gauge.reset();
      backlog.set(Number.NaN);
      deadLetters.set(Number.NaN);
      overdueLeaves.set(Number.NaN);
    },
    set(values: ScrapedValues): void {
      for (const one of values.organizations) {
        const labels = { organization: one.organization };
        licensed.set(labels, one.licensed ?? Number.POSITIVE_INFINITY);
        used.set(labels, one.used);
        reserved.set(labels, one.reserved);
        waiting.set(labels, one.waiting);
        drift.set(labels, one.drift);
        shortage.set(labels, one.shortageDays ?? Number.POSITIVE_INFINITY);
        for (const [status, count] of Object.entries(one.users)) users.set({ ...labels, status }, count);
      }
      backlog.set(values.effectBacklog);
      deadLetters.set(values.deadLetters);
      overdueLeaves.set(values.overdueLeaves);
    },
  };
}
