// Tries a connection without signing anyone in: certificates for SAML, the discovery document for OIDC, a usable credential for SCIM and HR.

import type { Connection, OidcSignIn, SamlSignIn } from '#directory/connection.ts';
import { hasEnded } from '#directory/credential.ts';
import { fetchOutbound, providerRules, OutboundRefusal } from '#gate/connections/outbound-fetch.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import type { MetadataWatch } from '#storage/metadata-watch-records.ts';
import type { AdminContext } from './admin-operation.ts';
import { readWatch } from './follow-metadata.ts';
import { daysUntil } from './warn-of-certificates.ts';

export interface ConnectionCheck {
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
}

const deadlineMs = 5_000;

export async function checkConnection(
  context: AdminContext,
  connection: Connection,
): Promise<readonly ConnectionCheck[]> {
  const { signIn, provisioning } = connection;
  return [
    ...(signIn?.kind === 'saml' ? checkSaml(context, signIn) : []),
    ...(signIn?.kind === 'saml' && signIn.metadataUrl !== undefined ? [await checkMetadata(context, connection)] : []),
    ...(signIn?.kind === 'oidc' ? [await checkOidc(context, signIn)] : []),
    ...(provisioning === undefined ? [] : [await checkProvisioning(context, connection, provisioning)]),
  ];
}

/** A certificate that is past its date still signs: the key is pinned. It is told all the same, because the other side will change it. */
function checkSaml(context: AdminContext, signIn: SamlSignIn): readonly ConnectionCheck[] {
  if (signIn.certificates.length === 0)
    return [{ check: 'certificates', ok: false, detail: 'There is no certificate: nobody can sign in.' }];
  return signIn.certificates.map((pem) => {
    const { fingerprint, notAfter } = readSigningCertificate(pem);
    const isPast = notAfter.getTime() <= context.now();
    return {
      check: 'certificate',
      ok: !isPast,
      detail: `${fingerprint} ${isPast ? 'ended' : 'ends'} ${notAfter.toISOString()}${warningOf(daysUntil(notAfter, context.now()))}`,
    };
  });
}

function warningOf(days: number): string {
  return days < 0 || days > 30 ? '' : `, in ${days} days: ask for the next one`;
}

/** What waits for an administrator, and what could not be fetched. */
async function checkMetadata(context: AdminContext, { organizationId, id }: Connection): Promise<ConnectionCheck> {
  const watch = await readWatch(context, organizationId, id);
  const isFine = watch?.failure === undefined && watch?.proposed === undefined;
  return { check: 'metadata', ok: isFine, detail: tellWatch(watch) };
}

function tellWatch(watch: MetadataWatch | null): string {
  if (watch === null) return 'It was not fetched again yet.';
  if (watch.failure !== undefined) return `${watch.url}: ${watch.failure}`;
  if (watch.proposed !== undefined) return 'It has something new that no known key signed: an administrator decides.';
  return `${watch.url} was fetched ${new Date(watch.fetchedAt).toISOString()}`;
}

async function checkOidc(context: AdminContext, signIn: OidcSignIn): Promise<ConnectionCheck> {
  const { allowInsecureProviders, privateProviderHosts } = context.gate.config;
  const url = `${signIn.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const rules = { ...providerRules, allowLoopback: allowInsecureProviders, privateHosts: privateProviderHosts ?? [] };
  const fail = (detail: string): ConnectionCheck => ({ check: 'discovery', ok: false, detail });
  try {
    const request = { method: 'GET', headers: { accept: 'application/json' } };
    const response = await fetchOutbound(url, request, rules, AbortSignal.timeout(deadlineMs));
    if (!response.ok) return fail(`${url} answered ${response.status}`);
    const document: unknown = await response.json().catch(() => null);
    const issuer =
      typeof document === 'object' && document !== null && 'issuer' in document ? document.issuer : undefined;
    if (issuer !== signIn.issuer) return fail(`${url} names another issuer`);
    return { check: 'discovery', ok: true, detail: `${url} names this issuer` };
  } catch (error) {
    if (error instanceof OutboundRefusal) return fail(error.message);
    throw error;
  }
}

/** One that fetches by itself needs no credential of ours. */
async function checkProvisioning(
  context: AdminContext,
  connection: Connection,
  provisioning: NonNullable<Connection['provisioning']>,
): Promise<ConnectionCheck> {
  if (provisioning.kind !== 'hr' || provisioning.pull === undefined)
    return checkCredential(context, connection, provisioning.kind);
  const last = (await context.hrPulls.stateOf(connection))?.last;
  if (last === undefined) return { check: 'pull', ok: false, detail: 'Nothing was fetched yet.' };
  const detail = `${new Date(last.endedAt).toISOString()}: ${last.error ?? last.outcome}`;
  return { check: 'pull', ok: last.outcome !== 'failed', detail };
}

async function checkCredential(
  context: AdminContext,
  connection: Connection,
  kind: 'scim' | 'hr',
): Promise<ConnectionCheck> {
  const now = context.now();
  const all = await context.credentials.listOfConnection(connection.organizationId, connection.id);
  const live = all.filter((one) => one.kind === kind && !hasEnded(one, now));
  return {
    check: 'credential',
    ok: live.length > 0,
    detail: live.length === 0 ? `No live ${kind} credential belongs to it.` : `${live.length} live`,
  };
}
