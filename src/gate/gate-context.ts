// What every part of the gate is given: storage, clock, chance, configuration, and whom to tell. Features take this by name, nothing else.

import type { Instant, RandomBytes } from '#directory/identifiers.ts';
import type { BadCredentialLimit } from '#http/bad-credentials.ts';
import type { CredentialAuthentication } from '#secrets/credential-authentication.ts';
import type { SamlKeys } from '#secrets/saml-keys.ts';
import type { EventTokens } from '#secrets/event-token.ts';
import type { SealContext } from '#secrets/sealing.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { SigningKeys } from '#secrets/signing-keys.ts';
import type { Storage } from '#storage/storage.ts';

export interface GateConfig {
  /** Public origin (and path, if mounted under one), without a slash at the end. Every URL we print or check is built from it. */
  readonly baseUrl: string;
  /** Addresses and ranges (`10.0.0.0/8`) whose `X-Forwarded-*` is believed. */
  readonly trustedProxies: readonly string[];
  /** Sign-ins begun, and answers brought back, per minute and address. */
  readonly signInsPerMinute: number;
  /** What apps ask of the OpenID Provider, per second and address or proven client; `openidBurst` may come at once. */
  readonly openidPerSecond: number;
  readonly openidBurst: number;
  /** Signals of identity providers per second and address; ten times that may come at once. */
  readonly signalsPerSecond: number;
  readonly sessionIdleMs: number;
  readonly sessionAbsoluteMs: number;
  /** One more ends the person's oldest. */
  readonly sessionsPerPerson: number;
  /** Accept identity providers at http addresses on this machine. For demonstrations and tests. */
  readonly allowInsecureProviders: boolean;
  /** Host names of identity providers that may have a private address. */
  readonly privateProviderHosts?: readonly string[];
  /** Host names of apps that may have a private address: their keys are fetched and logouts delivered there. */
  readonly privateAppHosts?: readonly string[];
  /** How long an app may take to answer us, its keys and logouts; 5,000 unless said. */
  readonly appDeadlineMs?: number;
}

/** As much of a logger as the gate needs; `pino` fits. */
export interface GateLogger {
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** Of one try: `failed` is tried again, `dead` was the last one, `dropped` is not wanted any more. */
export type DeliveryOutcome = 'delivered' | 'failed' | 'dead' | 'dropped';

/** Counters for `/metrics`; those of observability/metrics.ts fit. */
export interface GateMetrics {
  readonly signInDecisions: { inc(labels: { protocol: string; outcome: string; reason: string }): void };
  readonly signInDuration: { observe(labels: { protocol: string }, seconds: number): void };
  readonly deliveries: { inc(labels: { kind: string; outcome: DeliveryOutcome }): void };
}

export interface GateContext {
  readonly storage: Storage;
  /** The write side, as much as the gate asks of it. */
  readonly provisioning: Provisioning;
  readonly now: () => Instant;
  readonly randomBytes: RandomBytes;
  readonly config: GateConfig;
  readonly unseal: (sealed: string, place: SealContext) => string;
  /** HMAC key of the apps' cookies. */
  readonly cookieKey: Uint8Array;
  /** Tokens of outside issuers that tell something. */
  readonly eventTokens: EventTokens;
  /** Keys by which organisations prove themselves. */
  readonly signingKeys: SigningKeys;
  /** Who asks `/gate/check`, and who asked it with a refused credential too often. */
  readonly authentication: CredentialAuthentication;
  readonly badCredentials: BadCredentialLimit;
  readonly samlKeys: SamlKeys;
  readonly logger: GateLogger;
  readonly metrics: GateMetrics | undefined;
}
