// Builds the house floor by floor on an open store: what every part is given is written here and nowhere else. server.ts opens and closes it.

import { randomUUID } from 'node:crypto';
import { createAdminRouter } from '#admin/admin-router.ts';
import type { AdminContext } from '#admin/admin-operation.ts';
import { createSetUpLink } from '#admin/set-up-link.ts';
import { createSetUpRouter } from '#admin/set-up-router.ts';
import { createTxtLookup } from '#admin/txt-lookup.ts';
import { createAuditTrail, type AuditTrail } from '#audit/audit-chain.ts';
import { createBackgroundJobs, type BackgroundJobs } from '#background-jobs.ts';
import type { Config } from '#config/load-config.ts';
import type { RandomBytes } from '#directory/identifiers.ts';
import { createEffectCarriers } from '#effect-carriers.ts';
import { createGate } from '#gate/gate.ts';
import { fetchJson } from '#gate/connections/outbound-fetch.ts';
import type { GateContext } from '#gate/gate-context.ts';
import { createHrPulls } from '#hr/pull/hr-pulls.ts';
import { createHrBatches } from '#hr/undo-batch.ts';
import { createHrRouter } from '#hr/hr-router.ts';
import { importLimits } from '#import-export/import-context.ts';
import { createLaterWork } from '#later-work.ts';
import { createHttpApp } from '#http/app.ts';
import { createProxyTrust } from '#http/client-address.ts';
import { createFrontDoor, type RequestHandling } from '#http/front-door.ts';
import { createBadCredentialLimit } from '#http/bad-credentials.ts';
import { createHealthRouter } from '#http/health-endpoints.ts';
import { createMetricsRouter, readScrapedValues } from '#http/metrics-endpoints.ts';
import { createMailer } from '#notices/mailer.ts';
import type { Logger } from '#observability/logger.ts';
import { createMetrics } from '#observability/metrics.ts';
import { defaultOrganization, prepareFirstStart } from '#provisioning/first-start.ts';
import { readShortageDays } from '#provisioning/seat-alerts.ts';
import { createProvisioningLog } from '#provisioning/provisioning-log.ts';
import { createProvisioning } from '#provisioning/provisioning.ts';
import type { ProvisioningContext } from '#provisioning/provisioning-context.ts';
import { watchSeatsOf } from '#provisioning/seat-alerts.ts';
import { createSeatWatch } from '#provisioning/seat-watch.ts';
import { listScheduledWork } from '#scheduled-work.ts';
import { createTokenRouter } from '#scim/oauth-token-router.ts';
import { createScimDoor, createScimRouter } from '#scim/scim-router.ts';
import { createClientAssertions } from '#secrets/client-assertion.ts';
import { createEventTokens } from '#secrets/event-token.ts';
import { createIssuerKeys } from '#secrets/issuer-keys.ts';
import { createCredentialAuthentication } from '#secrets/credential-authentication.ts';
import { createCredentialUses } from '#secrets/credential-use.ts';
import { createCredentials } from '#secrets/credentials.ts';
import type { CreateRsaKey } from '#secrets/rsa-key.ts';
import { createSamlKeys } from '#secrets/saml-keys.ts';
import { createSealing } from '#secrets/sealing.ts';
import { createSigningKeys } from '#secrets/signing-keys.ts';
import { createKeyring } from '#secrets/secret-key.ts';
import { createEffectRelay, type EffectRelay } from '#signals/effect-relay.ts';
import { createReadinessCheck } from '#storage/store-readiness.ts';
import type { Storage } from '#storage/storage.ts';
import { version } from '#version.ts';

/** The built house, for whoever runs inside the process: commands and tests. */
export interface House {
  readonly storage: Storage;
  readonly relay: EffectRelay;
  readonly audit: AuditTrail;
  /** What every administrator's command runs in. */
  readonly admin: AdminContext;
  /** Where this opening prepared an empty store: the one-time link for the first administrator. */
  readonly setUpLink: string | null;
}

export interface BuiltHouse {
  /** Express, with the gate's quick doors in front. */
  readonly handle: RequestHandling;
  readonly house: House;
  readonly jobs: BackgroundJobs;
  /** Waits for what still runs behind answers, and ends the verifying threads. The store stays open. */
  close(): Promise<void>;
}

/** What the house stands on. */
export interface Ground {
  readonly storage: Storage;
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  readonly logger: Logger;
  readonly reportTrouble: (message: string, error: unknown) => void;
  readonly isDraining: () => boolean;
  readonly createRsaKey?: CreateRsaKey;
}

/** Builds everything; an empty store is prepared. Throws `StorageError`. */
export async function buildHouse(config: Config, ground: Ground): Promise<BuiltHouse> {
  const { storage, now, randomBytes, logger, reportTrouble } = ground;
  const { baseUrl, trustedProxies } = config.server;
  const keyParts = { storage, now, randomBytes, ...(ground.createRsaKey && { createRsaKey: ground.createRsaKey }) };
  const keyring = createKeyring(config.secret);
  const sealing = createSealing(keyring, randomBytes);
  const signingKeys = createSigningKeys({ ...keyParts, sealing });
  const audit = createAuditTrail(storage.audit, keyring.audit);
  const wakeRelay = (): void => relay.wake();
  const later = createLaterWork(reportTrouble);
  const mailer = createMailer(config.mail, baseUrl);
  const write: ProvisioningContext = {
    storage,
    now,
    randomBytes,
    nameKey: keyring.names,
    wakeRelay,
    seatsMoved: (id) => seatWatch.note(id),
    continueLater: later.begin,
    reportTrouble,
    noteBrake: (connection, outcome) => metrics.brakes.inc({ connection, outcome }),
  };
  const seatWatch = createSeatWatch((id) => watchSeatsOf(write, id), reportTrouble);
  const provisioning = createProvisioning(write);
  const credentials = createCredentials({ storage, now, randomBytes, wakeRelay, seal: sealing.seal });
  const credentialUses = createCredentialUses({ storage, now, reportTrouble });
  const keys = createIssuerKeys({ now, fetchJson: (url) => fetchJson(url, config.gate) });
  const assertions = createClientAssertions({ storage, keys, now });
  const authentication = createCredentialAuthentication({
    storage,
    now,
    assertions,
    unseal: sealing.unseal,
    noteUse: credentialUses.note,
  });
  const badCredentials = createBadCredentialLimit(config.limits.badCredentialsPerSecond);
  const relay: EffectRelay = createEffectRelay({
    storage,
    reportTrouble,
    ...createEffectCarriers({
      storage,
      audit,
      gate: () => gate,
      metrics: () => metrics,
      soon: (job) => jobs.soon(job),
      isMailed: mailer !== null,
    }),
  });
  const metrics = createMetrics({
    version,
    readValues: () =>
      readScrapedValues(
        storage,
        () => relay.countDeadLetters(),
        now(),
        (organizations) => readShortageDays(storage, organizations, now()),
      ),
  });
  const provisioningLog = createProvisioningLog({
    storage,
    now,
    randomBytes,
    keepMs: config.provisioningLog.days * 86_400_000,
    logger,
    metrics,
  });
  const atGate: GateContext = {
    storage,
    provisioning,
    now,
    randomBytes,
    config: {
      baseUrl,
      trustedProxies,
      signInsPerMinute: config.limits.signInsPerMinute,
      openidPerSecond: config.limits.openid.perSecond,
      openidBurst: config.limits.openid.burst,
      signalsPerSecond: config.limits.signalsPerSecond,
      sessionIdleMs: config.session.idleHours * 3_600_000,
      sessionAbsoluteMs: config.session.absoluteHours * 3_600_000,
      sessionsPerPerson: config.session.perPerson,
      allowInsecureProviders: config.gate.allowInsecureProviders,
      privateProviderHosts: config.gate.privateProviderHosts,
      privateAppHosts: config.gate.privateAppHosts,
    },
    unseal: (sealed, place) => sealing.unseal(sealed, place),
    cookieKey: keyring.cookie,
    signingKeys,
    authentication,
    badCredentials,
    samlKeys: createSamlKeys({ ...keyParts, sealing }),
    eventTokens: createEventTokens(keys, now),
    logger,
    metrics,
  };
  const gate = createGate(atGate);
  const hrPulls = createHrPulls({
    storage,
    provisioning,
    provisioningLog,
    now,
    randomBytes,
    wakeRelay,
    unseal: sealing.unseal,
    config: config.gate,
    metrics,
    reportTrouble,
  });
  const admin: AdminContext = {
    storage,
    provisioning,
    credentials,
    credentialUses,
    provisioningLog,
    authentication,
    badCredentials,
    sealing,
    signingKeys,
    signatureVerifier: gate.verifier,
    audit,
    metrics,
    gate: atGate,
    now,
    randomBytes,
    wakeRelay,
    hrPulls,
    hrBatches: createHrBatches({ storage, provisioning, now, randomBytes }),
    imports: {
      storage,
      provisioning,
      authentication,
      now,
      randomBytes,
      holder: randomUUID(),
      wakeRelay,
      isStopping: ground.isDraining,
      reportTrouble,
      limits: { ...importLimits },
    },
    wakeImports: () => jobs.soon('imports'),
    lookUpTxt: createTxtLookup(config.gate.dnsServers),
    mailer,
    settleEffects: async () => void (await relay.drain()),
    config: { baseUrl, bodyBytes: config.limits.bodyBytes },
    version,
  };
  const scim = createScimDoor({
    storage,
    provisioning,
    provisioningLog,
    authentication,
    badCredentials,
    now,
    cursorKey: keyring.signature,
    baseUrl,
    limits: config.limits,
    metrics,
    logger,
  });
  const app = createHttpApp({
    baseUrl,
    trustedProxies,
    logger,
    metrics,
    createRequestId: randomUUID,
    // What is asked most comes first: every request walks past what stands before its own.
    mounts: [
      {
        path: '/scim/v2',
        router: createScimRouter(scim),
      },
      {
        path: '/scim/oauth',
        router: createTokenRouter({
          storage,
          authentication,
          badCredentials,
          now,
          randomBytes,
          tokenMinutes: config.scim.tokenMinutes,
          logger,
        }),
      },
      {
        path: '/hr',
        router: createHrRouter({
          storage,
          provisioning,
          provisioningLog,
          authentication,
          badCredentials,
          sealing,
          now,
          randomBytes,
          reportTrouble,
          limits: { bodyBytes: config.limits.bodyBytes, ...config.limits.scim },
        }),
      },
      { path: '/api', router: createAdminRouter(admin) },
      { path: '/console', router: createSetUpRouter(admin) },
      { path: '/', router: createHealthRouter({ ping: createReadinessCheck(storage), isDraining: ground.isDraining }) },
      { path: '/', router: createMetricsRouter(metrics) },
      { path: '/', router: gate.router },
    ],
  });
  const jobs = createBackgroundJobs(
    listScheduledWork({ storage, write, admin, gate, hrPulls, metrics, now }),
    storage.leases,
    randomUUID(),
    reportTrouble,
  );
  const isFirstStart = await prepareFirstStart(write, credentials, config.bootstrap);
  const setUpLink = isFirstStart ? await createSetUpLink(admin, defaultOrganization) : null;
  const close = async (): Promise<void> => {
    await later.finish();
    await seatWatch.finish();
    // A pass cut in the middle would leave its claims: nobody could carry them out until they have run out.
    await relay.stop();
    await gate.close();
    await credentialUses.close();
    await provisioningLog.close();
  };
  const handle = createFrontDoor({
    app,
    doors: gate.doors,
    wholeDoors: [{ path: '/scim/v2', answer: scim }],
    baseUrl,
    isTrustedProxy: createProxyTrust(trustedProxies),
    logger,
    metrics,
    createRequestId: randomUUID,
  });
  return { handle, house: { storage, relay, audit, admin, setUpLink }, jobs, close };
}
