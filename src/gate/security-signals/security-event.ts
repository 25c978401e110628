// What a security event token says: which signals, and of whom (RFC 8417, SSF 1.0, CAEP 1.0, RISC 1.0). One table from event types to signals.

import type { SignalKind } from '#directory/connection.ts';
import { readSubject, type Subject } from './subject-identifier.ts';

export interface SecurityEvent {
  readonly type: string;
  /** Null: nothing follows from it. */
  readonly signal: SignalKind | null;
  /** Null: it is about nobody, as a verification of the stream is. */
  readonly subject: Subject | null;
}

type Members = Readonly<Record<string, unknown>>;

const caep = 'https://schemas.openid.net/secevent/caep/event-type/';
const risc = 'https://schemas.openid.net/secevent/risc/event-type/';
const ssf = 'https://schemas.openid.net/secevent/ssf/event-type/';

const signals: Readonly<Record<string, (event: Members) => SignalKind | null>> = {
  [`${caep}session-revoked`]: () => 'sessionRevoked',
  [`${risc}sessions-revoked`]: () => 'sessionRevoked',
  [`${risc}account-disabled`]: () => 'accountDisabled',
  [`${risc}account-purged`]: () => 'accountDisabled',
  [`${risc}credential-compromise`]: () => 'credentialCompromise',
  [`${caep}credential-change`]: () => 'credentialChange',
  [`${risc}account-credential-change-required`]: () => 'credentialChange',
  [`${caep}risk-level-change`]: ({ current_level: level }) => (level === 'HIGH' ? 'riskHigh' : null),
  [`${caep}device-compliance-change`]: ({ current_status: status }) =>
    status === 'not-compliant' ? 'deviceNotCompliant' : null,
};

/** About the stream itself; its subject is the stream. */
const ofStream: readonly string[] = [`${ssf}verification`, `${ssf}stream-updated`];

/** SSF allows one; RFC 8417 several aspects of one. */
const mostEvents = 10;

/** Null: not a security event token. */
export function readEvents(claims: Members): readonly SecurityEvent[] | null {
  const { events, sub_id: shared } = claims;
  // SSF 1.0 §4.1: the subject is `sub_id`, so that nobody takes the token for one that signs people in.
  if (claims['sub'] !== undefined || !isObject(events)) return null;
  const named = Object.entries(events);
  if (named.length === 0 || named.length > mostEvents) return null;
  const read = named.map(([type, event]) => readEvent(type, event, shared));
  return read.every((event) => event !== null) ? read : null;
}

function readEvent(type: string, event: unknown, shared: unknown): SecurityEvent | null {
  if (!isObject(event) || type.length > 1_024) return null;
  if (ofStream.includes(type)) return { type, signal: null, subject: null };
  const signal = Object.hasOwn(signals, type) ? (signals[type]?.(event) ?? null) : null;
  // Drafts before 1.0 had the subject inside the event.
  const subject = readSubject(shared ?? event['subject']);
  return subject === null ? null : { type, signal, subject };
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
